package plan

import (
	"slices"

	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// controlMap is the family of the A/A control in workloads that have it. It is fast and its writes
// wait for no reader, so differences between its cells come from the machine.
const controlMap = "xsync"

// AddControls adds to plan the cells that every run needs to judge its figures: in each workload a
// twin of one map, and in each mix a cell of the floor. Each comes after all other cells of its
// workload, so a twin is as far from its original as any map.
func AddControls(plan *Plan, maps []kv.Entry) {
	for _, w := range plan.workloads() {
		if original := originalOf(plan, maps, w); original != "" {
			addBehind(plan, w, results.Twin(original))
		}
	}
	isFloor := func(e kv.Entry) bool { return e.Kind().Role == kv.Floor }
	i := slices.IndexFunc(maps, isFloor)
	if i < 0 {
		return
	}
	for mix, w := range plan.fullest() {
		has := slices.ContainsFunc(plan.Cells, func(c Cell) bool {
			e, known := FindMap(maps, c.Impl)
			return c.Mix == mix && known && isFloor(e)
		})
		if !has && fits(*plan, results.Throughput, w.with(maps[i].Name), maps[i]) == nil {
			addBehind(plan, w, maps[i].Name)
		}
	}
}

// with returns a cell of the map in the workload of c.
func (c Cell) with(impl string) Cell {
	c.Impl = impl
	return c
}

// workloads returns the workloads of the throughput cells, as cells without a map, in the order in
// which they first appear.
func (p *Plan) workloads() (all []Cell) {
	for _, c := range p.Cells {
		if w := c.with(""); !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return all
}

// fullest returns for each mix the first workload with as many workers as the plan's processors, or
// else the first one.
func (p *Plan) fullest() map[string]Cell {
	best := map[string]Cell{}
	full := func(c Cell) bool { return c.Procs == 0 && c.G+c.Readers+c.Writers == p.Procs }
	for _, w := range p.workloads() {
		if b, known := best[w.Mix]; !known || !full(b) && full(w) {
			best[w.Mix] = w
		}
	}
	return best
}

// originalOf returns the name of the map to measure twice in a workload. It is controlMap, or else
// the first linearizable map that many goroutines can read and write, or else the first map. It is
// "" if the workload has no map of which that says something.
func originalOf(plan *Plan, maps []kv.Entry, workload Cell) string {
	first := ""
	for _, e := range maps {
		switch {
		case !slices.Contains(plan.Cells, workload.with(e.Name)):
		case e.Kind().Family == controlMap:
			return e.Name
		case e.Broken || e.Level == kv.None:
		case first == "":
			first = e.Name
		}
	}
	for _, e := range maps {
		if e.Level == kv.Linearizable && e.Caps.Has(kv.Concurrent|kv.Writes) && !e.Broken && slices.Contains(plan.Cells, workload.with(e.Name)) {
			return e.Name
		}
	}
	return first
}

// addBehind adds a cell of impl behind the last one of a workload.
func addBehind(plan *Plan, workload Cell, impl string) {
	last := 0
	for i, c := range plan.Cells {
		if c.with("") == workload {
			last = i
		}
	}
	plan.Cells = slices.Insert(plan.Cells, last+1, workload.with(impl))
}
