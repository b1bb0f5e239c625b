package report

import (
	"fmt"
	"math"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/analysis/stat"
)

// spreads adds how much of the spread of values comes from the link, the process and the
// block. If there is one process, there is nothing to split.
func spreads(d *export.Document, run *analysis.Run) {
	if run.Processes == 1 {
		return
	}
	text := "How much the values of one cell differ, as standard deviations: between links, between processes of one link, and between blocks of one process. The first three columns are of the map's own figure. The last three columns are of its ratio to the first map. What slows both maps down alike does not change the ratio."
	if run.Links == run.Processes {
		text += " Every link had one process, so the column link holds the effect of both."
	}
	text += " A dash means that there was only one."
	t := export.Table{Columns: []string{"workload", "map", "link", "process", "block", "ratio: link", "ratio: process", "ratio: block"}}
	for _, s := range run.Standings {
		for _, r := range s.Rows {
			row := append([]string{run.Describe(s.Workload), r.Impl}, deviations(r.Group.Spread(s.Unit))...)
			if len(s.Contenders) == 0 || s.Contenders[0] == r {
				row = append(row, "", "", "")
			} else {
				row = append(row, deviations(s.SpreadOfRatio(r, s.Contenders[0]))...)
			}
			t.Rows = append(t.Rows, row)
		}
	}
	d.Add(title("Spread"), export.Line(text), t)
}

// deviations writes the standard deviations of a logarithm.
func deviations(s stat.Spread) (cells []string) {
	for _, x := range []float64{s.Link, s.Process, s.Block} {
		if math.IsNaN(x) {
			cells = append(cells, "-")
		} else {
			cells = append(cells, fmt.Sprintf("%.1f %%", 100*x))
		}
	}
	return cells
}
