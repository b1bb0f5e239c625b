// Package invariants asserts the laws of impl in checked builds. Those are builds with -race or
// with the build tag invariants. In other builds Enabled is the constant false, and the compiler
// removes the code that it guards.
package invariants

import "fmt"

// Check panics if ok is false. The panic names the law and says what was found. Callers guard the
// call with Enabled, so that it costs nothing in normal builds.
func Check(ok bool, law, format string, args ...any) {
	if !ok {
		panic("law " + law + " is broken: " + fmt.Sprintf(format, args...))
	}
}
