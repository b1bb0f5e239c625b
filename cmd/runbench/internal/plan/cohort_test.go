package plan

import (
	"slices"
	"testing"
	"time"

	"doublebuf/results"
)

// TestCohorts: the maps of a workload are one cohort in each block, wherever their cells stand in
// the plan. Other kinds of cells, and cells that are measured at once, are alone.
func TestCohorts(t *testing.T) {
	p := good()
	p.Cells = append(p.Cells, p.Cells[0])
	p.Cells[len(p.Cells)-1].Impl = "rwmutex"
	if n := len(p.Cohorts(p.Jobs())); n != len(p.Jobs()) {
		t.Errorf("without slices %d cohorts of %d jobs; want as many", n, len(p.Jobs()))
	}
	p.Slice = p.Time / 2
	cohorts := p.Cohorts(p.Jobs())
	if n := 4 * p.Blocks; len(cohorts) != n {
		t.Fatalf("%d cohorts; want %d", len(cohorts), n)
	}
	for block, want := range [][]string{{"mutex", "syncmap", "rwmutex"}, {"rwmutex", "syncmap", "mutex"}} {
		cohort := cohorts[0]
		if block == 1 {
			cohort = cohorts[7]
		}
		var maps []string
		for _, j := range cohort {
			maps = append(maps, j.ID.Impl)
			if j.Block != block+1 || j.ID.Mix != "r90w10" || j.ID.Kind != results.Throughput {
				t.Errorf("block %d: the first workload has the job %v", block+1, j)
			}
		}
		if !slices.Equal(maps, want) {
			t.Errorf("block %d: the first workload has the maps %v; want %v", block+1, maps, want)
		}
	}
	rest := p.Cohorts(p.Jobs()[1:]) // what a killed run left
	if len(rest) != len(cohorts) || len(rest[0]) != 2 {
		t.Errorf("without the first job %d cohorts, the first of %d; want %d, of 2", len(rest), len(rest[0]), len(cohorts))
	}
}

func TestSlices(t *testing.T) {
	ms := func(n int) Duration { return Duration(time.Duration(n) * time.Millisecond) }
	for _, c := range []struct {
		workers     int
		time, slice Duration
		n           int
		length      time.Duration
	}{
		{1, ms(50), ms(5), 10, 5 * time.Millisecond},
		{2, ms(50), ms(5), 10, 5 * time.Millisecond},
		{4, ms(50), ms(5), 2, 40 * time.Millisecond}, // two workers for each processor
		{64, ms(50), ms(5), 1, 640 * time.Millisecond},
		{1, ms(9), ms(5), 2, 5 * time.Millisecond},
		{4, ms(400), ms(100), 4, 100 * time.Millisecond},
	} {
		p := Plan{Time: c.time, Slice: c.slice}
		if n, length := p.Slices(results.ID{G: c.workers, Procs: 2}); n != c.n || length != c.length {
			t.Errorf("%d workers, %v in slices of %v: %d slices of %v; want %d of %v", c.workers, c.time, c.slice, n, length, c.n, c.length)
		}
	}
	p := Plan{Time: ms(20), Slice: ms(5)}
	if n, length := p.Slices(results.ID{Readers: 8, Writers: 1, Procs: 2}); n != 1 || length != crowded {
		t.Errorf("8 readers and a writer: %d slices of %v; want 1 of %v", n, length, crowded)
	}
	if n, length := p.Slices(results.ID{Readers: 1, Writers: 1, Procs: 1}); n != 1 || length != 40*time.Millisecond {
		t.Errorf("a reader and a writer on one processor: %d slices of %v; want 1 of 40ms", n, length)
	}
	for id, want := range map[results.ID]bool{
		{Kind: results.Throughput, Mix: "r95w5"}: true,
		{Kind: results.Latency, Mix: "r95w5"}:    false,
		{Kind: results.Staleness, Mix: RolesMix}: false,
	} {
		if (Plan{Slice: 1}).Sliced(id) != want || (Plan{}).Sliced(id) {
			t.Errorf("%v: sliced is %v; want %v, and never without a slice", id, !want, want)
		}
	}
}

// TestExtraJobs: an extra block has the throughput cells of one workload. Cells of other kinds are
// in the first blocks of each process only, if the plan says so.
func TestExtraJobs(t *testing.T) {
	p := good()
	p.Blocks, p.Forks, p.LatencyBlocks = 3, 2, 1
	workloads := p.Workloads()
	if len(workloads) == 0 {
		t.Fatal("no workload")
	}
	extra := 0
	for _, w := range workloads {
		for _, j := range p.ExtraJobs(w, 9) {
			if extra++; j.Block != 9 || j.ID.Kind != results.Throughput || j.ID.Workload() != w {
				t.Errorf("an extra block of %v has %+v", w, j)
			}
		}
	}
	if extra != len(p.Cells) {
		t.Errorf("extra blocks of all workloads have %d cells; want %d", extra, len(p.Cells))
	}
	others := map[int]int{}
	for _, j := range p.Jobs() {
		if j.ID.Kind != results.Throughput {
			others[j.Block]++
		}
	}
	if n := len(p.Staleness) + len(p.Latency); n == 0 || len(others) != 2 || others[1] != n || others[4] != n {
		t.Errorf("cells of staleness and latency by block: %v; want %d in blocks 1 and 4", others, n)
	}
}

// TestWarmUp: a larger map is warm later, up to a bound.
func TestWarmUp(t *testing.T) {
	for keys, want := range map[int]time.Duration{
		64: time.Millisecond, 16 << 10: 3276800 * time.Nanosecond, 64 << 10: 13107200 * time.Nanosecond, 1 << 20: 20 * time.Millisecond,
	} {
		if got := WarmUp(results.ID{Keys: keys}); got != want {
			t.Errorf("%d keys: %v; want %v", keys, got, want)
		}
	}
}
