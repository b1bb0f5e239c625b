package run

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestPinnedWorkers asks the kernel where workers may run: each on one processor, the first worker
// on the first. After they have ended, the process may run where it could before.
func TestPinnedWorkers(t *testing.T) {
	may := func() (cpus []int) {
		var set unix.CPUSet
		if err := unix.SchedGetaffinity(0, &set); err != nil {
			t.Error(err)
		}
		for cpu := range 8 * len(set) * 8 {
			if set.IsSet(cpu) {
				cpus = append(cpus, cpu)
			}
		}
		return cpus
	}
	all := may()
	seen := make([][]int, 2*len(all))
	bodies := make([]body, len(seen))
	for i := range bodies {
		bodies[i] = func(*stopFlag) { seen[i] = may() }
	}
	atOnce(time.Millisecond, all, bodies)
	for i, cpus := range seen {
		if len(cpus) != 1 || cpus[0] != all[i%len(all)] {
			t.Errorf("worker %d may run on %v; want %d", i, cpus, all[i%len(all)])
		}
	}
	atOnce(time.Millisecond, nil, bodies)
	for i, cpus := range seen {
		if len(cpus) != len(all) {
			t.Errorf("worker %d, which is not pinned, may run on %v; want %v", i, cpus, all)
		}
	}
}
