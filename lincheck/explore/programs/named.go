//go:build explore

package programs

import (
	"fmt"
	"strings"

	"doublebuf/lincheck/explore"
)

// shapes are the shapes of readers and writer that have names.
var shapes = []struct {
	name string
	Shape
}{
	{"guards", Shape{2, 2, 3, false}},
	{"chained guards", Shape{2, 2, 3, true}},
	{"one guard", Shape{1, 1, 2, false}},
	{"one guard, three publishes", Shape{1, 1, 3, false}},
}

// Named returns the program of that name for s: "guards" and "chained guards", of two readers
// with two guards each and three publishes, "one guard" of one reader and two publishes, "one
// guard, three publishes", and those of Maps; and how many sleeps of each goroutine are to end by
// their timeouts.
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
