package doctor

import (
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"strconv"
	"strings"

	"doublebuf/cmd/runbench/internal/pin"
	"doublebuf/cmd/runbench/internal/topology"
	"doublebuf/results"
)

func (h Host) processors() (string, results.State) {
	allowed, online := h.cpus("proc/self/status", "Cpus_allowed_list:"), h.cpus("sys/devices/system/cpu/online", "")
	if allowed == 0 {
		allowed = runtime.NumCPU()
	}
	found := fmt.Sprintf("%d usable, GOMAXPROCS %d", allowed, h.Procs)
	if online > 0 && online != allowed {
		found = fmt.Sprintf("%d of %d usable, GOMAXPROCS %d", allowed, online, h.Procs)
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
	dirs := h.groups("cpu")
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
// may limit its processors or its memory: controller is cpu or memory.
func (h Host) groups(controller string) []string {
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
			if !strings.Contains(","+controllers+",", ","+controller+",") {
				continue
			}
			mounts = []string{root + "/" + controllers, root + "/" + controller}
		}
		for _, mount := range mounts {
			if _, err := fs.Stat(h.Root, path.Join(mount, "cgroup.procs")); err != nil {
				continue
			}
			// In a container the path may be that on the host, and only its top is visible.
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
	case !ok, h.virtual() != "": // a guest cannot see it
		return "", results.Hidden
	case control == "notsupported":
		return "not supported by the processor", results.Fit
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

func (h Host) topology() (string, results.State) {
	m, err := topology.Read(h.Root)
	if err != nil {
		return "", results.Hidden
	}
	caches := map[int]bool{}
	for _, c := range m.CPUs {
		caches[c.Cache] = true
	}
	switch {
	case caches[topology.Unknown]:
		return m.String(), results.Hidden
	case len(caches) > 1:
		return m.String(), results.Doubt
	}
	return m.String(), results.Fit
}
