package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"doublebuf/analysis"
	"doublebuf/results"
)

// Trust writes, for the terminal, what the harness costs in each mix and the grade of the
// run with what it hangs on.
func Trust(w io.Writer, run *analysis.Run) error {
	var b strings.Builder
	var floors []string
	seen := map[string]bool{}
	for _, s := range run.Standings {
		for _, r := range s.Rows {
			if r.Floor && !seen[s.Workload.Mix] {
				seen[s.Workload.Mix] = true
				floors = append(floors, s.Workload.Mix+" "+nanoseconds(r.Group.SecondsPerOp()))
			}
		}
	}
	if len(floors) > 0 {
		fmt.Fprintf(&b, "Harness floor, ns of processor time an operation: %s.\n", strings.Join(floors, ", "))
	}
	if g := run.Grade; g.Letter != "" {
		fmt.Fprintf(&b, "\ngrade %s\n", g.Letter)
		columns := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, p := range g.Parts {
			fmt.Fprintf(columns, "  %s\t%s\t%s\n", p.Letter, p.What, p.Found)
		}
		columns.Flush()
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// machine says how far the run is to be trusted, and what was found out about the machine.
func machine(b *strings.Builder, run *analysis.Run) {
	g := run.Grade
	if g.Letter == "" {
		return
	}
	fmt.Fprintf(b, "\n## Grade\n\n%s\n\n", strings.ReplaceAll(analysis.GradeRule, "\n", " "))
	rows := [][]string{{"what", "found", "grade"}}
	for _, p := range g.Parts {
		rows = append(rows, []string{p.What, p.Found, string(p.Letter)})
	}
	table(b, append(rows, []string{"the run", "", "**" + string(g.Letter) + "**"}))
	control(b, run.Control)
	for i, s := range run.Manifest.Sittings {
		title := "The machine"
		if len(run.Manifest.Sittings) > 1 {
			title = fmt.Sprintf("The machine, sitting %d", i+1)
		}
		fmt.Fprintf(b, "\n### %s\n\n", title)
		rows := [][]string{{"when", "what", "state", "found", "right would be"}}
		for _, when := range []struct {
			name string
			all  []results.Finding
		}{{"before", s.Before}, {"during", s.During}} {
			for _, f := range when.all {
				rows = append(rows, []string{when.name, f.What, bold(string(f.State), f.State == results.Unfit), f.Found, f.Want})
			}
		}
		table(b, rows)
	}
}

// control shows how much a map differs from itself.
func control(b *strings.Builder, c results.Control) {
	if len(c.Pairs) == 0 {
		return
	}
	b.WriteString("\n### A/A control\n\nOne map measured twice in the same blocks, as if it were two. The limit is how far from 0 the intervals reach, the farthest of them.\n\n")
	rows := [][]string{{"cell", "second against first", "95 % interval", "p", "p (Holm)"}}
	for _, p := range c.Pairs {
		interval := "-"
		if p.Interval {
			interval = fmt.Sprintf("[%s, %s]", percent(p.Lo), percent(p.Hi))
		}
		rows = append(rows, []string{p.Cell + " in " + p.Unit, percent(p.Ratio), interval, fmt.Sprintf("%.3f", p.P), fmt.Sprintf("%.3f", p.Holm)})
	}
	table(b, rows)
}
