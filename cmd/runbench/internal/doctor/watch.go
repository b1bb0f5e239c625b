package doctor

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"doublebuf/results"
)

// Watch compares a machine's counters before and after something is measured.
type Watch struct {
	host  Host
	begin time.Time
	start counters
}

// Watch begins to watch.
func (h Host) Watch() Watch { return Watch{h, time.Now(), h.counters()} }

// End returns what happened since the watch began. A child process counts as another program until
// this process has waited for it.
func (w Watch) End() []results.Finding {
	return during(w.start, w.host.counters(), time.Since(w.begin))
}

// counters of the machine only grow. One that is not visible is missing.
type counters map[string]float64

// The keys of counters: ticks of all processors together, seconds of waiting, and counts.
const (
	totalTicks     = "total"
	busyTicks      = "busy"
	stolenTicks    = "stolen"
	ownTicks       = "own" // of this process and of its children that have ended
	heatThrottles  = "hot"
	quotaThrottles = "quota"
	waited         = "waited for " // and a resource
)

func (h Host) counters() counters {
	c := counters{}
	stat, _ := h.read("proc/stat")
	if line, _, _ := strings.Cut(stat, "\n"); strings.HasPrefix(line, "cpu ") {
		// user, nice, system, idle, iowait, irq, softirq, steal; user contains the others.
		for i, field := range strings.Fields(line)[1:] {
			ticks, err := strconv.ParseFloat(field, 64)
			if err != nil || i > 7 {
				break
			}
			c[totalTicks] += ticks
			switch i {
			case 3, 4:
			case 7:
				c[stolenTicks] = ticks
			default:
				c[busyTicks] += ticks
			}
		}
	}
	if self, ok := h.read("proc/self/stat"); ok {
		// The name of the program may contain anything. Behind it, utime, stime, cutime and cstime
		// are the 12th to the 15th field.
		fields := strings.Fields(self[strings.LastIndexByte(self, ')')+1:])
		for i := 11; i <= 14 && i < len(fields); i++ {
			ticks, _ := strconv.ParseFloat(fields[i], 64)
			c[ownTicks] += ticks
		}
	}
	for i, r := range resources {
		if micros, ok := h.stall(i, "total="); ok {
			c[waited+r.name] = micros / 1e6
		}
	}
	for _, name := range h.glob("sys/devices/system/cpu/cpu[0-9]*/thermal_throttle/core_throttle_count") {
		if n, ok := h.number(name); ok {
			c[heatThrottles] += n
		}
	}
	for _, dir := range h.groups("cpu") {
		text, _ := h.read(path.Join(dir, "cpu.stat"))
		for line := range strings.Lines(text) {
			var n float64
			if _, err := fmt.Sscanf(line, "nr_throttled %g", &n); err == nil {
				c[quotaThrottles] += n
			}
		}
	}
	return c
}

// share returns a counter over another; false if either is missing.
func (c counters) share(part, of string) (float64, bool) {
	x, ok := c[part]
	return x / c[of], ok && c[of] > 0
}

func (c counters) steal() (string, results.State) {
	return judge(c.share(stolenTicks, totalTicks))(0.005, 0.02)
}

// others judges the processor time that other programs took.
func (c counters) others() (string, results.State) {
	busy, ok := c.share(busyTicks, totalTicks)
	own, visible := c.share(ownTicks, totalTicks)
	return judge(max(0, busy-own), ok && visible)(0.02, 0.1)
}

// judge returns a function that judges a share: above doubt it is a doubt, and above unfit unfit.
func judge(share float64, ok bool) func(doubt, unfit float64) (string, results.State) {
	return func(doubt, unfit float64) (string, results.State) {
		switch {
		case !ok:
			return "", results.Hidden
		case share > unfit:
			return percent(share), results.Unfit
		case share > doubt:
			return percent(share), results.Doubt
		}
		return percent(share), results.Fit
	}
}

func (c counters) throttled() (string, results.State) {
	var found []string
	state := results.Fit
	for _, by := range []struct{ key, text string }{{heatThrottles, "%.0f times by heat"}, {quotaThrottles, "%.0f times by the quota"}} {
		n, ok := c[by.key]
		if !ok {
			continue
		}
		found = append(found, fmt.Sprintf(by.text, n))
		if n > 0 {
			state = results.Unfit
		}
	}
	if len(found) == 0 {
		return "", results.Hidden
	}
	return strings.Join(found, ", "), state
}

// during judges how counters grew in the time took.
func during(start, end counters, took time.Duration) []results.Finding {
	moved := counters{}
	for key, value := range end {
		if before, ok := start[key]; ok {
			moved[key] = value - before
		}
	}
	var all []results.Finding
	add := func(what, why, want string, look func() (string, results.State)) {
		found, state := look()
		all = append(all, finding(what, found, why, want, state))
	}
	add("steal", "time in which the hypervisor ran another machine instead of this one", "below 0.5 %", moved.steal)
	add("others", "other programs took this share of all processor time, so workers had to wait", "below 2 %", moved.others)
	// A run that keeps all processors busy waits for them itself. It also waits for the disk after
	// each cell.
	add("pressure", "memory was so scarce that all tasks waited for it; waits for processors and for the disk may come from the run itself", "memory below 1 %",
		func() (string, results.State) {
			return waits([]float64{1, 0.01, 1}, func(i int) (float64, bool) {
				seconds, ok := moved[waited+resources[i].name]
				return min(1, seconds/took.Seconds()), ok && took > 0
			})
		})
	add("throttling", "a hot processor was slowed down, or a group beyond its quota was stopped", "never", moved.throttled)
	return all
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
