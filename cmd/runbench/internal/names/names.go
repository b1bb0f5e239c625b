// Package names makes the errors for unknown names. They say what was given, which known name is
// similar, and which names there are.
package names

import (
	"fmt"
	"strings"
)

// Unknown returns the error for a name that is not among known. what says what the name should be,
// as in "map" or "preset".
func Unknown(what, name string, known []string) error {
	if n := nearest(name, known); n != "" {
		return fmt.Errorf("unknown %s %q; did you mean %q? There are: %s", what, name, n, strings.Join(known, ", "))
	}
	if len(known) == 0 {
		return fmt.Errorf("unknown %s %q; there are none", what, name)
	}
	return fmt.Errorf("unknown %s %q; there are: %s", what, name, strings.Join(known, ", "))
}

// nearest returns the known name with the least edit distance to name. It returns "" if more than a
// third of the letters differ, which is no typing error.
func nearest(name string, known []string) string {
	best, least := "", 0
	for _, k := range known {
		d := distance(strings.ToLower(name), strings.ToLower(k))
		if d <= max(1, len(k)/3) && (best == "" || d < least) {
			best, least = k, d
		}
	}
	return best
}

// distance returns the number of bytes to insert, delete, replace or swap with their neighbour to
// turn a into b (Damerau's distance in its "optimal alignment" form).
func distance(a, b string) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(a)][len(b)]
}
