package run

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/HdrHistogram/hdrhistogram-go"

	"doublebuf/baselines/kv"
	"doublebuf/results"
	"doublebuf/workloads"
)

// maxStaleWrites is after how many writes a staleness cell ends, if its time does not end
// it before: so large is the memory that it prepares.
const maxStaleWrites = 1 << 22

// clock numbers the writes of a staleness cell. The first ones fill the map, one for each
// key; the value of a write is its number.
type clock struct {
	// next holds, for each write, the number of the next write of the same key, as soon
	// as that is complete: the map's Set has returned, and the publish that its policy
	// prescribes. 0 if there is none.
	next []atomic.Uint32
	_    [64]byte
	// completed is the number of the last complete write. It is stored after next, so
	// that next knows of every write up to the number that a reader has loaded.
	completed atomic.Uint32
	_         [60]byte
}

// newClock returns the clock of a cell on a map with keys keys, after the writes that
// filled it, for at most writes more.
func newClock(keys, writes int) *clock {
	c := &clock{next: make([]atomic.Uint32, keys+writes+1)}
	c.completed.Store(uint32(keys))
	return c
}

// histogram returns an empty histogram of staleness, to three digits.
func (c *clock) histogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, int64(len(c.next)), 3)
}

// staleness returns how far a read lagged that was called when completed writes were
// complete and that returned the value of write v: how many of them came no earlier than
// the oldest write of its key that it does not reflect. On a linearizable map it is 0.
func (c *clock) staleness(completed, v uint32) int64 {
	next := c.next[v].Load()
	if next == 0 || next > completed {
		return 0
	}
	return int64(completed-next) + 1
}

// staleness measures how far reads lag behind, in operations.
func (c *cell[K]) staleness() results.Cell {
	id, keys := c.job.ID, len(c.keys)
	all := id.Goroutines()
	always := func(int) bool { return true }
	s := c.subject(all, always, func(i int) uint64 { return uint64(i) + 1 })
	defer s.close()

	clk := newClock(keys, maxStaleWrites)
	w := newStaleWriter(clk, s.handles[0], c.stream(0, all), keys)
	w.publisher = newPublisher(w.handle, c.entry.Policy)
	bodies := []body{w.write}
	var readers []*staleReader[K]
	for i := 1; i < all; i++ {
		r := newStaleReader(clk, s.handles[i], c.stream(i, all))
		readers = append(readers, r)
		bodies = append(bodies, r.read)
	}
	spans, _ := together(c.time, c.cpus, bodies)
	return c.lag(w, readers, wall(spans).seconds())
}

// lag sums up what the readers saw.
func (c *cell[K]) lag(w *staleWriter[K], readers []*staleReader[K], seconds float64) results.Cell {
	seen := w.clock.histogram()
	out := c.job.cell()
	var stale, sum int64
	for _, r := range readers {
		seen.Merge(r.seen)
		stale += r.stale
		sum += r.sum
		if r.fault != nil {
			out.Fault = r.fault.Error()
		}
	}
	reads, writes := seen.TotalCount(), int64(w.clock.completed.Load())-int64(len(w.last))
	out.Ops = reads + writes
	out.Metrics = map[string]float64{
		results.StaleMean:    float64(sum) / float64(reads),
		results.StaleP50:     float64(seen.ValueAtQuantile(50)),
		results.StaleP99:     float64(seen.ValueAtQuantile(99)),
		results.StaleMax:     float64(seen.Max()),
		results.StaleShare:   float64(stale) / float64(reads),
		results.ReadsPerSec:  float64(reads) / seconds,
		results.WritesPerSec: float64(writes) / seconds,
	}
	if n := w.publisher.count; n > 0 {
		out.Metrics[results.PublishesPerSec] = float64(n) / seconds
	}
	return out
}

// staleWriter is the writer of a staleness cell.
type staleWriter[K comparable] struct {
	clock     *clock
	handle    kv.Map[K, uint64]
	publisher publisher
	stream    *workloads.Stream[K]
	last      []uint32 // of each key, the number of its last write
}

func newStaleWriter[K comparable](clk *clock, h kv.Map[K, uint64], stream *workloads.Stream[K], keys int) *staleWriter[K] {
	w := &staleWriter[K]{clock: clk, handle: h, stream: stream, last: make([]uint32, keys)}
	for i := range w.last {
		w.last[i] = uint32(i) + 1
	}
	return w
}

// write sets keys until it shall stop, or until all numbers are used up: then it stops
// the readers too, who would otherwise watch a map that nobody writes.
func (w *staleWriter[K]) write(stop *stopFlag) {
	number := w.clock.completed.Load()
	for {
		steps := w.stream.Next(stride)
		for i, key := range steps.Keys {
			number++
			w.handle.Set(key, uint64(number))
			if w.publisher.due() {
				w.publisher.publish()
			}
			previous := &w.last[steps.Index[i]]
			w.clock.next[*previous].Store(number)
			*previous = number
			w.clock.completed.Store(number)
			if int(number) == len(w.clock.next)-1 {
				stop.Store(true)
			}
			if stop.Load() {
				return
			}
		}
	}
}

// staleReader is a reader of a staleness cell.
type staleReader[K comparable] struct {
	clock  *clock
	handle kv.Map[K, uint64]
	stream *workloads.Stream[K]

	seen       *hdrhistogram.Histogram // of the staleness of each read, in operations
	stale, sum int64                   // reads with any staleness, and the sum of it
	fault      error
}

var errNoKey = errors.New("staleness: a read found no value for a key that is never deleted")

func newStaleReader[K comparable](clk *clock, h kv.Map[K, uint64], stream *workloads.Stream[K]) *staleReader[K] {
	return &staleReader[K]{clock: clk, handle: h, stream: stream, seen: clk.histogram()}
}

func (r *staleReader[K]) read(stop *stopFlag) {
	for {
		for _, key := range r.stream.Next(stride).Lookups {
			completed := r.clock.completed.Load()
			v, ok := r.handle.Get(key)
			if !ok {
				r.fault = errNoKey
				v = 1
			} else if v == 0 || v >= uint64(len(r.clock.next)) {
				r.fault = fmt.Errorf("staleness: a read found the value %d, which nobody wrote", v)
				v = 1
			}
			lag := r.clock.staleness(completed, uint32(v))
			r.seen.RecordValue(lag) // cannot be out of the histogram's range
			r.sum += lag
			if lag > 0 {
				r.stale++
			}
			if stop.Load() {
				return
			}
		}
	}
}
