// Package doctor finds out whether this machine is fit to measure. Before a run it reads /proc and
// /sys; during a run it reads how their counters grow.
//
// What is not visible is reported as such, and is not guessed. In a virtual machine much is not
// visible, because only the host knows it. On systems other than Linux nearly nothing is visible.
package doctor

import (
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"doublebuf/results"
)

// Host is the examined machine.
type Host struct {
	Root  fs.FS                    // with proc and sys, as far as the system has them
	Procs int                      // GOMAXPROCS of what is measured
	Clock time.Duration            // cost of one reading of the clock
	Env   func(name string) string // the environment; nil is empty
}

// Here returns this machine, for measurements with so many processors. It reads the clock
// for about a millisecond.
func Here(procs int) Host { return Host{os.DirFS("/"), procs, clockCost(), os.Getenv} }

// clockCost returns the cost of a reading: the least average of several rounds.
func clockCost() time.Duration {
	const rounds, readings = 10, 1000
	least := time.Hour
	for range rounds {
		start := time.Now()
		for range readings - 1 {
			_ = time.Now()
		}
		least = min(least, time.Since(start)/readings)
	}
	return least
}

// check is one question and the answer that would be right. look returns what it found, or the
// state Hidden if nothing is visible.
type check struct {
	what, why, want string
	look            func(h Host) (found string, state results.State)
}

// Examine looks at the machine as it is now.
func (h Host) Examine() []results.Finding {
	var all []results.Finding
	for _, c := range checks {
		found, state := c.look(h)
		all = append(all, finding(c.what, found, c.why, c.want, state))
	}
	return all
}

func finding(what, found, why, want string, state results.State) results.Finding {
	if found == "" {
		found = "not visible here"
	}
	return results.Finding{What: what, Found: found, State: state, Why: why, Want: want}
}

var checks = []check{
	{
		"processors", "with fewer processors than GOMAXPROCS, workers wait for each other; with one processor, nothing is concurrent",
		"2 or more, and GOMAXPROCS not above them", Host.processors,
	},
	{
		"CPU quota", "when a group has used up its quota, the kernel stops all of its threads for the rest of the period",
		"none, or far more than GOMAXPROCS", Host.quota,
	},
	{
		"governor", "the frequency follows the load with a delay, so it depends on the order of the cells",
		"performance", Host.governor,
	},
	{
		"boost", "the frequency depends on the temperature and on how many cores are busy, so one worker gains more than many",
		"off", Host.boost,
	},
	{
		"SMT", "two workers may share one core, and are then slower than on two cores",
		"off, or -pin to one thread of each core", Host.smt,
	},
	{
		"NUMA nodes", "memory of another node is slower, and the node of the memory differs from one process to the next",
		"one, or -pin to one node's processors", Host.numa,
	},
	{
		"topology", "how far a map scales depends on which processors share a core, a cache or memory",
		"one last-level cache, or -place", Host.topology,
	},
	{
		"huge pages", "the kernel joins pages while a map is measured, in some processes and not in others",
		"transparent huge pages on madvise or never", Host.hugePages,
	},
	{
		"clock source", "only the processor's own counter can be read without a call of the kernel or of the hypervisor",
		"tsc or arch_sys_counter", Host.clockSource,
	},
	{
		"clock cost", "every latency includes it, and shorter times cannot be measured",
		"100 ns or less", Host.clockCost,
	},
	{
		"virtualisation", "other guests and the hypervisor take processor time and share caches, and the guest cannot see how much",
		"none", Host.virtualisation,
	},
	{
		"Go settings", "the garbage collector and the runtime work differently with them, so that other runs cannot be compared",
		"none of " + strings.Join(results.RuntimeSettings, ", "), Host.goSettings,
	},
	{
		"load", "other programs take processors away",
		"below a tenth of the processors", Host.load,
	},
	{
		"pressure", "tasks were waiting for a processor, for memory or for the disk",
		"cpu below 5 %, memory and io below 1 %", Host.pressure,
	},
	{
		"steal", "time in which the hypervisor ran another machine instead of this one",
		"below 0.5 %", Host.stealSinceBoot,
	},
	{
		"throttling", "a hot processor is slowed down, and a group beyond its quota is stopped",
		"never", Host.throttledSinceBoot,
	},
}

// read returns the text of a file without space around it; false if it cannot be read.
func (h Host) read(name string) (string, bool) {
	text, err := fs.ReadFile(h.Root, name)
	return strings.TrimSpace(string(text)), err == nil
}

// number returns the number in a file; false if there is none.
func (h Host) number(name string) (float64, bool) {
	text, _ := h.read(name)
	x, err := strconv.ParseFloat(text, 64)
	return x, err == nil
}

func (h Host) glob(pattern string) []string {
	found, _ := fs.Glob(h.Root, pattern) // the patterns are well-formed
	return found
}
