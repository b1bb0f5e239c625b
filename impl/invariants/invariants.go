// Package invariants asserts the laws of impl in checked builds: those with -race or the build tag
// invariants. In other builds Enabled is the constant false, and the compiler removes the code that
// it guards.
package invariants

import "fmt"

// Check panics with the name of the law and what was found, if ok is false. Callers guard it with
// Enabled, so that it costs nothing in normal builds.
func Check(ok bool, law, format string, args ...any) {
	if !ok {
		panic("law " + law + " is broken: " + fmt.Sprintf(format, args...))
	}
}
