package run

import (
	"fmt"
	"os"
	"runtime/metrics"

	"doublebuf/cmd/runbench/internal/doctor"
)

// memoryGuard watches how much memory a child holds. The kernel would end any process when there
// is none left. So a child that holds nearly all is ended before.
type memoryGuard struct {
	available float64 // bytes, when the child was started; 0 if it is not known
	limit     string  // what limits it
	held      float64 // most bytes that the child was seen to hold
	kills     float64 // of processes by the kernel, for lack of memory, when the child was started
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
	g.kills = host().MemoryKills()
	return g
}

// killed reports whether the kernel has killed a process for lack of memory since the child was
// started.
func (g *memoryGuard) killed() bool { return host().MemoryKills() > g.kills }

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
	if g.available == 0 {
		return fmt.Sprintf("with %s held", size(g.held))
	}
	return fmt.Sprintf("with %s of %s held (%s)", size(g.held), size(g.available), g.limit)
}

// size returns an amount of memory in words.
func size(bytes float64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%.0f MiB", bytes/(1<<20))
	}
	return fmt.Sprintf("%.3g GiB", bytes/(1<<30))
}

// inUse returns how many bytes of memory this process has from the system, for everything.
func inUse() uint64 {
	held := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(held)
	return held[0].Value.Uint64() - held[1].Value.Uint64()
}

// preferKilling asks the kernel to kill this process, and no other, when no memory is left.
func preferKilling() {
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // on Linux
}
