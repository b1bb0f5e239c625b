package baselines_test

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/puzpuzpuz/xsync/v4"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
	"doublebuf/workloads"
)

// bare is a table whose lookup is a call, as a lookup in the map is. Without the call it could be
// inlined into a loop, and the cost of a call would count as a cost of guards.
type bare struct{ table.Table[uint64, uint64] }

//go:noinline
func (b *bare) Get(key uint64) (uint64, bool) { return b.Table.Get(key) }

// stored looks up between two atomic stores to a word that no other goroutine accesses. A reader
// that announces its guards to a writer can do no less.
type stored struct {
	word *paddedWord
	table.Table[uint64, uint64]
}

type paddedWord struct {
	_ [128]byte
	atomic.Uint64
	_ [120]byte
}

//go:noinline
func (s *stored) Get(key uint64) (uint64, bool) {
	s.word.Store(1)
	v, ok := s.Table.Get(key)
	s.word.Store(0)
	return v, ok
}

func bareTableOf(kind table.Kind, set *workloads.KeySet[uint64]) table.Table[uint64, uint64] {
	t := table.New[uint64, uint64](kind, len(set.Keys))
	for i, k := range set.Keys {
		t.Set(k, uint64(i))
	}
	return t
}

// Each map has a loop of its own. A call through a type parameter or an interface would cost more
// than the difference between some maps. Each call of a loop continues in the drawn keys where the
// last one ended. Otherwise it would look up the same few entries of a large table again and again.

func guarded(r *hashmap.ReadHandle[uint64, uint64], drawn *lookups[uint64]) func(n int) {
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := r.Get(k)
			sum += v
		}
		sink.Add(sum)
	}
}

func free(m *hashmap.Shared[uint64, uint64], drawn *lookups[uint64]) func(n int) {
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := m.Get(k)
			sum += v
		}
		sink.Add(sum)
	}
}

func held(r *hashmap.ReadHandle[uint64, uint64], drawn *lookups[uint64]) func(n int) {
	at := 0
	return func(n int) {
		g := r.Read()
		defer g.Release()
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := g.Get(k)
			sum += v
		}
		sink.Add(sum)
	}
}

func guardedString(r *hashmap.ReadHandle[string, uint64], drawn *lookups[string]) func(n int) {
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := r.Get(k)
			sum += v
		}
		sink.Add(sum)
	}
}

func loads(m *xsync.Map[uint64, uint64], drawn *lookups[uint64]) func(n int) {
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := m.Load(k)
			sum += v
		}
		sink.Add(sum)
	}
}

func loadsString(m *xsync.Map[string, uint64], drawn *lookups[string]) func(n int) {
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := m.Load(k)
			sum += v
		}
		sink.Add(sum)
	}
}

// guardedMany looks up 64 keys at a time; n is a multiple of that.
func guardedMany(r *hashmap.ReadHandle[uint64, uint64], drawn *lookups[uint64]) func(n int) {
	const many = 64
	values, found := make([]uint64, many), make([]bool, many)
	at := 0
	return func(n int) {
		sum := uint64(0)
		for keys := range slices.Chunk(drawn.stretch(&at, n), many) {
			g := r.Read()
			g.GetMany(keys, values, found)
			g.Release()
			for _, v := range values {
				sum += v
			}
		}
		sink.Add(sum)
	}
}

func bareLoop(t table.Table[uint64, uint64], drawn *lookups[uint64]) func(n int) {
	m := &bare{t}
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := m.Get(k)
			sum += v
		}
		sink.Add(sum)
	}
}

func storedLoop(s *stored, drawn *lookups[uint64]) func(n int) {
	at := 0
	return func(n int) {
		sum := uint64(0)
		for _, k := range drawn.stretch(&at, n) {
			v, _ := s.Get(k)
			sum += v
		}
		sink.Add(sum)
	}
}

// guardTargets compares the cost of a guard with that of two uncontended stores.
func guardTargets() []experiment {
	strategies := []struct {
		name   string
		new    func(strategy.Options) strategy.Strategy
		atMost float64
	}{{"epoch", strategy.Epoch, 1.3}, {"refcount", strategy.Refcount, 1.3}, {"asymmetric", strategy.Asymmetric, 0.35}, {"adaptive", strategy.Adaptive, 0.35}}
	e := experiment{name: "guard", prepare: func() func() figures {
		set := workloads.Uint64Keys(10_000, 1)
		drawn, t := drawLookups(set), bareTableOf(table.Builtin, set)
		loops := []loop{{"bare", bareLoop(t, drawn)}, {"stores", storedLoop(&stored{new(paddedWord), t}, drawn)}}
		for _, s := range strategies {
			r := filled(set, hashmap.WithStrategy(s.new)).NewReadHandle()
			loops = append(loops, loop{s.name, guarded(r, drawn)})
		}
		return func() figures { return inTurn(loops) }
	}}
	for _, s := range strategies {
		e.targets = append(e.targets, target{name: "strategy=" + s.name + "/over=two-stores", atMost: s.atMost, figure: func(f figures) float64 {
			return (f[s.name] - f["bare"]) / (f["stores"] - f["bare"])
		}})
	}
	for _, name := range []string{"bare", "stores"} {
		e.targets = append(e.targets, target{name: name, unit: "ns", figure: figure(name)})
	}
	two := experiment{name: "guard/readers=2", prepare: func() func() figures {
		set := workloads.Uint64Keys(10_000, 1)
		drawn := drawLookups(set)
		a := filled(set).NewReadHandle()
		loops := []loop{together("one", guarded(a, drawn)), together("two", guarded(a, drawn), guarded(a.Clone(), drawn))}
		return func() figures { return inTurn(loops) }
	}, targets: []target{{
		name: "strategy=epoch/over=one", atLeast: 1,
		figure: func(f figures) float64 { return 2 * f["one"] / f["two"] },
	}}}
	return []experiment{e, two}
}

// freeTargets compares lookups without handles with lookups in the bare table. Each has a table of
// its own, so all use the caches alike. Goroutines that use the same stripe of an indicator slow
// each other down. Two goroutines rarely do so, so two of them are compared with one.
func freeTargets() (all []experiment) {
	set := workloads.Uint64Keys(10_000, 1)
	for _, s := range []struct {
		name   string
		new    func(strategy.Options) strategy.Strategy
		atMost float64
	}{{"indicator", strategy.Indicator, 2}, {"collector", strategy.Collector, 1.05}} {
		shared := func() *hashmap.Shared[uint64, uint64] {
			m, err := filled(set, hashmap.WithStrategy(s.new)).Share()
			if err != nil {
				panic(err)
			}
			return m
		}
		all = append(all, experiment{
			name: "free/strategy=" + s.name,
			prepare: func() func() figures {
				drawn := drawLookups(set)
				loops := []loop{{"bare", bareLoop(bareTableOf(table.Builtin, set), drawn)}, {"free", free(shared(), drawn)}}
				return func() figures { return inTurn(loops) }
			},
			targets: []target{{name: "over=bare", atMost: s.atMost, figure: over("free", "bare")}},
		}, experiment{
			name: "free2/strategy=" + s.name,
			prepare: func() func() figures {
				m, drawn := shared(), drawLookups(set)
				loops := []loop{together("one", free(m, drawn)), together("two", free(m, drawn), free(m, drawn))}
				return func() figures { return inTurn(loops) }
			},
			targets: []target{{name: "over=one", figure: func(f figures) float64 { return 2 * f["one"] / f["two"] }}},
		})
	}
	return all
}

// tableTargets compares the best guarded lookup with the fastest bare table.
func tableTargets() (all []experiment) {
	for _, keys := range []int{10_000, 1_000_000} {
		fastest := func(f figures) float64 {
			return min(f["builtin"], f["swiss"], f["intmap"], f["flat"])
		}
		all = append(all, experiment{
			name: fmt.Sprintf("table/keys=%d", keys),
			prepare: func() func() figures {
				set := workloads.Uint64Keys(keys, 1)
				drawn := drawLookups(set)
				var loops []loop
				for _, t := range uint64Tables(keys) {
					at := 0
					loops = append(loops, loop{t.name, func(n int) { sink.Add(t.loop(advance(&at, n), n)) }})
				}
				r := filled(set, best...).NewReadHandle()
				loops = append(loops, loop{"get", guarded(r, drawn)}, loop{"held", held(r, drawn)})
				return func() figures { return inTurn(loops) }
			},
			targets: []target{
				{name: "guarded-get/over=fastest", atMost: 1.1, figure: func(f figures) float64 { return f["get"] / fastest(f) }},
				{name: "held-get/over=fastest", atMost: 1.1, figure: func(f figures) float64 { return f["held"] / fastest(f) }},
				{name: "guarded-get", unit: "ns", figure: figure("get")},
				{name: "fastest", unit: "ns", figure: fastest},
			},
		})
	}
	return all
}

// readTargets compares lookups by two goroutines with those of xsync.Map.
func readTargets() (all []experiment) {
	faster := func(name, a, b string, atLeast float64) target {
		return target{name: name, figure: over(b, a), atLeast: atLeast} // these are times, so the ratio of speeds is b/a
	}
	for keys, atLeast := range sizes(1, 1.15, 3) {
		targets := []target{faster("get/over=xsync", "get", "xsync", atLeast)}
		switch keys {
		case 10_000:
			targets = append(targets, faster("getmany/over=xsync", "many", "xsync", 1.4))
		case 1_000_000:
			targets = append(targets, faster("getmany/over=xsync", "many", "xsync", 4.5), faster("getmany/over=get", "many", "get", 1.5))
		}
		all = append(all, experiment{name: fmt.Sprintf("read-only/g=2/keytype=uint64/keys=%d", keys), targets: targets, prepare: func() func() figures {
			set := workloads.Uint64Keys(keys, 1)
			one, two := drawLookups(set), reversed(drawLookups(set))
			m := xsync.NewMap[uint64, uint64](xsync.WithPresize(keys))
			for i, k := range set.Keys {
				m.Store(k, uint64(i))
			}
			a := filled(set, best...).NewReadHandle()
			b := a.Clone()
			loops := []loop{
				together("get", guarded(a, one), guarded(b, two)),
				together("many", guardedMany(a, one), guardedMany(b, two)),
				together("xsync", loads(m, one), loads(m, two)),
			}
			return func() figures { return inTurn(loops) }
		}})
	}
	for keys, atLeast := range sizes(1, 1, 1) {
		all = append(all, experiment{
			name:    fmt.Sprintf("read-only/g=2/keytype=string/keys=%d", keys),
			targets: []target{faster("get/over=xsync", "get", "xsync", atLeast)},
			prepare: func() func() figures {
				set := workloads.StringKeys(keys, 1)
				one, two := drawLookups(set), reversed(drawLookups(set))
				m := xsync.NewMap[string, uint64](xsync.WithPresize(keys))
				for i, k := range set.Keys {
					m.Store(k, uint64(i))
				}
				a := filled(set, best...).NewReadHandle()
				b := a.Clone()
				loops := []loop{
					together("get", guardedString(a, one), guardedString(b, two)),
					together("xsync", loadsString(m, one), loadsString(m, two)),
				}
				return func() figures { return inTurn(loops) }
			},
		})
	}
	return all
}
