package soak

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// shape is how readers use guards.
type shape string

const (
	lookups shape = "lookups"
	single  shape = "guards"
	nested  shape = "nested guards"
	chained shape = "chained guards"
	held    shape = "held guards"
	walks   shape = "walks"
)

// phase is the load of one phase.
type phase struct {
	number  int
	readers int
	shape   shape
	churn   int // guards for each handle; 0 = any number
	batch   int // operations for each publish
	clears  bool
	yields  bool // the writer yields after each publish
	procs   int
	gc      int           // GOGC, in per cent
	disturb time.Duration // time between forced stops of goroutines; 0 = none
}

// String describes the load.
func (p phase) String() string {
	text := fmt.Sprintf("%d readers with %s on %d processors, %d operations in a publish, GOGC=%d", p.readers, p.shape, p.procs, p.batch, p.gc)
	if p.churn > 0 {
		text += fmt.Sprintf(", %d guards of a handle", p.churn)
	}
	if p.clears {
		text += ", with clears"
	}
	if p.yields {
		text += ", a yielding writer"
	}
	if p.disturb > 0 {
		text += fmt.Sprintf(", stopped every %v", p.disturb)
	}
	return text
}

// next draws the next phase. Cheap shapes come more often, because they open more guards in a
// phase.
func (p phase) next(rng *rand.Rand, readers int) phase {
	shapes := []shape{lookups, lookups, lookups, single, single, single, single, nested, chained, chained, held, walks}
	q := phase{
		number:  p.number + 1,
		readers: min(readers, 1<<rng.IntN(7)),
		shape:   shapes[rng.IntN(len(shapes))],
		batch:   []int{0, 1, 8, 64, 512}[rng.IntN(5)],
		clears:  rng.IntN(4) == 0,
		yields:  rng.IntN(2) == 0,
		procs:   []int{1, 2, 4}[rng.IntN(3)],
		gc:      []int{100, 100, 400, 10}[rng.IntN(4)],
	}
	if rng.IntN(3) == 0 {
		q.churn = 1 << rng.IntN(11)
	}
	if rng.IntN(3) == 0 {
		q.disturb = time.Millisecond << rng.IntN(4)
	}
	return q
}
