package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// Builds says how many builds and processes the figures come from.
func Builds(run *analysis.Run) string {
	count := func(n int, one, many string) string {
		if n == 1 {
			return "one " + one
		}
		return fmt.Sprintf("%d %s", n, many)
	}
	text := count(run.Links, "build", "builds") + ", " + count(run.Processes, "process", "processes") + "."
	text = strings.ToUpper(text[:1]) + text[1:]
	if run.Links > 1 {
		text += " Intervals are over the builds, and need 6 or more of them."
	}
	return text
}

// Caveat says which differences the run can show.
func Caveat(run *analysis.Run) string { return Builds(run) + tellsApart(run) + OfBuild(run.Layout) }

// OfBuild says, in a sentence with a space before it, what the layout of the code means for the
// differences of one run; nothing if layout is 0.
func OfBuild(layout float64) string {
	if layout == 0 {
		return ""
	}
	return fmt.Sprintf(" With a single build, differences under %s hold for this build: another layout of the same code may cause them.", analysis.Percent(layout))
}

// tellsApart says, in a sentence with a space before it, which differences the run can show.
func tellsApart(run *analysis.Run) string {
	var all []float64
	if run.Control.Limit == 0 {
		return "" // without a control it is not known
	}
	for _, s := range run.Standings {
		if len(s.Contenders) > 1 {
			all = append(all, run.Resolution(s.Workload))
		}
	}
	if len(all) == 0 {
		return ""
	}
	half, worst := stat.Median(all), slices.Max(all)
	switch {
	case math.IsInf(worst, 0):
		return " This run has too few blocks to tell maps apart in every workload."
	case analysis.Percent(half) == analysis.Percent(worst):
		return fmt.Sprintf(" This run can tell maps apart that differ by %s or more.", analysis.Percent(worst))
	}
	return fmt.Sprintf(" This run can tell maps apart that differ by %s or more; in half of the workloads, by %s.", analysis.Percent(worst), analysis.Percent(half))
}

// trust adds what the harness costs in each mix, and the grade of the run with its parts.
func trust(d *export.Document, run *analysis.Run) {
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
		d.Add(export.Line("Harness floor, ns of processor time per operation: " + strings.Join(floors, ", ") + "."))
	}
	if g := run.Grade; g.Letter != "" {
		t := export.Table{Columns: []string{"grade", "what", "found"}, Bare: true, Indent: true}
		for _, p := range g.Parts {
			t.Rows = append(t.Rows, []string{string(p.Letter), p.What, p.Found})
		}
		d.Add(export.Gap{}, export.Line("grade "+string(g.Letter)), t)
	}
}

// machine adds how far the run can be trusted, and the findings about the machine.
func machine(d *export.Document, run *analysis.Run) {
	g := run.Grade
	if g.Letter == "" {
		return
	}
	t := export.Table{Columns: []string{"what", "found", "grade"}}
	for _, p := range g.Parts {
		t.Rows = append(t.Rows, []string{p.What, p.Found, string(p.Letter)})
	}
	t.Rows = append(t.Rows, []string{"the run", "", "**" + string(g.Letter) + "**"})
	d.Add(title("Grade"), export.Line(strings.ReplaceAll(analysis.GradeRule, "\n", " ")), t)
	control(d, run.Control)
	for i, s := range run.Manifest.Sessions {
		heading := "The machine"
		if len(run.Manifest.Sessions) > 1 {
			heading = fmt.Sprintf("The machine, session %d", i+1)
		}
		t := export.Table{Columns: []string{"when", "what", "state", "found", "should be"}}
		for _, when := range []struct {
			name string
			all  []results.Finding
		}{{"before", s.Before}, {"during", s.During}} {
			for _, f := range when.all {
				t.Rows = append(t.Rows, []string{when.name, f.What, export.Strong(string(f.State), f.State == results.Unfit), f.Found, f.Want})
			}
		}
		d.Add(export.Heading{Level: 3, Text: heading}, t)
	}
}

// control adds how much a map differs from its twin.
func control(d *export.Document, c results.Control) {
	if len(c.Pairs) == 0 {
		return
	}
	t := export.Table{Columns: []string{"cell", "second against first", "95 % interval", "p", "p (Holm)"}}
	for _, p := range c.Pairs {
		interval := "-"
		if p.Interval {
			interval = fmt.Sprintf("[%s, %s]", percent(p.Lo), percent(p.Hi))
		}
		t.Rows = append(t.Rows, []string{p.Cell + " in " + p.Unit, percent(p.Ratio), interval, fmt.Sprintf("%.3f", p.P), fmt.Sprintf("%.3f", p.Holm)})
	}
	d.Add(export.Heading{Level: 3, Text: "A/A control"}, export.Line("In each workload one map was measured twice in the same blocks, as if it were two maps. The A/A limit of the workload is the largest ratio that the interval allows, in either direction: a lower end of 1/1.2 counts as 1.2, which is 20 %. The limit of the run is the largest of them."), t)
}
