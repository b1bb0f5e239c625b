package plan

import (
	"slices"

	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// controlMap is the family of the A/A control in plans that have it. It is fast and its writes
// wait for no reader, so differences between its cells come from the machine.
const controlMap = "xsync"

// controlMixes is in how many mixes the control is measured.
const controlMixes = 3

// AddControls adds to plan the cells that every run needs to judge its figures: a cell of the
// floor in each mix, and in some mixes a twin of one map. Each comes after all other cells of its
// workload, so a twin is as far from its original as any map.
func AddControls(plan *Plan, maps []kv.Entry) {
	var mixes []string
	for _, c := range plan.Cells {
		if !slices.Contains(mixes, c.Mix) {
			mixes = append(mixes, c.Mix)
		}
	}
	original := originalOf(plan, maps)
	isFloor := func(e kv.Entry) bool { return e.Kind().Role == kv.Floor }
	twins := 0
	for _, mix := range mixes {
		hasFloor := slices.ContainsFunc(plan.Cells, func(c Cell) bool {
			e, known := FindMap(maps, c.Impl)
			return c.Mix == mix && known && isFloor(e)
		})
		if i := slices.IndexFunc(maps, isFloor); i >= 0 && !hasFloor {
			addBehind(plan, maps, mix, "", maps[i].Name)
		}
		if twins < controlMixes && addBehind(plan, maps, mix, original, results.Twin(original)) {
			twins++
		}
	}
}

// originalOf returns the name of the map of plan to measure twice. It is controlMap, or else the
// first linearizable map that many goroutines can read and write, or else the first map.
func originalOf(plan *Plan, maps []kv.Entry) string {
	has := func(e kv.Entry) bool {
		return slices.ContainsFunc(plan.Cells, func(c Cell) bool { return c.Impl == e.Name })
	}
	isControl := func(e kv.Entry) bool { return e.Kind().Family == controlMap && has(e) }
	if i := slices.IndexFunc(maps, isControl); i >= 0 {
		return maps[i].Name
	}
	first := ""
	for _, e := range maps {
		switch {
		case !has(e) || e.Broken || e.Level == kv.None:
		case e.Level == kv.Linearizable && e.Caps.Has(kv.Concurrent|kv.Writes):
			return e.Name
		case first == "":
			first = e.Name
		}
	}
	return first
}

// addBehind adds a cell of impl behind the last one of a workload of the mix that the map
// like is measured in, or any map if like is "". Of several workloads it takes one with as
// many goroutines as processors. It reports whether there is one that impl fits.
func addBehind(plan *Plan, maps []kv.Entry, mix, like, impl string) bool {
	var at *Cell
	for i, c := range plan.Cells {
		if c.Mix != mix || like != "" && c.Impl != like {
			continue
		}
		if full := c.G+c.Readers+c.Writers == plan.Procs; at == nil || full {
			at = &plan.Cells[i]
			if full {
				break
			}
		}
	}
	if at == nil {
		return false
	}
	add := *at
	last := 0
	for i, c := range plan.Cells {
		if c.Impl = add.Impl; c == add {
			last = i
		}
	}
	add.Impl = impl
	of, _ := results.Original(impl)
	e, err := PickMaps(maps, []string{of})
	if err != nil || fits(*plan, results.Throughput, add, e[0]) != nil {
		return false
	}
	plan.Cells = slices.Insert(plan.Cells, last+1, add)
	return true
}
