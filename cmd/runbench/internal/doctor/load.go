package doctor

import (
	"fmt"
	"strconv"
	"strings"

	"doublebuf/results"
)

func (h Host) load() (string, results.State) {
	text, _ := h.read("proc/loadavg")
	var load float64
	online := h.cpus("sys/devices/system/cpu/online", "")
	if _, err := fmt.Sscan(text, &load); err != nil || online == 0 {
		return "", results.Hidden
	}
	found := fmt.Sprintf("%.2f in the last minute, on %d processors", load, online)
	if load > 0.1*float64(online) {
		return found, results.Doubt // it may be over by now
	}
	return found, results.Fit
}

// resources are what a task can wait for. line says whether some tasks or all of them ("full")
// waited.
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

// waits judges the shares of time in which tasks waited for resources. A share above most is a
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
		found += " since boot"
	}
	if state == results.Unfit {
		state = results.Doubt // it may be over by now
	}
	return found, state
}

func (h Host) throttledSinceBoot() (string, results.State) {
	found, state := h.counters().throttled()
	if state == results.Unfit {
		found, state = found+" since boot", results.Doubt
	}
	return found, state
}
