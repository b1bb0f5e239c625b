//go:build race || invariants

package invariants

// Enabled is true in checked builds.
const Enabled = true
