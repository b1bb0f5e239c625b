package plan

import (
	"errors"
	"iter"
	"slices"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/results"
	"doublebuf/workloads"
)

// sweep is all combinations of some values of each axis. Axes that are empty hold what
// most sweeps have: zipf0.99, uint64, one reader and one writer.
type sweep struct {
	kind     results.Kind
	mixes    []string
	dists    []string
	keyTypes []string
	keys     []int
	procs    []int     // GOMAXPROCS; if empty, that of the plan
	g        []int     // for mixes without roles; if empty, as many as GOMAXPROCS
	roles    []roles   // for mixes with them
	loads    []int     // of latency cells
	aside    selection // maps that take part only if named; nil is none
	once     bool      // each map in one publish policy: every 64 writes, if it has that one
	without  selection // maps that are left out; nil is none
	only     selection // if not nil, the maps that take part, including those that take part only if named
}

// among returns the maps of everything that take part; maps are those that take part in a run
// without being asked for.
func (sw sweep) among(maps, everything []kv.Entry) (all []kv.Entry) {
	for _, e := range everything {
		takes := sw.only
		if takes == nil {
			takes = func(e kv.Entry) bool {
				asked := slices.ContainsFunc(maps, func(m kv.Entry) bool { return m.Name == e.Name })
				return (asked || sw.aside.has(e)) && !sw.without.has(e)
			}
		}
		if takes(e) && !(sw.once && repeats(e, everything)) {
			all = append(all, e)
		}
	}
	return all
}

// repeats reports whether e has a publish policy, and everything has the same map published every
// 64 writes.
func repeats(e kv.Entry, everything []kv.Entry) bool {
	usual := kv.Policy{Every: 64}
	return e.Policy != kv.Policy{} && e.Policy != usual && slices.ContainsFunc(everything, func(other kv.Entry) bool {
		return other.Kind() == e.Kind() && other.Policy == usual
	})
}

// Axes holds the values of axes. An axis that is empty was not given.
type Axes struct {
	Impl, Mix, Dist, KeyType  []string
	Keys, G, Readers, Writers []int
	Procs                     []int                // GOMAXPROCS
	Loads                     []int                // for which there are latency cells
	Trace                     workloads.TraceInput // none if it has no name
}

// roles is a number of readers and of writers.
type roles struct{ readers, writers int }

// Given reports whether a has an axis other than the maps.
func (a Axes) Given() bool {
	return len(a.Mix)+len(a.Dist)+len(a.KeyType)+
		len(a.Keys)+len(a.G)+len(a.Readers)+len(a.Writers)+len(a.Procs)+len(a.Loads) > 0 || a.Trace.Name != ""
}

// withTrace gives the axes that are not given the values that belong to the trace of a. It returns
// the trace, or nil if there is none.
func (a *Axes) withTrace() (*workloads.TraceInput, error) {
	if a.Trace.Name == "" {
		return nil, nil
	}
	t, err := LoadTrace(&a.Trace)
	if err != nil {
		return nil, err
	}
	if len(a.Keys) > 0 {
		return nil, exit.Usagef("run: -keys beside -trace; want one of them, because a trace is replayed with all of its keys")
	}
	a.Keys = []int{len(t.Names)}
	a.KeyType = or(a.KeyType, t.KeyType())
	a.Dist = or(a.Dist, a.Trace.Dist())
	if len(a.Readers)+len(a.Writers) == 0 {
		a.Mix = or(a.Mix, "replay")
	}
	return &a.Trace, nil
}

// sweeps returns all combinations of the axes. If axes are not given they are mainMixes, keys, and
// 1, 2, 4 … goroutines. If procs is given, there are as many goroutines as processors, as in go
// test -cpu. If readers or writers are given the mix is roles.
func (a Axes) sweeps(keys []int, procs int) []sweep {
	sw := sweep{
		kind: results.Throughput, mixes: mainMixes, keys: keys, g: goroutines(procs),
		dists: a.Dist, keyTypes: a.KeyType, procs: a.Procs,
	}
	if len(a.Procs) > 0 {
		sw.g = nil
	}
	if len(a.Readers)+len(a.Writers) > 0 {
		sw.mixes = []string{RolesMix}
	}
	replace(&sw.mixes, a.Mix)
	replace(&sw.keys, a.Keys)
	replace(&sw.g, a.G)
	for _, r := range or(a.Readers, 1) {
		for _, w := range or(a.Writers, 1) {
			sw.roles = append(sw.roles, roles{r, w})
		}
	}
	all := []sweep{sw}
	if slices.Contains(sw.mixes, RolesMix) {
		stale := sw
		stale.kind, stale.mixes = results.Staleness, []string{RolesMix}
		all = append(all, stale)
	}
	if len(a.Loads) > 0 {
		late := sw
		late.kind, late.loads = results.Latency, a.Loads
		all = append(all, late)
	}
	return all
}

func replace[T any](axis *[]T, values []T) {
	if len(values) > 0 {
		*axis = values
	}
}

func or[T any](values []T, otherwise T) []T {
	if len(values) == 0 {
		return []T{otherwise}
	}
	return values
}

// expand appends the sweep's cells to plan, except those that plan has already. It notes in refused
// why a map was left out.
func (sw sweep) expand(plan *Plan, maps []kv.Entry, refused map[string]error) error {
	if len(maps) == 0 {
		return nil
	}
	list := plan.List(sw.kind)
	for c := range sw.workloads(plan.Procs) {
		any := false
		for _, e := range maps {
			c.Impl = e.Name
			if err := fits(*plan, sw.kind, c, e); err != nil {
				refused[e.Name] = err
				continue
			}
			any = true
			if !slices.Contains(*list, c) {
				*list = append(*list, c)
			}
		}
		if err := refused[maps[0].Name]; !any && err != nil && sw.kind == results.Throughput {
			return exit.With(exit.Usage, err)
		}
	}
	return nil
}

// fits returns why e cannot run the cell; nil if it can.
func fits(plan Plan, kind results.Kind, c Cell, e kv.Entry) error {
	alone := Plan{Blocks: plan.Blocks, Time: plan.Time, LatencyTime: plan.LatencyTime, Procs: plan.Procs, Trace: plan.Trace}
	*alone.List(kind) = []Cell{c}
	err := alone.Validate([]kv.Entry{e})
	if err != nil && errors.Unwrap(err) != nil {
		return errors.Unwrap(err) // without its place, because the user wrote no plan
	}
	return err
}

// workloads iterates over the combinations of all axes but the maps, for a plan with that
// GOMAXPROCS. Those that share keys and distribution stand together.
func (sw sweep) workloads(procs int) iter.Seq[Cell] {
	return func(yield func(Cell) bool) {
		for _, keyType := range or(sw.keyTypes, "uint64") {
			for _, keys := range sw.keys {
				for _, dist := range or(sw.dists, "zipf0.99") {
					for _, mix := range sw.mixes {
						for _, w := range sw.workers(mix, procs) {
							for _, load := range or(sw.loads, 0) {
								w.Mix, w.Dist, w.KeyType, w.Keys, w.Load = mix, dist, keyType, keys, load
								if !yield(w) {
									return
								}
							}
						}
					}
				}
			}
		}
	}
}

// workers returns cells with only the numbers of workers and of processors for a mix, in a plan
// with that GOMAXPROCS.
func (sw sweep) workers(mix string, procs int) (all []Cell) {
	m, known := workloads.FindMix(mix)
	for _, p := range or(sw.procs, procs) {
		other := p
		if p == procs {
			other = 0 // that of the plan
		}
		if known && m.Roles {
			for _, r := range or(sw.roles, roles{1, 1}) {
				all = append(all, Cell{Readers: r.readers, Writers: r.writers, Procs: other})
			}
			continue
		}
		for _, g := range or(sw.g, p) {
			all = append(all, Cell{G: g, Procs: other})
		}
	}
	return all
}
