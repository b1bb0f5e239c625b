package plots

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// chart is the data of a figure before it is drawn. The x axis has coordinates of its own. Values
// on the y axis are in units.
type chart struct {
	name, title, subtitle string

	xLabel  string
	xMin    float64
	xMax    float64
	ticks   []tick
	yTicks  []tick  // of a y axis whose coordinates are its own too; of others there are none
	slanted bool    // the labels of ticks, which are long
	shade   *tick   // where the x axis has more goroutines than there are processors
	marks   []tick  // where on the x axis something begins
	fresh   *tick   // the middle of the part of the x axis for maps with a staleness of zero
	gap     float64 // where the x axis is broken; 0 if it is not

	forest forest // instead of the axis above and the panels below
	heat   []heat // instead of the axis above and the panels below

	panels      []panel // side by side, over the same x axis
	legend      []legendRow
	legendTitle string
	notes       []string   // printed below
	table       [][]string // with a header
}

// tick is a labelled position on an axis.
type tick struct {
	at    float64
	label string
}

type panel struct {
	yLabel string // of the unit, without its factor, as "ops/s"
	series []series
	links  []link
}

// series is what one map measured.
type series struct {
	name   string // to find it by, if it is needed
	style  style
	line   bool
	points []point
}

type point struct {
	x float64
	y stat.Summary
	// The interval of x, on the axis's coordinates; both x if there is none.
	xLo, xHi float64
}

// link is a thin line through the points of related maps.
type link struct {
	style  style
	points []point
}

// legendRow names a map. It is placed as near as possible to the place where the map's line ends:
// the value at of the y axis.
type legendRow struct {
	style style
	line  bool // the sample shows a line
	label string
	value string
	at    float64
	ends  bool // the line ends at the right edge, so that it can be led on to the row
}

// verdictNote returns the text that follows a map's name in a figure.
func verdictNote(v results.Verdict) string {
	switch v.Outcome {
	case results.Ok:
		return ""
	case results.Illegal:
		return " FAILED CHECK"
	}
	return " ?"
}

// isMap reports whether v is the verdict on a map, and not on the harness floor.
func isMap(v results.Verdict) bool { return v.Level != "none" }

// footer returns the lines below every figure of one run: the number of blocks, the machine, and
// the commit.
func footer(s *analysis.Run, drawn []stat.Summary, doubt bool) []string {
	return []string{samplesNote(drawn, doubt), provenance(s)}
}

// samplesNote says what the drawn figures are, and what their bands and bars are. doubt adds what a
// question mark means.
func samplesNote(drawn []stat.Summary, doubt bool) string {
	note := samplesOf(drawn) + "; "
	if slices.ContainsFunc(drawn, func(d stat.Summary) bool { return d.Interval }) {
		note += fmt.Sprintf("bands and bars are their %.0f %% confidence intervals.", 100*stat.Confidence)
	} else {
		note += "too few for confidence intervals."
	}
	if doubt {
		note += " ? = not checked, or without an answer."
	}
	return note
}

// samplesOf says of how many blocks, processes and links the drawn figures are.
func samplesOf(drawn []stat.Summary) string {
	lo, hi, links, processes := drawn[0].N, drawn[0].N, 1, 1
	for _, d := range drawn {
		lo, hi = min(lo, d.N), max(hi, d.N)
		links, processes = max(links, d.Links), max(processes, d.Processes)
	}
	n := plural(hi, "block")
	if lo != hi {
		n = strconv.Itoa(lo) + " to " + n
	}
	if processes > 1 {
		return fmt.Sprintf("Means over %d processes of %s. Each process gives a median, of n = %s in all", processes, plural(links, "link"), n)
	}
	return "Medians of n = " + n + " in one process"
}

func provenance(s *analysis.Run) string {
	e := s.Manifest.Environment
	note := e.MachineLabel() + "; " + e.CommitLabel()
	if !e.Date.IsZero() {
		note += "; " + e.Date.Format("2006-01-02")
	}
	if g := s.Grade; g.Letter != "" {
		note += "; grade " + string(g.Letter)
		if limit := s.Control.Limit; limit > 0 {
			note += ", A/A limit " + analysis.Percent(limit)
		}
	}
	if substitutes := s.Substitutes(); len(substitutes) > 0 {
		note += ". Replaced: " + strings.Join(substitutes, "; ")
	}
	return note + "."
}

// formatCount writes a number below 1,000 with three significant digits, and a larger one as a
// whole number with commas.
func formatCount(v float64) string {
	if v < 1000 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// formatShort writes a number with three significant digits and a suffix for thousands,
// millions and so on.
func formatShort(v float64) string {
	suffix := 0
	for v >= 999.5 && suffix < len(suffixes)-1 {
		v /= 1000
		suffix++
	}
	return strconv.FormatFloat(v, 'g', 3, 64) + suffixes[suffix]
}

var suffixes = []string{"", "k", "M", "G"}

// summaryFields are the columns of a summary in a table.
func summaryFields(s stat.Summary) []string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }
	if !s.Interval {
		return []string{strconv.Itoa(s.N), number(s.Median), "", ""}
	}
	return []string{strconv.Itoa(s.N), number(s.Median), number(s.Lo), number(s.Hi)}
}

func summaryHeader(unit string) []string {
	return []string{"n", unit, unit + " lo", unit + " hi"}
}

// distinct returns the distinct values of f over groups, in ascending order.
func distinct(groups []*analysis.Group, f func(results.ID) float64) []float64 {
	var values []float64
	for _, g := range groups {
		values = append(values, f(g.ID))
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// heat is a panel of a heat map: how much faster one map is than the fastest of the others, by the
// share of writes and the number of keys.
type heat struct {
	title   string
	columns []tick // shares of writes
	rows    []tick // numbers of keys, the fewest first
	cells   [][]heatCell
}

// heatCell is a cell of a row. It is empty if its ratio has no blocks.
type heatCell struct {
	against string
	ratio   stat.Summary
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// max is the highest value of a panel, intervals included.
func (p panel) max() float64 {
	top := 0.0
	for _, s := range p.series {
		for _, pt := range s.points {
			top = max(top, pt.y.Hi, pt.y.Median)
		}
	}
	return top
}

// scaleOf returns the factor to divide values up to top by, and its name.
func scaleOf(top float64) (factor float64, prefix string) {
	switch {
	case top >= 1e6:
		return 1e6, "million "
	case top >= 1e4:
		return 1e3, "thousand "
	}
	return 1, ""
}

func marks(ticks []tick) plot.ConstantTicks {
	var m plot.ConstantTicks
	for _, t := range ticks {
		m = append(m, plot.Tick{Value: t.at, Label: t.label})
	}
	return m
}

// bare hides a plotter's range and boxes, which would move the axes.
type bare struct{ plot.Plotter }
