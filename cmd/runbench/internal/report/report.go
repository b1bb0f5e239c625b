// Package report turns the results of a run into words: a report in Markdown, and a
// summary for the terminal. It takes everything from results, never from memory of the
// run, so that a report can be written again at any time.
//
// # Words
//
//   - A workload is what maps are compared in: everything that identifies a cell but
//     the map.
//   - The floor is the map that does nothing: what the harness itself costs. The ceiling
//     is the map without synchronisation. Neither takes part in a comparison.
//   - A map is fresh if it declares linearizability: no read of it is stale. Others are
//     never compared with it without saying so.
//   - A margin is how much more the one has than the other: the median over the blocks
//     of the ratio within a block, or its mean over links and processes if there are
//     several, with its confidence interval. Margins with an interval that holds 1 are no
//     claims, nor are those under what the run can show, see [analysis.Run].
package report

import (
	"fmt"
	"io"
	"strings"

	"doublebuf/analysis"
	"doublebuf/results"
)

// Caveat is what is to be said of all margins in run.
func Caveat(run *analysis.Run) string {
	links, processes := run.Links, run.Processes
	count := func(n int, one, many string) string {
		if n == 1 {
			return "one " + one
		}
		return fmt.Sprintf("%d %s", n, many)
	}
	text := count(links, "link", "links") + ", " + count(processes, "process", "processes")
	if limit := run.Control.Limit; limit > 0 {
		text += ", A/A limit " + analysis.Percent(limit)
	}
	if links > 1 {
		text += ": intervals are over the links, and want 6 or more of them"
	}
	if least := run.MinConclusive; least > 0 {
		text += fmt.Sprintf(": differences under %s are not claims", analysis.Percent(least))
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}

// Figure is a figure to show. Its paths are slash-separated and begin at the folder of
// the report.
type Figure struct {
	Title, Caption string
	Image, Table   string
}

// Label is a verdict in the words that stand beside a map's name everywhere.
func Label(v results.Verdict) string {
	switch {
	case v.Broken && v.Outcome == results.Illegal:
		return "FAILED, as expected"
	case v.Broken && v.Outcome == results.Ok:
		return "PASSED, expected to fail"
	case v.Outcome == results.Illegal:
		return "FAILED"
	}
	return string(v.Outcome)
}

// Markdown writes the report on run. name is the run's; warnings are those of loading
// the run. It returns the first error of w.
func Markdown(w io.Writer, name string, run *analysis.Run, warnings []results.Warning, figures []Figure) error {
	var b strings.Builder
	standings := run.Standings
	heading(&b, name, run, warnings)
	answers(&b, standings)
	verdicts(&b, run)
	if len(figures) > 0 {
		b.WriteString("\n## Figures\n")
		for _, f := range figures {
			fmt.Fprintf(&b, "\n![%s](%s)\n\n%s ([data](%s))\n", f.Title, f.Image, f.Caption, f.Table)
		}
	}
	staleness(&b, run)
	latency(&b, run)
	cost(&b, standings)
	floors(&b, standings)
	spreads(&b, run, standings)
	setting(&b, run)
	machine(&b, run)
	limits(&b, run, standings)
	ratios(&b, standings)
	b.WriteString("\n## All throughput cells\n")
	for _, s := range standings {
		standingTable(&b, s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func heading(b *strings.Builder, name string, run *analysis.Run, warnings []results.Warning) {
	fmt.Fprintf(b, "# runbench %s\n\n> %s\n", name, Caveat(run))
	if g := run.Grade; g.Letter != "" {
		fmt.Fprintf(b, ">\n> Grade **%s**, see below.\n", g.Letter)
	}
	for _, warning := range warnings {
		fmt.Fprintf(b, ">\n> Warning: %s.\n", warning)
	}
}

// setting says where and how the run was made.
func setting(b *strings.Builder, run *analysis.Run) {
	m := run.Manifest
	b.WriteString("\n## Machine and run\n\n")
	if env := m.Environment; env.Go != "" {
		fmt.Fprintf(b, "- machine: %s, %s\n", env.MachineLabel(), env.Kernel)
		fmt.Fprintf(b, "- %s, %s\n", env.CommitLabel(), env.Date.Format("2006-01-02 15:04 UTC"))
		fmt.Fprintf(b, "- command: `%s`, seed %d\n", strings.Join(env.Command, " "), m.Seed)
	}
	for i, seed := range m.Layouts {
		fmt.Fprintf(b, "- link %d: built with `-ldflags=-randlayout=%d`\n", i+1, seed)
	}
	for _, input := range sortedKeys(m.Inputs) {
		fmt.Fprintf(b, "- input: %s, %s\n", input, m.Inputs[input])
	}
	groups, least, most := 0, 0, 0
	for _, kind := range results.Kinds() {
		for _, g := range run.Groups(kind) {
			n := len(g.Cells)
			if groups++; groups == 1 || n < least {
				least = n
			}
			most = max(most, n)
		}
	}
	fmt.Fprintf(b, "- %d cells, each measured %s times\n", groups, between(least, most))
	if !m.Complete && m.Environment.Go != "" {
		b.WriteString("- **the run was not completed**: cells are missing\n")
	}
}

func between(least, most int) string {
	if least == most {
		return fmt.Sprint(least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

func verdicts(b *strings.Builder, run *analysis.Run) {
	b.WriteString("\n## Verdicts\n\nEvery map was checked at the level that it declares before it was timed, with uint64 keys whatever its cells have, and its contents after every timed cell with writes.\n\n")
	rows := [][]string{{"map", "level", "verdict", "why"}}
	for _, impl := range run.Maps() {
		v := run.Verdict(impl)
		why := v.Reason
		for _, e := range v.Evidence {
			why += "; " + evidence(e)
		}
		rows = append(rows, []string{impl, v.Level, bold(Label(v), v.Outcome != results.Ok), why})
	}
	table(b, rows)
}

// evidence links to a file in the run's folder, and quotes a command or a cell.
func evidence(e string) string {
	if strings.ContainsAny(e, " =") {
		return "`" + e + "`"
	}
	return "[" + e + "](" + e + ")"
}

func bold(s string, really bool) string {
	if really {
		return "**" + s + "**"
	}
	return s
}

// answers says for each workload which map is the fastest, and by how much.
func answers(b *strings.Builder, standings []*analysis.Standing) {
	b.WriteString("\n## Answers\n\n" + overview(standings) + "Margins are paired by block. \"No claim\" stands where there are too few repetitions for an interval, where the interval is not wholly beyond what this run can show, and where that is not sure enough for one of so many margins (t test on the logarithms, Holm).\n\n")
	rows := [][]string{{"workload", "first of the maps whose reads are never stale", "ahead of the next", "first of those whose reads may be stale", "against the one never stale"}}
	for _, s := range standings {
		rows = append(rows, answer(s))
	}
	table(b, rows)
}

func staleness(b *strings.Builder, run *analysis.Run) {
	groups := run.Groups(results.Staleness)
	if len(groups) == 0 {
		return
	}
	b.WriteString("\n## Staleness\n\nHow many completed writes a read lags behind, counted from the oldest write of its key that it does not reflect; and the age of that one: how long it had been complete. 0 if it is fresh. Medians over the blocks. The throughput is measured apart, on the same keys with as many readers and writers, but there half of the keys are in the map and half of the writes delete; here every key is, and writes only set.\n")
	var rows [][]string
	for i, g := range groups {
		if i == 0 || analysis.Describe(g.ID) != analysis.Describe(groups[i-1].ID) {
			table(b, rows)
			fmt.Fprintf(b, "\n### %s\n\n", analysis.Describe(g.ID))
			rows = [][]string{{"map", "verdict", "mean", "p50", "p99", "greatest", "mean age", "p50", "p99", "greatest", "stale reads", "reads/s", "writes/s"}}
		}
		v := run.Verdict(g.ID.Impl)
		row := []string{g.ID.Impl, bold(Label(v), v.Outcome != results.Ok)}
		for _, unit := range []string{results.StaleMean, results.StaleOps(50), results.StaleOps(99), results.StaleOps(100)} {
			row = append(row, number(g.Summary(unit).Median))
		}
		for _, unit := range []string{results.StaleMeanAge, results.StaleAge(50), results.StaleAge(99), results.StaleAge(100)} {
			row = append(row, seconds(g.Summary(unit)))
		}
		row = append(row, fmt.Sprintf("%.3g %%", 100*g.Summary(results.StaleShare).Median))
		twin := g.ID
		twin.Kind = results.Throughput
		for _, unit := range []string{results.ReadsPerSec, results.WritesPerSec} {
			row = append(row, medianOf(run, twin, unit))
		}
		rows = append(rows, row)
	}
	table(b, rows)
}

// medianOf returns the median of the cells of id, or "" if there are none.
func medianOf(run *analysis.Run, id results.ID, unit string) string {
	for _, g := range run.Groups(id.Kind) {
		if g.ID == id {
			return number(g.Summary(unit).Median)
		}
	}
	return ""
}

// floors says how much of a measurement is the harness.
func floors(b *strings.Builder, standings []*analysis.Standing) {
	name, rows := "", [][]string{{"workload", "floor, ns an operation", "fastest map, ns an operation"}}
	for _, s := range standings {
		for _, r := range s.Rows {
			if !r.Floor {
				continue
			}
			name = r.Impl
			best := ""
			if c := s.Contenders; len(c) > 0 {
				best = nanoseconds(c[0].Group.SecondsPerOp())
			}
			rows = append(rows, []string{analysis.Describe(s.Workload), nanoseconds(r.Group.SecondsPerOp()), best})
		}
	}
	if len(rows) == 1 {
		return
	}
	fmt.Fprintf(b, "\n## Harness floor\n\nWhat the harness itself costs: the map %s does nothing. It is part of every figure here and is not subtracted. Times are of processors: as measured for the whole process or, where that cannot be, of the processors in use.\n\n", name)
	table(b, rows)
}

// table writes rows, the first of which is the heading, as a Markdown table.
func table(b *strings.Builder, rows [][]string) {
	for i, row := range rows {
		for _, cell := range row {
			b.WriteString("| " + strings.ReplaceAll(cell, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
		if i == 0 {
			b.WriteString(strings.Repeat("| --- ", len(row)) + "|\n")
		}
	}
}
