package run

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"time"

	"doublebuf/analysis/stat"
	"doublebuf/cmd/runbench/internal/counters"
)

// meter measures what the process uses between begin and end, without adding to it.
type meter struct {
	mem [2]runtime.MemStats
	gc  [2]metrics.Sample

	gcSeconds float64
	cpu       time.Duration
	counts    counters.Counts
}

// processCounters counts from its first use to the end of the process. It also returns what cannot
// be counted.
var processCounters = sync.OnceValues(counters.Open)

func newMeter() *meter {
	return &meter{gc: [...]metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}}}
}

func (m *meter) begin() {
	runtime.ReadMemStats(&m.mem[0])
	m.gcSeconds, m.cpu = m.collecting(), cpuTime()
	p, _ := processCounters()
	m.counts = p.Read()
}

func (m *meter) end() usage {
	p, _ := processCounters()
	counts := p.Read().Since(m.counts)
	cpu := cpuTime() - m.cpu
	was, now := &m.mem[0], &m.mem[1]
	runtime.ReadMemStats(now)
	u := usage{
		bytes:     float64(now.TotalAlloc - was.TotalAlloc),
		allocs:    float64(now.Mallocs - was.Mallocs),
		gcSeconds: m.collecting() - m.gcSeconds,
		cpu:       cpu,
		counts:    counts,
		paused:    time.Duration(now.PauseTotalNs - was.PauseTotalNs),
	}
	// The last 256 pauses are known. Pause n, from 1, is at (n+255)%256.
	for n := max(was.NumGC+1, now.NumGC-min(now.NumGC, 255)); n <= now.NumGC; n++ {
		u.longestPause = max(u.longestPause, time.Duration(now.PauseNs[(n+255)%256]))
	}
	return u
}

// collecting returns the processor time of garbage collections, without what idle processors did.
func (m *meter) collecting() float64 {
	metrics.Read(m.gc[:])
	return m.gc[0].Value.Float64() - m.gc[1].Value.Float64()
}

// heap is how much memory is alive, and how long a collection takes to mark it.
type heap struct {
	live float64 // bytes
	mark float64 // processor time to mark them, in seconds
}

// collect collects twice. Only the second collection frees what finalizers, cleanups and pools
// hold. It measures the second collection.
func (h *heap) collect() {
	runtime.GC()
	awaitCleanups()
	before := marking()
	runtime.GC()
	h.mark = marking() - before
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	h.live = float64(mem.HeapAlloc)
}

// awaitCleanups returns when all due cleanups and finalizers have run, or after a second. Each
// handle of a double buffer holds its copies until its cleanup has run. Without the wait these
// copies would count as alive before a cell, and be missing from what its map keeps.
func awaitCleanups() {
	samples := [...]metrics.Sample{
		{Name: "/gc/cleanups/queued:cleanups"},
		{Name: "/gc/cleanups/executed:cleanups"},
		{Name: "/gc/finalizers/queued:finalizers"},
		{Name: "/gc/finalizers/executed:finalizers"},
	}
	for began := time.Now(); time.Since(began) < time.Second; time.Sleep(50 * time.Microsecond) {
		metrics.Read(samples[:])
		if samples[1].Value.Uint64() >= samples[0].Value.Uint64() && samples[3].Value.Uint64() >= samples[2].Value.Uint64() {
			return
		}
	}
}

// minHeap is how much Go allocates at least before it collects, with GOGC=100.
const minHeap = 4 << 20

// price returns the processor time of collections for each byte that is allocated, with GOGC=100:
// there is one each time as much has been allocated as is alive, or minHeap. The time of one is the
// median of the one that collect measured and of four more, because other processes lengthen a
// collection.
func (h *heap) price() float64 {
	marks := []float64{h.mark}
	for range 4 {
		before := marking()
		runtime.GC()
		marks = append(marks, marking()-before)
	}
	return stat.Median(marks) / max(h.live, minHeap)
}

// marking returns the processor time that all collections have spent marking.
func marking() (seconds float64) {
	samples := [...]metrics.Sample{
		{Name: "/cpu/classes/gc/mark/assist:cpu-seconds"}, {Name: "/cpu/classes/gc/mark/dedicated:cpu-seconds"}, {Name: "/cpu/classes/gc/mark/idle:cpu-seconds"},
	}
	metrics.Read(samples[:])
	for _, s := range samples {
		seconds += s.Value.Float64()
	}
	return seconds
}
