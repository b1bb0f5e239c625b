package run

import (
	"crypto/sha256"
	"math"
	"runtime"
	"testing"
	"time"

	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

var sink any

// TestUsage does a known amount of work under the meter.
func TestUsage(t *testing.T) {
	const blocks, size = 8, 1 << 20
	_, used := atOnce(time.Hour, nil, []body{func(*stopFlag) {
		for range blocks {
			sink = make([]byte, size)
		}
		runtime.GC()
		runtime.GC()
		for start := cpuTime(); cpuTime() > 0 && cpuTime()-start < 20*time.Millisecond; {
		}
	}})
	if used.bytes < blocks*size || used.bytes > 2*blocks*size || used.allocs < blocks {
		t.Errorf("%v bytes in %v allocations; want %d in %d, or a few more", used.bytes, used.allocs, blocks*size, blocks)
	}
	if used.paused <= 0 || used.longestPause <= 0 || used.longestPause > used.paused {
		t.Errorf("two collections or more stopped goroutines for %v in all and %v at most", used.paused, used.longestPause)
	}
	if cpuTime() > 0 && (used.cpu < 20*time.Millisecond || used.cpu > 10*time.Second) {
		t.Errorf("%v of processor time; want 20 ms and more", used.cpu)
	}
	if _, idle := atOnce(time.Hour, nil, []body{func(*stopFlag) {}}); idle.longestPause != 0 || idle.paused != 0 {
		t.Errorf("without a collection goroutines were stopped for %v", idle.paused)
	}
}

// TestHeap: what is alive counts, and what is dead does not.
func TestHeap(t *testing.T) {
	// Other processes lengthen a collection, so the test takes the least of several.
	collect := func() (least heap) {
		least.mark = math.Inf(1)
		for range 9 {
			var h heap
			h.collect()
			least = heap{h.live, min(least.mark, h.mark)}
		}
		return least
	}
	before := collect()
	data := make([]*[64]byte, 1<<16)
	for i := range data {
		data[i] = new([64]byte)
	}
	full := collect()
	runtime.KeepAlive(data)
	data = nil
	after := collect()
	want := float64(1 << 16 * (64 + 8))
	if got := full.live - before.live; !near(got, want, 0.05) {
		t.Errorf("%v bytes are alive; want %v", got, want)
	}
	if got := after.live - before.live; got > 0.05*want {
		t.Errorf("%v bytes are alive that are dead", got)
	}
	for range 20 { // other processes may have lengthened all collections before
		if full.mark > before.mark {
			break
		}
		before.mark = min(before.mark, collect().mark)
	}
	if full.mark <= before.mark {
		t.Errorf("it took %v s to mark 65536 objects more, and %v before", full.mark, before.mark)
	}
}

// Memory that only a cleanup holds is not alive, though it may be freed late.
func TestHeapAwaitsCleanups(t *testing.T) {
	const held = 1 << 22
	var before, after heap
	before.collect()
	runtime.AddCleanup(new([64]byte), func(b []byte) {
		for range 4 {
			sha256.Sum256(b)
		}
	}, make([]byte, held))
	after.collect()
	if got := after.live - before.live; got > held/2 {
		t.Errorf("%v bytes are alive that only a cleanup held", got)
	}
}

// TestMemoryOfSmallMaps: input that a cell no longer needs when its map is measured is not
// subtracted.
func TestMemoryOfSmallMaps(t *testing.T) {
	p := plan.Plan{Seed: 1, Blocks: 3, Time: plan.Duration(time.Millisecond), Procs: 2}
	p.Cells = []plan.Cell{{Impl: "rwmutex", Mix: "ycsb-a", Dist: "uniform", KeyType: "uint64", Keys: 1 << 10, G: 1}}
	for _, c := range measured(t, p) {
		if got := c.Metrics[results.LivePerKey]; got < 16 || got > 100 {
			t.Errorf("a map of 8 bytes under 8 keeps %v bytes a key alive", got)
		}
	}
}

// TestCostOfMaps checks known costs of maps. Two copies and a log take more than twice the memory
// of one copy. A map that writers copy allocates its size for each write.
func TestCostOfMaps(t *testing.T) {
	const keys = 1 << 14
	p := plan.Plan{Seed: 1, Blocks: 1, Time: plan.Duration(5 * time.Millisecond), Procs: 2}
	for _, impl := range []string{"rwmutex", "dbuf-epoch-b64", "cow", "noop"} {
		p.Cells = append(p.Cells, plan.Cell{Impl: impl, Mix: "ycsb-a", Dist: "uniform", KeyType: "uint64", Keys: keys, G: 1})
	}
	cells := map[string]map[string]float64{}
	for _, c := range measured(t, p) {
		cells[c.Impl] = c.Metrics
		if v, ok := c.Metrics[results.CPUPerOp]; ok != (cpuTime() > 0) || ok && v <= 0 {
			t.Errorf("%s: %v s of processor time an operation", c.Name(), v)
		}
	}
	one, two := cells["rwmutex"][results.LivePerKey], cells["dbuf-epoch-b64"][results.LivePerKey]
	if one < 16 || one > 100 || two < 1.7*one || two > 6*one {
		t.Errorf("one copy keeps %v bytes a key alive and two %v; want 16 to 100, and twice as much, and the log", one, two)
	}
	if got := cells["cow"][results.BytesPerOp]; got < keys*16/4 {
		t.Errorf("a map that writers copy allocates %v bytes an operation", got)
	}
	if v, ok := cells["noop"][results.LivePerKey]; ok {
		t.Errorf("a map without entries has %v bytes a key", v)
	}
}
