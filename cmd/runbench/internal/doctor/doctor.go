// Package doctor asks whether this machine is fit to measure: before a run, from what
// /proc and /sys say of it, and during a run, from how their counters move.
//
// What cannot be seen is said to be not visible, and is not guessed: in a virtual machine
// much of this is the host's affair, and on systems other than Linux nearly all.
package doctor

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
	"time"

	"doublebuf/cmd/runbench/internal/pin"
	"doublebuf/results"
)

// Host is the machine that is asked.
type Host struct {
	Root  fs.FS         // has proc and sys, as far as the system has them
	Procs int           // GOMAXPROCS of what is measured
	Clock time.Duration // what one reading of the clock costs
}

// Here returns this machine, for measurements with so many processors. It reads the clock
// for about a millisecond.
func Here(procs int) Host { return Host{os.DirFS("/"), procs, clockCost()} }

// clockCost returns the least cost of a reading, on average over many.
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

// check is one question and the answer that would be right. look returns what is found;
// the state Hidden where nothing can be.
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
		"processors", "with fewer processors than GOMAXPROCS workers wait for each other, and with one nothing is concurrent",
		"2 or more, and GOMAXPROCS not above them", Host.processors,
	},
	{
		"CPU quota", "when a group has used up its quota the kernel stops all of its threads for the rest of the period",
		"none, or far more than GOMAXPROCS", Host.quota,
	},
	{
		"governor", "the frequency follows the load with a delay, and so the order of the cells",
		"performance", Host.governor,
	},
	{
		"boost", "the frequency hangs on the temperature and on how many cores are busy, and one worker gains more than many",
		"off", Host.boost,
	},
	{
		"SMT", "two workers may share one core, and do less than two on cores of their own",
		"off, or -pin to one thread of each core", Host.smt,
	},
	{
		"NUMA nodes", "memory of another node is slower, and where it lies differs from one process to the next",
		"one, or -pin to one node's processors", Host.numa,
	},
	{
		"huge pages", "the kernel joins pages while a map is measured, of some processes and not of others",
		"transparent huge pages on madvise or never", Host.hugePages,
	},
	{
		"clock source", "any but the processor's own counter takes a call of the kernel, or of the hypervisor",
		"tsc or arch_sys_counter", Host.clockSource,
	},
	{
		"clock cost", "latencies contain it, and it bounds what a histogram can tell",
		"100 ns or less", Host.clockCost,
	},
	{
		"virtualisation", "neighbours and the hypervisor take time and share caches, and it hides how",
		"none", Host.virtualisation,
	},
	{
		"load", "who else runs takes processors away",
		"below a tenth of the processors", Host.load,
	},
	{
		"pressure", "tasks were waiting for a processor, for memory or for the disk",
		"cpu below 5 %, memory and io below 1 %", Host.pressure,
	},
	{
		"steal", "time in which the hypervisor ran somebody else in place of this machine",
		"below 0.5 %", Host.stealSinceBoot,
	},
	{
		"throttling", "a hot processor is slowed down, and a group beyond its quota is stopped",
		"never", Host.throttledSinceBoot,
	},
}

func (h Host) processors() (string, results.State) {
	allowed, online := h.cpus("proc/self/status", "Cpus_allowed_list:"), h.cpus("sys/devices/system/cpu/online", "")
	if allowed == 0 {
		allowed = runtime.NumCPU()
	}
	found := fmt.Sprintf("%d may be used, GOMAXPROCS %d", allowed, h.Procs)
	if online > 0 && online != allowed {
		found = fmt.Sprintf("%d of %d may be used, GOMAXPROCS %d", allowed, online, h.Procs)
	}
	switch {
	case h.Procs > allowed:
		return found, results.Unfit
	case allowed == 1:
		return found, results.Doubt
	}
	return found, results.Fit
}

// cpus counts the processors in a list like 0-3,8 that follows a key in a file.
func (h Host) cpus(name, key string) int {
	text, _ := h.read(name)
	for line := range strings.Lines(text) {
		if list, ok := strings.CutPrefix(line, key); ok {
			cpus, err := pin.CPUs(strings.TrimSpace(list))
			if err != nil {
				return 0
			}
			return len(cpus)
		}
	}
	return 0
}

func (h Host) quota() (string, results.State) {
	dirs := h.groups()
	if len(dirs) == 0 {
		return "", results.Hidden
	}
	least := 0.0
	for _, dir := range dirs {
		var quota, period float64
		if text, ok := h.read(path.Join(dir, "cpu.max")); ok { // "max 100000" has no quota
			_, _ = fmt.Sscan(text, &quota, &period)
		} else {
			quota, _ = h.number(path.Join(dir, "cpu.cfs_quota_us")) // -1 is none
			period, _ = h.number(path.Join(dir, "cpu.cfs_period_us"))
		}
		if quota > 0 && period > 0 && (least == 0 || quota/period < least) {
			least = quota / period
		}
	}
	found := fmt.Sprintf("%.2f processors, GOMAXPROCS %d", least, h.Procs)
	switch {
	case least == 0:
		return "none", results.Fit
	case least < float64(h.Procs):
		return found, results.Unfit
	}
	return found, results.Doubt
}

// groups returns the folders of this process's control group, and of those above it, that
// may limit its processors.
func (h Host) groups() []string {
	const root = "sys/fs/cgroup"
	text, _ := h.read("proc/self/cgroup")
	var dirs []string
	for line := range strings.Lines(text) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) < 3 {
			continue
		}
		mounts := []string{root, root + "/unified"} // of version 2
		if controllers := parts[1]; controllers != "" {
			if !strings.Contains(","+controllers+",", ",cpu,") {
				continue
			}
			mounts = []string{root + "/" + controllers, root + "/cpu"}
		}
		for _, mount := range mounts {
			if _, err := fs.Stat(h.Root, path.Join(mount, "cgroup.procs")); err != nil {
				continue
			}
			// In a container the path may be that on the host, of which only the top is seen.
			for group := path.Clean("/" + parts[2]); ; group = path.Dir(group) {
				if _, err := fs.Stat(h.Root, path.Join(mount, group)); err == nil {
					dirs = append(dirs, path.Join(mount, group))
				}
				if group == "/" {
					break
				}
			}
			break
		}
	}
	return dirs
}

func (h Host) governor() (string, results.State) {
	counts := map[string]int{}
	for _, name := range h.glob("sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_governor") {
		if text, ok := h.read(name); ok {
			counts[text]++
		}
	}
	var found []string
	state := results.Fit
	for _, g := range sortedKeys(counts) {
		found = append(found, g)
		if g != "performance" {
			state = results.Unfit
		}
	}
	if len(found) == 0 {
		return "", results.Hidden
	}
	return strings.Join(found, ", "), state
}

func (h Host) boost() (string, results.State) {
	on, ok := h.number("sys/devices/system/cpu/cpufreq/boost")
	if off, intel := h.number("sys/devices/system/cpu/intel_pstate/no_turbo"); intel {
		on, ok = 1-off, true
	}
	switch {
	case !ok:
		return "", results.Hidden
	case on == 0:
		return "off", results.Fit
	}
	return "on", results.Doubt
}

func (h Host) smt() (string, results.State) {
	control, ok := h.read("sys/devices/system/cpu/smt/control")
	active, _ := h.number("sys/devices/system/cpu/smt/active")
	switch {
	case active == 1:
		return "on", results.Doubt
	case !ok, h.virtual() != "": // a guest is not told
		return "", results.Hidden
	case control == "notsupported":
		return "the processor has none", results.Fit
	}
	return "off", results.Fit
}

func (h Host) numa() (string, results.State) {
	nodes := h.cpus("sys/devices/system/node/online", "")
	switch {
	case nodes == 0:
		return "", results.Hidden
	case nodes > 1:
		return strconv.Itoa(nodes), results.Doubt
	}
	return "1", results.Fit
}

func (h Host) hugePages() (string, results.State) {
	text, _ := h.read("sys/kernel/mm/transparent_hugepage/enabled") // "always [madvise] never"
	_, chosen, _ := strings.Cut(text, "[")
	chosen, _, ok := strings.Cut(chosen, "]")
	switch {
	case !ok:
		return "", results.Hidden
	case chosen == "always":
		return chosen, results.Doubt
	}
	return chosen, results.Fit
}

func (h Host) clockSource() (string, results.State) {
	source, ok := h.read("sys/devices/system/clocksource/clocksource0/current_clocksource")
	switch source {
	case "tsc", "arch_sys_counter":
		return source, results.Fit
	case "kvm-clock", "hyperv_clocksource_tsc_page": // which programs read by themselves
		return source, results.Doubt
	}
	if !ok {
		return "", results.Hidden
	}
	return source, results.Unfit
}

func (h Host) clockCost() (string, results.State) {
	found := fmt.Sprintf("%v a reading", h.Clock)
	switch {
	case h.Clock > time.Microsecond:
		return found, results.Unfit
	case h.Clock > 100*time.Nanosecond:
		return found, results.Doubt
	}
	return found, results.Fit
}

func (h Host) virtualisation() (string, results.State) {
	if _, ok := h.read("proc/cpuinfo"); !ok {
		return "", results.Hidden
	}
	if v := h.virtual(); v != "" {
		return v, results.Doubt
	}
	return "none seen", results.Fit
}

// virtual says what tells that this is a virtual machine; "" if nothing does.
func (h Host) virtual() string {
	if kind, ok := h.read("sys/hypervisor/type"); ok {
		return "a virtual machine: " + kind
	}
	text, _ := h.read("proc/cpuinfo")
	for line := range strings.Lines(text) {
		if flags, ok := strings.CutPrefix(line, "flags"); ok && strings.Contains(flags+" ", " hypervisor ") {
			found := "a virtual machine"
			if vendor, ok := h.read("sys/class/dmi/id/sys_vendor"); ok {
				found += ": " + vendor
			}
			return found
		}
	}
	return ""
}

func (h Host) load() (string, results.State) {
	text, _ := h.read("proc/loadavg")
	var load float64
	online := h.cpus("sys/devices/system/cpu/online", "")
	if _, err := fmt.Sscan(text, &load); err != nil || online == 0 {
		return "", results.Hidden
	}
	found := fmt.Sprintf("%.2f in the last minute, on %d processors", load, online)
	if load > 0.1*float64(online) {
		return found, results.Doubt // what is over by now is no harm
	}
	return found, results.Fit
}

// resources are what a task can wait for, each with whether some tasks or all of them
// ("full") waited.
var resources = []struct{ name, line string }{{"cpu", "some"}, {"memory", "full"}, {"io", "full"}}

// pressure judges the averages over ten seconds.
func (h Host) pressure() (string, results.State) {
	return waits([]float64{0.05, 0.01, 0.01}, func(i int) (float64, bool) {
		percent, ok := h.stall(i, "avg10=")
		return percent / 100, ok
	})
}

// stall returns the field of the line of pressure of a resource.
func (h Host) stall(i int, field string) (float64, bool) {
	text, _ := h.read("proc/pressure/" + resources[i].name)
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != resources[i].line {
			continue
		}
		for _, f := range fields[1:] {
			if value, ok := strings.CutPrefix(f, field); ok {
				x, err := strconv.ParseFloat(value, 64)
				return x, err == nil
			}
		}
	}
	return 0, false
}

// waits judges the shares of time in which tasks waited for resources: above most it is a
// doubt.
func waits(most []float64, share func(i int) (float64, bool)) (string, results.State) {
	state := results.Fit
	var found []string
	for i, r := range resources {
		x, ok := share(i)
		if !ok {
			continue
		}
		found = append(found, r.name+" "+percent(x))
		if x > most[i] {
			state = results.Doubt
		}
	}
	if len(found) == 0 {
		return "", results.Hidden
	}
	return strings.Join(found, ", "), state
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }

func (h Host) stealSinceBoot() (string, results.State) {
	found, state := h.counters().steal()
	if found != "" {
		found += " since it was started"
	}
	if state == results.Unfit {
		state = results.Doubt // it need not go on
	}
	return found, state
}

func (h Host) throttledSinceBoot() (string, results.State) {
	found, state := h.counters().throttled()
	if state == results.Unfit {
		found, state = found+" since it was started", results.Doubt
	}
	return found, state
}

// read returns a file of the root without space around it.
func (h Host) read(name string) (string, bool) {
	text, err := fs.ReadFile(h.Root, name)
	return strings.TrimSpace(string(text)), err == nil
}

// number returns the number in a file of the root.
func (h Host) number(name string) (float64, bool) {
	text, _ := h.read(name)
	x, err := strconv.ParseFloat(text, 64)
	return x, err == nil
}

func (h Host) glob(pattern string) []string {
	found, _ := fs.Glob(h.Root, pattern) // the patterns are well-formed
	return found
}
