package report

import (
	"fmt"
	"math"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
)

// spreads says how much of what repetitions differ by hangs on the link, the process and
// the block. Of one link and one process there is nothing to split.
func spreads(b *strings.Builder, run *analysis.Run, standings []*analysis.Standing) {
	links, processes := run.Links, run.Processes
	if processes == 1 {
		return
	}
	b.WriteString("\n## Spread\n\nBy how much repetitions of a cell differ, as standard deviations: of links, of processes of one link, and of blocks of one process; first of the map's own figure, then of its margin against the first, which what slows down both leaves alone.")
	if links == processes {
		b.WriteString(" Every link had one process; what both cause stands under link.")
	}
	b.WriteString(" A dash stands where there was only one.\n\n")
	rows := [][]string{{"workload", "map", "link", "process", "block", "margin: link", "process", "block"}}
	for _, s := range standings {
		first := s.Contenders
		for _, r := range s.Rows {
			row := append([]string{analysis.Describe(s.Workload), r.Impl}, deviations(r.Group.Spread(s.Unit))...)
			if len(first) == 0 || first[0].Impl == r.Impl {
				row = append(row, "", "", "")
			} else {
				row = append(row, deviations(s.SpreadOfRatio(r, first[0]))...)
			}
			rows = append(rows, row)
		}
	}
	table(b, rows)
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
