package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"doublebuf/analysis"
	"doublebuf/results"
)

// summaryColumns is how many workloads fit beside the verdicts on a terminal.
const summaryColumns = 4

// Summary writes a table for the terminal: every map with its verdict, and its
// throughput in the first workloads of the run.
func Summary(w io.Writer, run *analysis.Run) error {
	standings := run.Standings[:min(len(run.Standings), summaryColumns)]
	var b strings.Builder
	c := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(c, "map\tlevel\tverdict")
	for _, s := range standings {
		fmt.Fprint(c, "\t"+s.Workload.Mix)
	}
	fmt.Fprint(c, "\n\t\t")
	for _, s := range standings {
		fmt.Fprint(c, "\t"+workersOf(s.Workload))
	}
	fmt.Fprint(c, "\n")
	for _, impl := range run.Maps() {
		v := run.Verdict(impl)
		fmt.Fprintf(c, "%s\t%s\t%s", impl, v.Level, Label(v))
		for _, s := range standings {
			fmt.Fprint(c, "\t"+median(s, impl))
		}
		fmt.Fprint(c, "\n")
	}
	c.Flush()
	if len(standings) > 0 {
		figures := "Medians"
		if run.Processes > 1 {
			figures = "Means over the processes of their medians"
		}
		fmt.Fprintf(&b, "\n%s, in operations a second (of readers alone: reads a second).\n", figures)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// median returns the median of a map, or a dash if it has no cell.
func median(s *analysis.Standing, impl string) string {
	for _, r := range s.Rows {
		if r.Impl == impl {
			return number(r.Summary.Median)
		}
	}
	return "-"
}

func workersOf(w results.ID) string {
	if w.G > 0 {
		return fmt.Sprintf("g=%d", w.G)
	}
	return fmt.Sprintf("r=%d w=%d", w.Readers, w.Writers)
}
