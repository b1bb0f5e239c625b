// Package pin binds the process, or one thread of it, to processors. On systems other than Linux
// both return an error.
package pin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxCPU bounds the numbers of processors: Linux has fewer.
const maxCPU = 1 << 13

// CPUs reads a list of processors in the format of the kernel and of taskset, like 0-3,8. It
// returns their numbers in the order of the list, each once.
func CPUs(list string) ([]int, error) {
	var all []int
	for part := range strings.SplitSeq(list, ",") {
		low, high, several := strings.Cut(part, "-")
		if !several {
			high = low
		}
		from, err := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if err != nil || err2 != nil || from < 0 || to < from || to >= maxCPU {
			return nil, fmt.Errorf("%q is not a list of processors; want one like 0-3,8", list)
		}
		for cpu := from; cpu <= to; cpu++ {
			if !slices.Contains(all, cpu) {
				all = append(all, cpu)
			}
		}
	}
	return all, nil
}

// Format writes numbers in the format that CPUs reads, in their order.
func Format(cpus []int) string {
	var parts []string
	for i := 0; i < len(cpus); {
		last := i
		for last+1 < len(cpus) && cpus[last+1] == cpus[last]+1 {
			last++
		}
		part := strconv.Itoa(cpus[i])
		if last > i {
			part += "-" + strconv.Itoa(cpus[last])
		}
		parts = append(parts, part)
		i = last + 1
	}
	return strings.Join(parts, ",")
}
