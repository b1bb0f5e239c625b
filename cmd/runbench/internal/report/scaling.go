package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/analysis/stat"
	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// curvesOf returns the curves of maps, without the floor: for each workload, those that reach the
// highest rate first. Workloads are in the order in which they were measured.
func curvesOf(run *analysis.Run) (workloads []results.ID, of map[results.ID][]*analysis.Curve) {
	of = map[results.ID][]*analysis.Curve{}
	for _, c := range run.Curves() {
		if isFloor(run.Map(c.Impl)) {
			continue
		}
		if of[c.Workload] == nil {
			workloads = append(workloads, c.Workload)
		}
		of[c.Workload] = append(of[c.Workload], c)
	}
	for _, curves := range of {
		slices.SortStableFunc(curves, func(a, b *analysis.Curve) int { return cmp.Compare(b.Last().Rate(), a.Last().Rate()) })
	}
	return workloads, of
}

// scalingOverview says in a sentence for each workload how far the maps scale. Maps that were
// measured on one and two processors only are left out.
func scalingOverview(run *analysis.Run) (lines []string) {
	workloads, of := curvesOf(run)
	for _, w := range workloads {
		var parts []string
		for _, c := range of[w] {
			if len(c.Points) > 2 && run.Verdict(c.Impl).Outcome != results.Illegal {
				parts = append(parts, export.Strong(c.Impl, true)+" "+c.Short())
			}
		}
		if len(parts) > 0 {
			lines = append(lines, "How far maps scale in "+scaled(w, workloads)+": "+strings.Join(parts, ", ")+".")
		}
	}
	return lines
}

// scaling says how far each map scales, for each workload that was measured with several numbers of
// goroutines within the processors, or with several GOMAXPROCS.
func scaling(d *export.Document, run *analysis.Run) {
	workloads, of := curvesOf(run)
	if len(workloads) == 0 {
		return
	}
	d.Add(title("Scaling"), export.Line("The efficiency of n processors is their rate over n times the rate of one. A map scales to n processors if no larger number that was measured conclusively adds more than 5 %. Its intervals are not corrected for the number of comparisons. A peak beyond the processors of the machine is an extrapolation."))
	for _, w := range workloads {
		d.Add(export.Heading{Level: 3, Text: scaled(w, workloads)}, curveTable(of[w]))
	}
}

func isFloor(m results.Map) bool { return m.Role == kv.Floor }

// scaled names the workload of a curve in words. It names GOMAXPROCS if all has the same workload
// with another one.
func scaled(w results.ID, all []results.ID) string {
	varied := "by goroutines"
	for _, other := range all {
		if other.Procs != w.Procs && other.Procs > 0 && w.Procs > 0 {
			varied = fmt.Sprintf("by goroutines, GOMAXPROCS %d", w.Procs)
		}
	}
	if w.Procs == 0 {
		varied = "by GOMAXPROCS"
	}
	return fmt.Sprintf("%s, %s, %s %s keys, %s", w.Mix, w.Dist, results.FormatKeys(w.Keys), w.KeyType, varied)
}

// curveTable has a row for each curve.
func curveTable(curves []*analysis.Curve) export.Table {
	law := slices.ContainsFunc(curves, func(c *analysis.Curve) bool { return len(c.Points) >= stat.MinUSLPoints })
	t := export.Table{Columns: []string{"map", "ops/s of 1", "ops/s of all", "efficiency of all", "how far it scales"}}
	if law {
		t.Columns = append(t.Columns, "contention", "coherence, %", "peak by the law, processors")
	}
	for _, c := range curves {
		last := c.Last()
		row := []string{
			c.Impl, number(c.Points[0].Rate()), fmt.Sprintf("%s (%d)", number(last.Rate()), last.Processors),
			within(last.Efficiency, analysis.Percent), c.Verdict(),
		}
		if law {
			row = append(row, lawOf(c)...)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// lawOf returns the parameters of the Universal Scalability Law for c, or why there are none.
func lawOf(c *analysis.Curve) []string {
	u, err := c.Law()
	if err != nil {
		return []string{err.Error(), "", ""}
	}
	return []string{estimate(u.Contention, analysis.Percent), estimate(u.Coherence, func(v float64) string { return fmt.Sprintf("%.3g", 100*v) }), estimate(u.Peak, processors)}
}

func estimate(e stat.Estimate, format func(float64) string) string {
	return fmt.Sprintf("%s [%s, %s]", format(e.Value), format(e.Lo), format(e.Hi))
}

func processors(n float64) string {
	if math.IsInf(n, 1) {
		return "no peak"
	}
	return fmt.Sprintf("%.0f", n)
}

// The form of a curve as JSON.
type (
	jsonCurve struct {
		Workload string      `json:"workload"`
		Map      string      `json:"map"`
		Points   []jsonPoint `json:"points"`
		Verdict  string      `json:"verdict"`
		Law      *jsonLaw    `json:"law"` // null if it was not fitted, or does not fit
	}
	jsonPoint struct {
		Processors int       `json:"processors"`
		Rate       float64   `json:"rate"`
		Efficiency float64   `json:"efficiency"`
		Interval   []float64 `json:"interval"` // of the efficiency; null without one
	}
	jsonLaw struct { // each with its interval
		Rate       [3]float64 `json:"rate"`
		Contention [3]float64 `json:"contention"`
		Coherence  [3]float64 `json:"coherence"`
	}
)

func curveData(run *analysis.Run) []jsonCurve {
	out := []jsonCurve{}
	workloads, of := curvesOf(run)
	for _, w := range workloads {
		for _, c := range of[w] {
			curve := jsonCurve{Workload: scaled(w, workloads), Map: c.Impl, Verdict: c.Verdict()}
			for _, p := range c.Points {
				point := jsonPoint{Processors: p.Processors, Rate: p.Rate(), Efficiency: p.Efficiency.Median}
				if p.Efficiency.Interval {
					point.Interval = []float64{p.Efficiency.Lo, p.Efficiency.Hi}
				}
				curve.Points = append(curve.Points, point)
			}
			if u, err := c.Law(); err == nil {
				triple := func(e stat.Estimate) [3]float64 { return [3]float64{e.Value, e.Lo, e.Hi} }
				curve.Law = &jsonLaw{triple(u.Rate), triple(u.Contention), triple(u.Coherence)}
			}
			out = append(out, curve)
		}
	}
	return out
}
