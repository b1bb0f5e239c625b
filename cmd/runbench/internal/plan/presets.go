package plan

import (
	"fmt"
	"slices"
	"time"

	"doublebuf/analysis/stat"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/results"
	"doublebuf/workloads"
)

// Preset is a plan in terms of axes, and how long each map's check may record.
type Preset struct {
	Name, Doc string
	blocks    int
	extra     int           // blocks more for each throughput workload, on average, if most allows it
	most      time.Duration // that a plan without its checks takes; 0 is any
	time      time.Duration // of a cell
	slice     time.Duration // 0 measures each cell at once
	timed     int           // blocks with cells of staleness and latency; 0 is all
	latency   time.Duration // for which operations arrive in a latency cell
	Check     time.Duration // of recording histories, for each map
	keys      []int         // where -keys is not given
	sweeps    []sweep       // where no axis is given
	trace     string        // known, which is replayed besides
}

// RolesMix is the mix of staleness cells, and of the throughput cells beside them.
const RolesMix = "roles"

// A cell has cellTime in a block, in several slices. Two instances of a map differ by some per
// cent, because their seeds and addresses do, and only further blocks average over that. The rate
// in a slice with writes varies by about 20 % with how its workers happen to meet, however long
// the slice is, and only further slices average over that. So there are many short blocks, of a
// few short slices. With r50w50, four slices of 5 ms gave intervals 0.65 times as wide as one
// slice of 20 ms, in the same total time. (2 processors of an AMD EPYC, 13 runs of 25 s.)
const (
	cellTime = 20 * time.Millisecond
	slice    = cellTime / 4
)

// mainMixes are measured where no mix is asked for.
var mainMixes = []string{"read-only", "r95w5", "r50w50"}

// Presets returns all presets for a number of processors.
func Presets(procs int) []Preset {
	return []Preset{
		{
			Name: "smoke", Doc: "everything once, in about 20 seconds; too short for conclusions",
			blocks: 2, time: 10 * time.Millisecond, latency: 20 * time.Millisecond, Check: 100 * time.Millisecond,
			keys: []int{4 << 10}, sweeps: quickSweeps(procs, 4<<10),
		},
		{
			Name: "quick", Doc: "the main workloads, each with the maps that matter there; two and a half minutes on 2 processors",
			blocks: 10, extra: 29, most: 100 * time.Second, time: cellTime, slice: slice, timed: 7, latency: 100 * time.Millisecond, Check: 400 * time.Millisecond,
			keys: []int{16 << 10}, sweeps: quickSweeps(procs, 16<<10),
		},
		{
			Name: "standard", Doc: "the main maps where maps differ, and more mixes, goroutines, keys and distributions; 36 minutes",
			blocks: 18, extra: 8, most: 38 * time.Minute, time: cellTime, slice: slice, timed: 7, latency: 300 * time.Millisecond, Check: time.Second,
			keys: []int{64 << 10}, sweeps: standardSweeps(procs, 64<<10),
		},
		{
			Name: "full", Doc: "every map, mix, distribution, key and value type, every share of writes at every size, and a trace; hours",
			blocks: 20, extra: 8, time: cellTime, slice: slice, timed: 7, latency: 600 * time.Millisecond, Check: 2 * time.Second,
			keys: []int{64 << 10}, sweeps: fullSweeps(procs, 64<<10), trace: "defs",
		},
		{
			Name: "limits", Doc: "every strategy beside plain, xsync, syncmap and rwmutex: reads only, reads beside a writer, and more goroutines than processors; about 50 minutes",
			blocks: 16, extra: 8, time: cellTime, slice: slice, latency: 300 * time.Millisecond, Check: 500 * time.Millisecond,
			keys: []int{10_000}, sweeps: limitSweeps(),
		},
	}
}

// Fit makes plan, which is one of p with its controls, so short that it takes the time that p
// promises. It takes away extra blocks, and then blocks, down to the fewest that give intervals.
func (p Preset) Fit(plan *Plan) {
	extra, blocks := plan.Extra, plan.Blocks
	base := plan.Estimate() - plan.EstimateExtra(extra)
	switch room := p.most - base; {
	case p.most == 0 || plan.Estimate() <= p.most:
		return
	case room >= 0:
		plan.Extra = int(room / plan.EstimateExtra(1))
	default:
		plan.Extra = 0
		for plan.Blocks > stat.MinSamples && plan.Estimate() > p.most {
			plan.Blocks--
		}
		plan.LatencyBlocks = min(plan.LatencyBlocks, plan.Blocks)
	}
	plan.LeftOut = fmt.Sprintf("%d of %d extra blocks", extra-plan.Extra, extra)
	if plan.Blocks < blocks {
		plan.LeftOut += fmt.Sprintf(" and %d of %d blocks", blocks-plan.Blocks, blocks)
	}
}

// versionMixes read several keys that must be of one version, beside writes of every worker or of
// one.
var versionMixes = []string{"version2", "version10", "version100", "version2-roles", "version10-roles", "version100-roles"}

// curved are the mixes of which the presets measure how maps scale: without writes, and with few.
var curved = []string{"read-only", "r95w5"}

// quickSweeps has throughput by goroutines, by write share, against staleness, and on real input.
// How far maps scale it measures with the main maps only: one of each kind. It is short because
// it leaves out the least informative cells: publish policies without writes, the map that is
// published on demand where nothing demands it, mutex and rbmutex where rwmutex shows the same,
// and most maps on real input. The peers have one cell each.
func quickSweeps(procs, keys int) []sweep {
	one, most := 1, 2*procs
	k, p := []int{keys}, []int{procs}
	locks := families("mutex", "rbmutex")
	policies := mainly(1, 4096)
	fewer := anyOf(locks, peers)
	return []sweep{
		{kind: results.Throughput, mixes: mainMixes, keys: k, g: p, without: anyOf(fewer, onDemand)},
		{kind: results.Throughput, mixes: []string{"r95w5"}, keys: k, g: p, without: onDemand},
		{
			kind: results.Throughput, mixes: []string{"read-only"}, keys: k, g: []int{one, most},
			without: anyOf(fewer, onDemand, policies, scenery),
		},
		{kind: results.Throughput, mixes: curved, keys: k, g: goroutines(procs), only: leading},
		{kind: results.Throughput, mixes: []string{RolesMix}, keys: k, without: fewer},
		{kind: results.Throughput, mixes: []string{RolesMix}, keys: k, roles: filling(procs), only: leading},
		{
			kind: results.Throughput, mixes: []string{"first-seen"}, dists: []string{"source"}, keyTypes: []string{"ident"},
			keys: []int{min(keys, 16<<10)}, g: p, without: anyOf(fewer, onDemand, policies, families("sharded", "cow")),
		},
		{kind: results.Throughput, mixes: []string{"version10-roles"}, keys: k, only: anyOf(leading, families("immutable"), ofRole(kv.Floor))},
		{kind: results.Staleness, mixes: []string{RolesMix}, keys: k, without: fewer},
		{kind: results.Throughput, mixes: []string{RolesMix}, keys: k, only: timed},
		{kind: results.Staleness, mixes: []string{RolesMix}, keys: k, only: timed},
		{
			kind: results.Latency, mixes: []string{"r95w5"}, keys: k, g: p, loads: []int{70},
			only: anyOf(leading, ofRole(kv.Floor)),
		},
	}
}

// standardSweeps has every map that is not minor where maps differ most: read only, with 5 %
// writes, beside a separate writer, and with more goroutines than processors. The middle is
// zipf0.99 over the preset's number of uint64 keys, with as many goroutines as processors. Around
// it, standardSweeps varies one axis at a time, with one map of each kind. It leaves out the
// least informative cells: publish policies without writes, and maps that are alike. The map that
// is published on demand has cells only where staleness is measured.
func standardSweeps(procs, keys int) []sweep {
	k, p := []int{keys}, []int{procs}
	many, beside := 32*procs, []roles{{1, 1}, {4 * procs, 1}}
	fewer := anyOf(onDemand, alike)
	around := func(sw sweep, without ...selection) sweep { // one axis varied around the middle
		sw.kind, sw.g, sw.aside, sw.once, sw.without = results.Throughput, p, leaders, true, anyOf(append(without, fewer)...)
		return sw
	}
	return []sweep{
		{kind: results.Throughput, mixes: []string{"read-only"}, keys: k, g: []int{1, procs}, aside: doubleBuffers, once: true, without: onDemand},
		{kind: results.Throughput, mixes: []string{"read-only"}, keys: k, g: []int{2 * procs}, once: true, without: onDemand},
		{kind: results.Throughput, mixes: []string{"r95w5"}, keys: k, g: p, aside: doubleBuffers, without: onDemand},
		{kind: results.Throughput, mixes: []string{"r95w5"}, keys: k, g: []int{1, 2 * procs, many}, aside: doubleBuffers, once: true, without: onDemand},
		{kind: results.Throughput, mixes: []string{"r50w50"}, keys: k, g: p, aside: doubleBuffers, once: true, without: onDemand},
		{kind: results.Throughput, mixes: []string{"r99w1", "r75w25", "r50w50", "write-only"}, keys: k, g: p, without: onDemand},
		{kind: results.Throughput, mixes: curved, keys: k, g: goroutines(procs), once: true, without: fewer},
		{kind: results.Throughput, mixes: []string{RolesMix}, keys: k, roles: beside, aside: doubleBuffers},
		{kind: results.Throughput, mixes: []string{RolesMix}, keys: k, roles: filling(procs), once: true, without: fewer},
		{kind: results.Staleness, mixes: []string{RolesMix}, keys: k, roles: beside[:1], aside: doubleBuffers},
		{
			kind: results.Staleness, mixes: []string{RolesMix}, keys: k, roles: beside[1:],
			only: anyOf(mainly(), timed, bounded(64), families("syncmap", "xsync", "rwmutex")),
		},
		around(sweep{mixes: mainMixes, keys: []int{1 << 10}}),
		around(sweep{mixes: mainMixes, keys: []int{1 << 20}}, families("cow", "immutable")),
		around(sweep{mixes: []string{"r95w5"}, dists: []string{"uniform"}, keys: k}),
		around(sweep{mixes: []string{"read-only", "r95w5"}, keyTypes: []string{"string"}, keys: k}),
		around(sweep{mixes: []string{"r95w5"}, keyTypes: []string{"uint64-wide"}, keys: k}),
		around(sweep{mixes: []string{"ycsb-a", "r95w5-bursts", "walk-roles"}, keys: k}),
		{kind: results.Throughput, mixes: versionMixes, keys: k, g: p, aside: leaders, once: true, without: anyOf(onDemand, mixing)},
		around(sweep{mixes: []string{"ycsb-d"}, dists: []string{"latest"}, keys: k}),
		around(sweep{mixes: []string{"first-seen"}, dists: []string{"source"}, keyTypes: []string{"ident"}, keys: []int{16 << 10}}, families("cow")),
		{kind: results.Latency, mixes: []string{"r95w5"}, keys: k, g: []int{procs, 4 * procs, many}, loads: []int{70}, only: anyOf(punctual, waiting)},
		{kind: results.Latency, mixes: []string{"r95w5"}, keys: k, g: p, loads: []int{90}, only: punctual},
		{ // a stall of half the time leaves half to catch up
			kind: results.Latency, mixes: []string{"r95w5-stall"}, keys: k, g: p, loads: []int{25},
			only: anyOf(mainly(64), bounded(64), families("xsync", "rwmutex")),
		},
	}
}

// fullSweeps adds to standardSweeps what is left of each axis, the whole plane of sizes and
// shares of writes, and the peers that no other preset measures.
func fullSweeps(procs, keys int) []sweep {
	k, p := []int{keys}, []int{procs}
	pair := []string{"read-only", "r95w5"}
	shares := append([]string{"r99w1", "r90w10", "r75w25", "write-only"}, mainMixes...)
	return append(standardSweeps(procs, keys), []sweep{
		{kind: results.Throughput, mixes: mainMixes, keys: k, g: p, only: minor},
		{kind: results.Throughput, mixes: []string{RolesMix}, keys: k, only: minor},
		{kind: results.Throughput, mixes: shares, keys: []int{1 << 10, 1 << 20}, g: p},
		{kind: results.Throughput, mixes: pair, dists: []string{"zipf0.5", "zipf1.2", "hotspot80-20", "latest", "sequential", "one"}, keys: k, g: p},
		{kind: results.Throughput, mixes: pair, keyTypes: furtherKeyTypes(), keys: k, g: p},
		{
			kind: results.Throughput, keys: k, g: p,
			mixes: append([]string{"read-hits", "read-misses", "clear", "retain", "read-heavy", "exchange", "ycsb-b", "ycsb-c", "ycsb-f"}, versionMixes...),
		},
		{kind: results.Throughput, mixes: []string{"ycsb-d"}, dists: []string{"latest"}, keys: []int{1 << 20}, g: p},
		{kind: results.Throughput, mixes: []string{"ycsb-e"}, keys: k, g: p},
		{kind: results.Throughput, mixes: []string{"rapid-grow"}, dists: []string{"sequential"}, keys: []int{1 << 20}, g: p},
	}...)
}

// furtherKeyTypes are the key types that standard does not measure, except real input.
func furtherKeyTypes() (names []string) {
	for _, t := range workloads.KeyTypes() {
		if !t.Real && !slices.Contains([]string{"uint64", "string", "uint64-wide"}, t.Name) {
			names = append(names, t.Name)
		}
	}
	return names
}

// limitSweeps has every strategy beside the yardsticks, at three sizes. It leaves out cells that
// show the same. Without writes, a strategy has one publish policy. With more goroutines than
// processors, a strategy is published every 64 writes, or waits for a bounded time only. Strings
// have one size.
func limitSweeps() []sweep {
	sizes := []int{1_000, 10_000, 1_000_000}
	types := []string{"uint64", "string"}
	read := sweep{
		kind: results.Throughput, mixes: []string{"read-only"}, dists: []string{"uniform"}, keyTypes: types,
		keys: sizes, g: []int{1, 2}, only: anyOf(yardsticks, published()), once: true,
	}
	pair := read
	pair.mixes, pair.roles, pair.once = []string{RolesMix}, []roles{{1, 1}}, false
	crowded := pair
	crowded.roles, crowded.keyTypes = []roles{{2, 1}, {8, 1}, {64, 1}}, types[:1]
	crowded.only = anyOf(yardsticks, families("cow"), published(64), bounded(1))
	strings := crowded
	strings.keyTypes, strings.keys = types[1:], sizes[1:2]
	return []sweep{read, pair, crowded, strings}
}

// goroutines returns 1, 2, 4 … up to the processors, and twice the processors. More goroutines
// than processors are the normal case in Go.
func goroutines(procs int) []int {
	var all []int
	for g := 1; g < procs; g *= 2 {
		all = append(all, g)
	}
	return append(all, procs, 2*procs)
}

// filling returns the readers and writers that fill the processors, apart from one of each: all
// readers but one writer, and half of each.
func filling(procs int) (all []roles) {
	if procs > 2 {
		all = append(all, roles{procs - 1, 1})
	}
	if procs > 3 {
		all = append(all, roles{procs / 2, procs / 2})
	}
	return all
}

// FindPreset returns the preset of that name for a number of processors.
func FindPreset(name string, procs int) (Preset, error) {
	var known []string
	for _, p := range Presets(procs) {
		if p.Name == name {
			return p, nil
		}
		known = append(known, p.Name)
	}
	return Preset{}, exit.With(exit.Usage, names.Unknown("preset", name, known))
}

// Plan returns the plan of p for the maps and axes of a. It has all combinations of the axes that
// are given, or the preset's own choice if none is given. A map is left out of a workload that it
// does not support. It is an error if no map supports a workload, or if a map that a names supports
// none.
func (p Preset) Plan(a Axes, maps []kv.Entry, procs int) (Plan, error) {
	everything, err := PickMaps(maps, a.Impl)
	if err != nil {
		return Plan{}, err
	}
	maps = everything
	if len(a.Impl) == 0 {
		maps = slices.DeleteFunc(slices.Clone(maps), func(e kv.Entry) bool { return e.Aside })
	}
	plan := Plan{Blocks: p.blocks, Time: Duration(p.time), Slice: Duration(p.slice), LatencyTime: Duration(p.latency), Procs: procs}
	if plan.Trace, err = a.withTrace(); err != nil {
		return Plan{}, err
	}
	sweeps := p.sweeps
	switch {
	case a.Given():
		sweeps = a.sweeps(p.keys, plan.Procs)
	case p.trace != "":
		replayed := Axes{Trace: workloads.TraceInput{Name: p.trace, Format: "plain"}, G: []int{procs}}
		if plan.Trace, err = replayed.withTrace(); err != nil {
			return Plan{}, err
		}
		sweeps = slices.Concat(sweeps, replayed.sweeps(nil, procs))
	}
	refused := map[string]error{}
	for _, sw := range sweeps {
		if err := sw.expand(&plan, sw.among(maps, everything), refused); err != nil {
			return Plan{}, err
		}
	}
	plan.Extra = p.extra * len(plan.Workloads())
	if len(plan.Staleness)+len(plan.Latency) > 0 {
		plan.LatencyBlocks = p.timed
	}
	if len(plan.Latency) == 0 {
		plan.LatencyTime = 0
	}
	for _, name := range a.Impl {
		used := func(c Cell) bool { return c.Impl == name }
		if !slices.ContainsFunc(plan.Cells, used) && refused[name] != nil {
			return Plan{}, exit.With(exit.Usage, refused[name])
		}
	}
	return plan, nil
}
