package report

import (
	"fmt"
	"math"
	"strings"

	"doublebuf/results"
)

// spreads says how much of what repetitions differ by hangs on the link, the process and
// the block. Of one link and one process there is nothing to split.
func spreads(b *strings.Builder, set *results.Set, standings []standing) {
	links, processes := set.Layers()
	if processes == 1 {
		return
	}
	b.WriteString("\n## Spread\n\nBy how much repetitions of a cell differ, as standard deviations: of links, of processes of one link, and of blocks of one process.")
	if links == processes {
		b.WriteString(" Every link had one process; what both cause stands under link.")
	}
	b.WriteString(" A dash stands where there was only one.\n\n")
	rows := [][]string{{"workload", "map", "link", "process", "block"}}
	for _, s := range standings {
		for _, r := range s.rows {
			v := r.group.Spread(s.unit)
			rows = append(rows, []string{describe(s.workload), r.impl, deviation(v.Link), deviation(v.Process), deviation(v.Block)})
		}
	}
	table(b, rows)
}

// deviation writes the standard deviation of a logarithm.
func deviation(x float64) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*x)
}
