//go:build !race && !invariants

package invariants

// Enabled is true in checked builds.
const Enabled = false

// Counter counts what a law speaks of. It exists in checked builds only.
type Counter struct{}

func (*Counter) Add(int64) int64 { return 0 }
func (*Counter) Load() int64     { return 0 }
