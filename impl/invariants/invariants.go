// Package invariants asserts the laws of package impl in checked builds, which are
// those with -race or the build tag invariants. In other builds Enabled is the constant
// false and the compiler removes what stands behind it.
package invariants

import "fmt"

// Check panics with the name of the law and what was found if ok is false.
// Callers guard it with Enabled, so that arguments cost nothing in normal builds.
func Check(ok bool, law, format string, args ...any) {
	if !ok {
		panic("law " + law + " is broken: " + fmt.Sprintf(format, args...))
	}
}
