//go:build explore

package programs

import (
	"fmt"
	"strings"

	"doublebuf/lincheck/explore"
)

// Named returns the program of that name for s: "guards" and "chained guards", of two
// readers with two guards each and three publishes, and those of Maps; and how many sleeps
// of each goroutine are to end by their timeouts.
func (s Strategy) Named(name string) (p explore.Program, timeouts int, err error) {
	switch name {
	case "guards", "chained guards":
		return s.Guards(Shape{2, 2, 3, name != "guards"}), 0, nil
	}
	known := []string{"guards", "chained guards"}
	for _, m := range Maps {
		if m.Name == name {
			return m.Make(s), m.Timeouts, nil
		}
		known = append(known, m.Name)
	}
	return nil, 0, fmt.Errorf("unknown program %q; there are: %s", name, strings.Join(known, "; "))
}
