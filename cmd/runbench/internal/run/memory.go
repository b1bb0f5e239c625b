package run

import (
	"fmt"
	"os"
	"strconv"

	"doublebuf/cmd/runbench/internal/doctor"
)

// memoryGuard watches how much memory a child holds. The kernel would end any process when there
// is none left. So a child that holds nearly all is ended before.
type memoryGuard struct {
	available float64 // bytes, when the child was started; 0 if it is not known
	limit     string  // what limits it
	held      float64 // most bytes that the child was seen to hold
}

const (
	// nearlyAll is the share of the available memory that a child may hold.
	nearlyAll = 0.9
	// much is the share of it that a killed child must have held to have been killed for it.
	// Between two looks it may have taken the rest.
	much = 0.5
)

func host() doctor.Host { return doctor.Host{Root: os.DirFS("/")} }

func newMemoryGuard() (g memoryGuard) {
	g.available, g.limit = host().Memory()
	return g
}

// exceeded looks at a child, and reports whether it must be ended.
func (g *memoryGuard) exceeded(process int) bool {
	g.held = max(g.held, host().Resident(process))
	return g.available > 0 && g.held > nearlyAll*g.available
}

// scarce reports whether memory was so scarce that the kernel may have killed the child for it.
func (g *memoryGuard) scarce(child *os.ProcessState) bool {
	g.held = max(g.held, mostResident(child))
	return g.available > 0 && g.held > much*g.available
}

func (g *memoryGuard) String() string {
	return fmt.Sprintf("with %s of %s held (%s)", gib(g.held), gib(g.available), g.limit)
}

func gib(bytes float64) string { return strconv.FormatFloat(bytes/(1<<30), 'g', 3, 64) + " GiB" }

// preferKilling asks the kernel to kill this process, and no other, when no memory is left.
func preferKilling() {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // on Linux
}
