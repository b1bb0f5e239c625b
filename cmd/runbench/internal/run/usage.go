package run

import (
	"runtime"
	"runtime/metrics"
	"time"
)

// meter finds out what the process uses from begin to end, without adding to it.
type meter struct {
	mem [2]runtime.MemStats
	gc  [2]metrics.Sample

	gcSeconds float64
	cpu       time.Duration
}

func newMeter() *meter {
	return &meter{gc: [...]metrics.Sample{{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/gc/mark/idle:cpu-seconds"}}}
}

func (m *meter) begin() {
	runtime.ReadMemStats(&m.mem[0])
	m.gcSeconds, m.cpu = m.collecting(), cpuTime()
}

func (m *meter) end() usage {
	cpu := cpuTime() - m.cpu
	was, now := &m.mem[0], &m.mem[1]
	runtime.ReadMemStats(now)
	u := usage{
		bytes:     float64(now.TotalAlloc - was.TotalAlloc),
		allocs:    float64(now.Mallocs - was.Mallocs),
		gcSeconds: m.collecting() - m.gcSeconds,
		cpu:       cpu,
		paused:    time.Duration(now.PauseTotalNs - was.PauseTotalNs),
	}
	// The last 256 pauses are known. Pause n, from 1, is at (n+255)%256.
	for n := max(was.NumGC+1, now.NumGC-min(now.NumGC, 255)); n <= now.NumGC; n++ {
		u.longestPause = max(u.longestPause, time.Duration(now.PauseNs[(n+255)%256]))
	}
	return u
}

// collecting returns the processor time that collections have taken, but for what processors
// did that had nothing else to do.
func (m *meter) collecting() float64 {
	metrics.Read(m.gc[:])
	return m.gc[0].Value.Float64() - m.gc[1].Value.Float64()
}

// heap is what is alive, and what it takes to find that out.
type heap struct {
	live float64 // bytes
	mark float64 // processor time to mark them, in seconds
}

// collect collects twice: what finalizers, cleanups and pools hold on to is gone only then.
// The second collection is the one that is timed.
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

// awaitCleanups returns when the cleanups and finalizers have run that collections have found due,
// or after a second. What they hold on to, as each handle of a double buffer does of its copies,
// would else be taken for alive before a cell, and be missed in what its map keeps.
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

// marking returns the processor time that all collections have taken to mark.
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
