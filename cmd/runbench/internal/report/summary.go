package report

import (
	"fmt"
	"slices"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/results"
)

// summaryColumns is how many workloads fit beside the verdicts on a terminal.
const summaryColumns = 4

// Summary is what a terminal shows of a run: every map with its verdict and its throughput in the
// first workloads, what the harness costs, the grade, and what the run cannot tell. Its data is the
// whole analysis.
func Summary(run *analysis.Run) *export.Document {
	d := &export.Document{Data: data(run)}
	standings := run.Standings[:min(len(run.Standings), summaryColumns)]
	t := export.Table{Columns: []string{"map", "level", "verdict"}}
	workers := []string{"", "", ""}
	for _, s := range standings {
		t.Columns = append(t.Columns, s.Workload.Mix)
		workers = append(workers, workersOf(run, s.Workload))
	}
	t.Rows = append(t.Rows, workers)
	for _, impl := range run.Maps() {
		v := run.Verdict(impl)
		row := []string{impl, v.Level, Label(v)}
		for _, s := range standings {
			row = append(row, median(s, impl))
		}
		t.Rows = append(t.Rows, row)
	}
	d.Add(t)
	if len(standings) > 0 {
		figures := "Medians"
		if run.Processes > 1 {
			figures = "Means over the processes of their medians"
		}
		d.Add(export.Gap{}, export.Line(figures+", in operations a second (with separate readers: reads a second)."))
	}
	trust(d, run)
	if text := judged(run); text != "" {
		d.Add(export.Line(text[1:]))
	}
	d.Add(export.Line(Caveat(run)))
	return d
}

// median returns the median of a map, or a dash if it has no cell.
func median(s *analysis.Standing, impl string) string {
	if r := s.Row(impl); r != nil {
		return number(r.Summary.Median)
	}
	return "-"
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
