package plan

import (
	"runtime"
	"time"

	"doublebuf/results"
	"doublebuf/workloads"
)

const (
	// DefaultMemory is the Memory of a plan that does not say it, in MiB.
	DefaultMemory = 1024
	// quantum is how long the Go scheduler lets a goroutine run if others wait.
	quantum = 10 * time.Millisecond
	// turns is how often each worker has a processor in a slice, if there are more workers than
	// processors.
	turns = 2
	// crowded is how long a slice lasts at least if many readers and writers share processors. With
	// 8 readers and a writer on 2 processors, the writer of a double buffer usually publishes once
	// in 50 ms, but sometimes a thousand times in 20 ms, when no reader was interrupted in a guard.
	// In cells of 100 ms its median rate was 1,300 writes a second, and in cells of 2 s 90,000.
	crowded = 500 * time.Millisecond

	// Other maps have used the caches before a slice. On an AMD EPYC with 32 MiB of L3, a map of
	// 64 Ki keys reached 90 % of its final rate after 6 ms (read-only, 2 workers) to 15 ms
	// (r95w5, 1 worker), and was three times as slow in the first. A map that is larger than the
	// caches has filled them after warmMost.
	warmPerKey = 200 * time.Nanosecond
	warmLeast  = time.Millisecond
	warmMost   = 20 * time.Millisecond
)

// WarmUp returns how long workers work before each slice of a cell, without being measured.
func WarmUp(id results.ID) time.Duration {
	return min(warmMost, max(warmLeast, time.Duration(id.Keys)*warmPerKey))
}

// Sliced reports whether cells of that identity are measured in slices. A mix whose reader stalls
// is not: a stall is longer than a slice.
func (p Plan) Sliced(id results.ID) bool {
	mix, _ := workloads.FindMix(id.Mix)
	return p.Slice > 0 && id.Kind == results.Throughput && !mix.Stalls
}

// Slices returns how many slices a cell has in a block, and how long each is: as many as its Time
// needs, and one at least. With more workers than processors a slice is so long that the scheduler
// lets every worker run. A run makes slices of slow operations longer, and fewer. If the system
// makes workers share processors, there is one slice: the system needs long to run and stop
// all workers.
func (p Plan) Slices(id results.ID) (n int, length time.Duration) {
	length = time.Duration(p.Slice)
	if shared(id) {
		length = time.Duration(p.Time)
	}
	if rounds := (id.Goroutines() + id.Procs - 1) / id.Procs; rounds > 1 {
		length = max(length, turns*quantum*time.Duration(rounds))
		if id.G == 0 && rounds > 2 { // readers and writers
			length = max(length, crowded)
		}
	}
	return int((time.Duration(p.Time) + length - 1) / length), length
}

// shared reports whether the operating system makes the workers of a cell share processors, because
// GOMAXPROCS is above the number of processors.
func shared(id results.ID) bool { return min(id.Goroutines(), id.Procs) > runtime.NumCPU() }

// MemoryBytes returns Memory in bytes.
func (p Plan) MemoryBytes() int {
	if p.Memory == 0 {
		return DefaultMemory << 20
	}
	return p.Memory << 20
}

// Cohorts divides jobs into those that are measured together, in their order.
func (p Plan) Cohorts(jobs []Job) (cohorts [][]Job) {
	for i, j := range jobs {
		if i > 0 && p.Sliced(j.ID) && j.Block == jobs[i-1].Block && j.ID.Workload() == jobs[i-1].ID.Workload() {
			last := &cohorts[len(cohorts)-1]
			*last = append(*last, j)
			continue
		}
		cohorts = append(cohorts, []Job{j})
	}
	return cohorts
}
