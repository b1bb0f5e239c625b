//go:build !race && !invariants

package invariants

// Enabled is true in checked builds.
const Enabled = false

// Counter is a number that a law is about. It exists in checked builds only.
type Counter struct{}

func (*Counter) Add(int64) int64 { return 0 }
func (*Counter) Load() int64     { return 0 }

// Guards are the guards that are open in one copy. They exist in checked builds only.
type Guards struct{}

// Owner stands for the handle that owns guards. The guards end when it is abandoned. It exists in
// checked builds only.
type Owner struct{}

func (*Owner) Abandon() {}

// Guard is one of Guards.
type Guard struct{}

func (Guard) Version() uint64 { return 0 }

// NewGuards returns an empty Guards.
func NewGuards() Guards { return Guards{} }

func (Guards) Open(*Owner, uint64, func()) Guard { return Guard{} }
func (Guards) MustBeOpen(Guard, string)          {}
func (Guards) Close(Guard)                       {}
func (Guards) Places(bool) []string              { return nil }
