package report

import (
	"fmt"
	"slices"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/results"
)

// summaryColumns is how many workloads fit beside the verdicts on a terminal.
const summaryColumns = 5

// Summary is what a terminal shows of a run: which map is the fastest in each workload and how
// certain that is, what failed, the rates and latencies of all maps, what the harness costs, the
// grade, and what the run cannot tell. Its data is the whole analysis.
func Summary(run *analysis.Run) *export.Document {
	d := &export.Document{Data: data(run)}
	if len(run.Standings) <= 2*summaryColumns {
		rates(d, run)
		latencies(d, run)
	}
	fastestIn(d, run)
	failures(d, run)
	trust(d, run)
	if text := judged(run); text != "" {
		d.Add(export.Line(text[1:]))
	}
	d.Add(export.Line(Caveat(run)))
	return d
}

// fastestIn adds a sentence for each workload.
func fastestIn(d *export.Document, run *analysis.Run) {
	if n := len(run.Standings); n > 2*summaryColumns {
		d.Add(export.Line(fmt.Sprintf("%d maps were measured in %d workloads. The report has all rates and latencies.", len(run.Impls()), n)), export.Gap{})
	}
	t := export.Table{Columns: []string{"workload", "fastest"}, Bare: true, Indent: true}
	for _, s := range run.Standings {
		t.Rows = append(t.Rows, []string{shortName(run, s.Workload), outcome(s)})
	}
	if len(t.Rows) > 0 {
		d.Add(export.Line("the fastest maps:"), t, export.Gap{})
	}
}

// outcome says which map is the fastest, over which other one, and how certain that is. Where the
// fastest map has stale reads, it also names the fastest one that has none.
func outcome(s *analysis.Standing) string {
	c := s.Contenders
	if len(c) == 0 {
		return "no map can be compared"
	}
	text := c[0].Impl
	if len(c) > 1 {
		text = lead2(s, c[0], c[1])
	}
	if !c[0].Fresh && len(s.Fresh) > 0 {
		text += fmt.Sprintf("; of the always-fresh maps, %s", s.Fresh[0].Impl)
	}
	return text
}

// lead2 says by how much the first of two rows is ahead of the second.
func lead2(s *analysis.Standing, a, b *analysis.Row) string {
	e := s.Effect(a, b)
	by := strings.TrimPrefix(percent(e.Median), "+")
	switch {
	case e.N == 0:
		return fmt.Sprintf("%s; it has no block in common with %s", a.Impl, b.Impl)
	case e.Conclusive && e.OfBuild:
		return fmt.Sprintf("%s is %s ahead of %s in this build; another build may differ", a.Impl, by, b.Impl)
	case e.Conclusive:
		return fmt.Sprintf("%s is %s ahead of %s", a.Impl, by, b.Impl)
	case e.Doubt == analysis.TooFew:
		return fmt.Sprintf("%s or %s: %d blocks are too few to tell", a.Impl, b.Impl, e.N)
	case e.Median < 1:
		return fmt.Sprintf("%s and %s are a tie: the medians favour the one, and the blocks the other", a.Impl, b.Impl)
	case e.Doubt == analysis.Tie:
		return fmt.Sprintf("%s and %s are a tie: their difference may be either way", a.Impl, b.Impl)
	case e.Doubt == analysis.WithinError:
		return fmt.Sprintf("%s or %s: %s may lie within this run's %s error", a.Impl, b.Impl, by, analysis.Percent(e.Limit))
	}
	return fmt.Sprintf("%s or %s: %s may be chance", a.Impl, b.Impl, by)
}

// failures adds why maps failed, or were not judged.
func failures(d *export.Document, run *analysis.Run) {
	var list export.List
	for _, impl := range run.Maps() {
		switch v := run.Verdict(impl); {
		case v.Outcome == results.Ok && v.Broken:
			list = append(list, fmt.Sprintf("**%s passed its check, and it must fail**", impl))
		case v.Outcome == results.Illegal:
			expected := ""
			if v.Broken {
				expected = ", as expected"
			}
			list = append(list, fmt.Sprintf("**%s failed its check**%s: %s", impl, expected, shortened(v.Reason)))
		case v.Outcome == results.Unknown:
			list = append(list, fmt.Sprintf("whether %s is correct is not known: %s", impl, shortened(v.Reason)))
		}
	}
	if len(list) > 0 {
		d.Add(list, export.Gap{})
	}
}

// rates adds the medians of all maps, in as many tables as the workloads need.
func rates(d *export.Document, run *analysis.Run) {
	if len(run.Standings) == 0 {
		d.Add(outcomes(run))
		return
	}
	figures := "medians"
	if run.Processes > 1 {
		figures = "means over the processes of their medians"
	}
	d.Add(export.Line("operations a second (with separate readers: reads a second), " + figures + ":"))
	for part := range slices.Chunk(run.Standings, summaryColumns) {
		t := export.Table{Columns: []string{"map", "level", "verdict"}, Indent: true}
		workers := []string{"", "", ""}
		for _, s := range part {
			t.Columns = append(t.Columns, s.Workload.Mix)
			workers = append(workers, strings.TrimPrefix(shortName(run, s.Workload), s.Workload.Mix+", "))
		}
		t.Rows = append(t.Rows, workers)
		for _, impl := range run.Maps() {
			v := run.Verdict(impl)
			row, any := []string{impl, v.Level, Label(v)}, false
			for _, s := range part {
				cell := ""
				if r := s.Row(impl); r != nil {
					cell, any = number(r.Summary.Median), true
				}
				row = append(row, cell)
			}
			if any || v.Outcome == results.Illegal {
				t.Rows = append(t.Rows, row)
			}
		}
		d.Add(t, export.Gap{})
	}
}

// outcomes is a table of the verdicts alone.
func outcomes(run *analysis.Run) export.Table {
	t := export.Table{Columns: []string{"map", "level", "verdict"}, Indent: true}
	for _, impl := range run.Maps() {
		v := run.Verdict(impl)
		t.Rows = append(t.Rows, []string{impl, v.Level, Label(v)})
	}
	return t
}

// latencies adds the 99th percentiles of the latencies, a table for each workload and load.
func latencies(d *export.Document, run *analysis.Run) {
	var t export.Table
	flush := func() {
		if len(t.Rows) > 0 {
			d.Add(t, export.Gap{})
		}
	}
	before := results.ID{}
	for _, g := range run.Groups(results.Latency) {
		if w := g.ID.Workload(); w != before {
			flush()
			before = w
			t = export.Table{Columns: []string{"map", "read p50", "read p99", "write p50", "write p99"}, Indent: true}
			d.Add(export.Line(fmt.Sprintf("latency at %d %% of each map's closed-loop rate: %s", w.Load, shortName(run, w))))
		}
		row := []string{g.ID.Impl}
		for _, of := range []string{results.OfReads, results.OfWrites} {
			for _, q := range []float64{50, 99} {
				row = append(row, seconds(g.Latency(of, q)))
			}
		}
		if n := g.Overloaded(); n == len(g.Cells) {
			row[1] = "overloaded"
		}
		t.Rows = append(t.Rows, row)
	}
	flush()
}

// shortened returns the beginning of a long reason. The report has all of it.
func shortened(reason string) string {
	const most = 160
	if runes := []rune(reason); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return reason
}

// shortName names a workload by its mix, its workers, and what is unusual for the run.
func shortName(run *analysis.Run, w results.ID) string {
	text := w.Mix + ", " + workersOf(run, w)
	for _, part := range []func(results.ID) string{
		func(id results.ID) string { return results.FormatKeys(id.Keys) + " keys" },
		func(id results.ID) string { return id.KeyType },
		func(id results.ID) string { return id.Dist },
	} {
		if part(w) != usual(run, part) {
			text += ", " + part(w)
		}
	}
	return text
}

// usual returns the part that most workloads of the run have.
func usual(run *analysis.Run, part func(results.ID) string) (most string) {
	counts := map[string]int{}
	for _, s := range run.Standings {
		is := part(s.Workload)
		if counts[is]++; counts[is] > counts[most] {
			most = is
		}
	}
	return most
}

func workersOf(run *analysis.Run, w results.ID) string {
	text := fmt.Sprintf("r=%d w=%d", w.Readers, w.Writers)
	if w.G > 0 {
		text = fmt.Sprintf("g=%d", w.G)
	}
	if run.Describe(w) != analysis.Describe(w) { // GOMAXPROCS varies
		text += fmt.Sprintf("-%d", w.Procs)
	}
	return text
}

// The form of a summary as JSON.
type (
	jsonRun struct {
		Links     int               `json:"links"`
		Processes int               `json:"processes"`
		Caveat    string            `json:"caveat"`
		Control   results.Control   `json:"control"`
		Grade     results.Grade     `json:"grade"`
		Verdicts  []results.Verdict `json:"verdicts"`
		Workloads []jsonStanding    `json:"workloads"`
		Scaling   []jsonCurve       `json:"scaling"`
	}
	jsonStanding struct {
		Workload string    `json:"workload"`
		Unit     string    `json:"unit"`
		Limit    float64   `json:"limit"` // A/A limit, as a share
		Maps     []jsonRow `json:"maps"`  // the fastest first
	}
	jsonRow struct {
		Map      string     `json:"map"`
		N        int        `json:"n"`
		Median   float64    `json:"median"`
		Interval []float64  `json:"interval"`                 // null without one
		Mixes    bool       `json:"mixes_versions,omitempty"` // it is not compared, because its reads may mix versions
		Effect   *jsonRatio `json:"effect"`                   // over the fastest map that is compared; null of the others and of itself
	}
	jsonRatio struct {
		Ratio      float64   `json:"ratio"`
		Interval   []float64 `json:"interval"` // null without one
		Conclusive bool      `json:"conclusive"`
		OfBuild    bool      `json:"of_build"` // the layout of the code can cause it
	}
)

func data(run *analysis.Run) jsonRun {
	out := jsonRun{
		Links: run.Links, Processes: run.Processes, Caveat: Caveat(run),
		Control: run.Control, Grade: run.Grade, Verdicts: []results.Verdict{}, Workloads: []jsonStanding{},
		Scaling: curveData(run),
	}
	for _, impl := range run.Maps() {
		out.Verdicts = append(out.Verdicts, run.Verdict(impl))
	}
	for _, s := range run.Standings {
		standing := jsonStanding{Workload: run.Describe(s.Workload), Unit: s.Unit, Limit: run.Limit(s.Workload)}
		for _, r := range s.Rows {
			row := jsonRow{Map: r.Impl, N: r.Summary.N, Median: r.Summary.Median, Mixes: r.Mixes}
			if r.Summary.Interval {
				row.Interval = []float64{r.Summary.Lo, r.Summary.Hi}
			}
			if i := slices.Index(s.Contenders, r); i > 0 {
				e := s.Effect(r, s.Contenders[0])
				row.Effect = &jsonRatio{Ratio: e.Median, Conclusive: e.Conclusive, OfBuild: e.OfBuild}
				if e.Interval {
					row.Effect.Interval = []float64{e.Lo, e.Hi}
				}
			}
			standing.Maps = append(standing.Maps, row)
		}
		out.Workloads = append(out.Workloads, standing)
	}
	return out
}
