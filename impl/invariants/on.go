//go:build race || invariants

package invariants

import "sync/atomic"

// Enabled is true in checked builds.
const Enabled = true

// Counter counts what a law speaks of. It exists in checked builds only.
type Counter struct{ atomic.Int64 }
