package report

import (
	"fmt"
	"slices"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/results"
)

// family is workloads that differ only in their keys.
type family struct {
	id  results.ID // without keys
	all []*analysis.Standing
}

func familiesOf(standings []*analysis.Standing) (all []family) {
	for _, s := range standings {
		id := s.Workload
		id.Keys, id.KeyType = 0, ""
		i := slices.IndexFunc(all, func(f family) bool { return f.id == id })
		if i < 0 {
			i = len(all)
			all = append(all, family{id: id})
		}
		all[i].all = append(all[i].all, s)
	}
	return slices.DeleteFunc(all, func(f family) bool { return len(f.all) < 2 })
}

// ratios compares each map with each yardstick, by number and type of keys, where workloads differ
// in these.
func ratios(d *export.Document, run *analysis.Run) {
	families := familiesOf(run.Standings)
	if len(families) == 0 {
		return
	}
	d.Add(title("Ratios"), export.Line("Each map's rate as a multiple of another map's: the median of the ratios within a block, with its 95 % interval if there are enough blocks. "+
		"Bold is conclusive, and more than the layout of one build can cause. Reads may be stale on maps whose level is not linearizable. On the others they are always fresh."))
	for _, f := range families {
		for _, unit := range f.all[0].Units() {
			for _, yardstick := range analysis.Yardsticks {
				f.ratios(d, unit, yardstick)
			}
		}
	}
}

// ratios adds the ratios to one yardstick, or nothing if it was not measured.
func (f family) ratios(d *export.Document, unit string, yardstick analysis.Yardstick) {
	columns, rows := []string{"map"}, map[string][]string{}
	var impls []string
	name, blocks := "", 0
	for _, s := range f.all {
		of := s.Yardstick(yardstick)
		if of == nil {
			continue
		}
		name = of.Impl
		columns = append(columns, results.FormatKeys(s.Workload.Keys)+" "+s.Workload.KeyType)
		for _, r := range s.Rows {
			if r == of || r.Floor || r.Mixes {
				continue
			}
			if rows[r.Impl] == nil {
				impls = append(impls, r.Impl)
			}
			text := "not compared"
			if e := s.EffectIn(r, of, unit); r.Verdict.Outcome != results.Illegal && e.N > 0 {
				blocks = max(blocks, e.N)
				text = export.Strong(digits(e.Median)+interval(e.Summary, digits), e.Lasting())
			}
			for len(rows[r.Impl]) < len(columns)-2 { // points at which it was not measured
				rows[r.Impl] = append(rows[r.Impl], "")
			}
			rows[r.Impl] = append(rows[r.Impl], text)
		}
	}
	if blocks == 0 {
		return
	}
	slices.Sort(impls)
	t := export.Table{Columns: columns}
	for _, impl := range impls {
		cells := append([]string{impl}, rows[impl]...)
		for len(cells) < len(columns) {
			cells = append(cells, "")
		}
		t.Rows = append(t.Rows, cells)
	}
	d.Add(export.Heading{Level: 3, Text: fmt.Sprintf("%s: %s, %s over %s's, n = %d", f.id.Mix, f.workers(), unit, name, blocks)}, t)
}

func (f family) workers() string {
	return f.id.Dist + ", " + analysis.DescribeWorkers(f.id)
}
