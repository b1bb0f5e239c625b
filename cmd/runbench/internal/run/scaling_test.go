package run

import (
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
	"doublebuf/results/synthetic"
)

// machine is a map on a machine with 64 processors that does not exist. A write of a handle
// takes as long as the law says for the handles that are open. Each map deviates from the law by
// chance.
type machine struct {
	law     synthetic.Law
	noise   float64
	handles atomic.Int64
	data    sync.Map
}

func (m *machine) Open() kv.Map[uint64, uint64] {
	m.handles.Add(1)
	return &machineHandle{m}
}

func (m *machine) Get(k uint64) (uint64, bool) {
	v, ok := m.data.Load(k)
	if !ok {
		return 0, false
	}
	return v.(uint64), true
}
func (m *machine) Set(k, v uint64) { m.data.Store(k, v) }
func (m *machine) Delete(k uint64) { m.data.Delete(k) }
func (m *machine) Len() (n int)    { m.data.Range(func(any, any) bool { n++; return true }); return n }

type machineHandle struct{ *machine }

func (h *machineHandle) Close() {}

func (h *machineHandle) Set(k, v uint64) {
	h.work()
	h.machine.Set(k, v)
}

func (h *machineHandle) Delete(k uint64) {
	h.work()
	h.machine.Delete(k)
}

func (h *machineHandle) work() {
	n := int(h.handles.Load())
	time.Sleep(time.Duration(1e9 * float64(n) / h.law.At(n) * h.noise))
}

// TestScalingMachine measures two maps on a machine of 64 processors whose clock is simulated. The
// fit finds the laws that they follow.
func TestScalingMachine(t *testing.T) {
	const procs, blocks = 64, 6
	laws := map[string]synthetic.Law{"scales": {Rate: 4e3, Contention: 0.01}, "peaks": {Rate: 4e3, Contention: 0.05, Coherence: 0.002}}
	synctest.Test(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(1, 1))
		p := plan.Plan{Seed: 1, Blocks: blocks, Time: plan.Duration(5 * time.Millisecond), Slice: plan.Duration(5 * time.Millisecond), Procs: procs}
		var entries []kv.Entry
		for name, law := range laws {
			entries = append(entries, kv.Entry{
				Name: name, Level: kv.Linearizable, Caps: kv.Concurrent | kv.Writes,
				Uint64: func(int) kv.Map[uint64, uint64] {
					return &machine{law: law, noise: math.Exp(0.02 * r.NormFloat64())}
				},
			})
			for g := 1; g <= procs; g *= 2 {
				p.Cells = append(p.Cells, plan.Cell{Impl: name, Mix: "write-only", Dist: "uniform", KeyType: "uint64", Keys: 64, G: g})
			}
		}
		runner, err := New(p, entries)
		if err != nil {
			t.Fatal(err)
		}
		var set results.Set
		if err := runner.Run(t.Context(), p.Jobs(), func(cells []results.Cell, _ Progress) error {
			set.Cells = append(set.Cells, cells...)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		curves := analysis.Of(&set).Curves()
		if len(curves) != len(laws) {
			t.Fatalf("%d curves; want one of each map", len(curves))
		}
		for _, c := range curves {
			u, err := c.Law()
			want := laws[c.Impl]
			inside := func(e stat.Estimate, v float64) bool { return e.Lo <= v && v <= e.Hi }
			if err != nil || !inside(u.Rate, want.Rate) || !inside(u.Contention, want.Contention) || !inside(u.Coherence, want.Coherence) {
				t.Errorf("%s: %+v, %v; want %+v", c.Impl, u, err, want)
			}
			verdict := map[string]string{"scales": "scales to all 64 processors", "peaks": "scales to 16 processors"}[c.Impl]
			if got := c.Verdict(); !strings.HasPrefix(got, verdict) {
				t.Errorf("%s: %s; want %s …", c.Impl, got, verdict)
			}
		}
	})
}
