package report

import (
	"fmt"
	"slices"
	"strings"

	"doublebuf/analysis"
	"doublebuf/results"
)

// A family is workloads that differ in nothing but their keys.
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

// ratios writes how fast each map is as a multiple of each yardstick, by sizes and types of keys, where
// workloads differ in these.
func ratios(b *strings.Builder, standings []*analysis.Standing) {
	families := familiesOf(standings)
	if len(families) == 0 {
		return
	}
	b.WriteString("\n## Ratios\n\nEach map's rate as a multiple of another's: the median of the blocks' ratios, with its 95 % interval if there are enough blocks. " +
		"Bold is what is a claim. Maps whose level is not linearizable may have stale reads, which the others have not.\n")
	for _, f := range families {
		for _, unit := range f.all[0].Units() {
			for _, yardstick := range analysis.Yardsticks {
				f.table(b, unit, yardstick)
			}
		}
	}
}

// table writes the ratios to one yardstick, or nothing if that is not there.
func (f family) table(b *strings.Builder, unit string, yardstick analysis.Yardstick) {
	heading, rows := []string{"map"}, map[string][]string{}
	var impls []string
	name, blocks := "", 0
	for _, s := range f.all {
		of := s.Yardstick(yardstick)
		if of == nil {
			continue
		}
		name = of.Impl
		heading = append(heading, results.FormatKeys(s.Workload.Keys)+" "+s.Workload.KeyType)
		for _, r := range s.Rows {
			if r == of || r.Floor {
				continue
			}
			if rows[r.Impl] == nil {
				impls = append(impls, r.Impl)
			}
			text := "not compared"
			if m := s.EffectIn(r, of, unit); r.Verdict.Outcome != results.Illegal && m.N > 0 {
				blocks = max(blocks, m.N)
				text = digits(m.Median) + interval(m.Summary, digits)
				text = bold(text, m.Conclusive)
			}
			for len(rows[r.Impl]) < len(heading)-2 { // points at which it was not measured
				rows[r.Impl] = append(rows[r.Impl], "")
			}
			rows[r.Impl] = append(rows[r.Impl], text)
		}
	}
	if blocks == 0 {
		return
	}
	slices.Sort(impls)
	all := [][]string{heading}
	for _, impl := range impls {
		cells := append([]string{impl}, rows[impl]...)
		for len(cells) < len(heading) {
			cells = append(cells, "")
		}
		all = append(all, cells)
	}
	fmt.Fprintf(b, "\n### %s: %s, %s over %s's, n = %d\n\n", f.id.Mix, f.workers(), unit, name, blocks)
	table(b, all)
}

func (f family) workers() string {
	_, workers, _ := strings.Cut(analysis.Describe(f.id), " keys, ")
	return f.id.Dist + ", " + workers
}
