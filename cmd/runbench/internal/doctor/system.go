package doctor

import (
	"fmt"
	"strings"
	"time"

	"doublebuf/results"
)

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
	case "kvm-clock", "hyperv_clocksource_tsc_page": // programs read them without a call
		return source, results.Doubt
	}
	if !ok {
		return "", results.Hidden
	}
	return source, results.Unfit
}

func (h Host) clockCost() (string, results.State) {
	found := fmt.Sprintf("%v per reading", h.Clock)
	switch {
	case h.Clock > time.Microsecond:
		return found, results.Unfit
	case h.Clock > 100*time.Nanosecond:
		return found, results.Doubt
	}
	return found, results.Fit
}

// goSettings looks for the variables that change how Go programs run.
func (h Host) goSettings() (string, results.State) {
	if h.Env == nil {
		return "", results.Hidden
	}
	var found []string
	for _, name := range results.RuntimeSettings {
		if value := h.Env(name); value != "" {
			found = append(found, name+"="+value)
		}
	}
	if len(found) > 0 {
		return strings.Join(found, ", "), results.Doubt
	}
	return "the defaults", results.Fit
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

// virtual returns what shows that this is a virtual machine; "" if nothing does.
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
