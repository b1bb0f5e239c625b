//go:build explore

package programs

import (
	"fmt"
	"strings"

	"doublebuf/lincheck/explore"
)

// shapes are the named shapes.
var shapes = []struct {
	name string
	Shape
}{
	{"guards", Shape{2, 2, 3, false}},
	{"chained guards", Shape{2, 2, 3, true}},
	{"one guard", Shape{1, 1, 2, false}},
	{"one guard, three publishes", Shape{1, 1, 3, false}},
}

// Named returns the program of the given name for s, and the number of sleeps of each goroutine
// that may end by their timeouts. The names are those of Maps and these:
//
//   - "guards" and "chained guards": two readers with two guards each, three publishes
//   - "one guard": one reader with one guard, two publishes
//   - "one guard, three publishes"
func (s Strategy) Named(name string) (p explore.Program, timeouts int, err error) {
	var known []string
	for _, n := range shapes {
		if n.name == name {
			return s.Guards(n.Shape), 0, nil
		}
		known = append(known, n.name)
	}
	for _, m := range Maps {
		if m.Name == name {
			return m.Make(s), m.Timeouts, nil
		}
		known = append(known, m.Name)
	}
	return nil, 0, fmt.Errorf("unknown program %q; there are: %s", name, strings.Join(known, "; "))
}
