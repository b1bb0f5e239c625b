//go:build race || invariants

package invariants

import "doublebuf/impl/atomicx"

// Enabled is true in checked builds.
const Enabled = true

// Counter counts what a law speaks of. It exists in checked builds only.
type Counter struct{ atomicx.Int64 }
