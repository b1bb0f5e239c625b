package plots

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
)

// AnswersName is the name of the figure that says which map is ahead in each workload.
const AnswersName = "which-map"

// maxForest is how many rows are readable in one figure. The first ones are drawn.
const maxForest = 30

// forest is the rows of a forest plot: ratios to the fastest always-fresh map, with intervals.
type forest []forestRow

// forestRow is one workload.
type forestRow struct {
	workload string
	fresh    string // the fastest always-fresh map, which is 1
	stale    string // the fastest map with stale reads; "" without one
	ofStale  analysis.Effect
	ofNext   analysis.Effect // of the next always-fresh map
}

// byAnswers draws for each workload how the leading maps compare with the fastest always-fresh one.
func byAnswers(s *analysis.Run) []*chart {
	c := &chart{
		name: AnswersName, title: "Which map for which use",
		subtitle: "rate over that of the fastest always-fresh map of the workload (reads, with separate readers); filled = conclusive, hollow = not",
		table:    [][]string{append([]string{"workload", "fastest always-fresh map", "map", "reads", "conclusive"}, summaryHeader("ratio")...)},
	}
	var drawn []stat.Summary
	left := 0
	for _, st := range s.Standings {
		if len(st.Fresh) == 0 || len(st.Stale)+len(st.Fresh) < 2 {
			continue
		}
		if len(c.forest) == maxForest {
			left++
			continue
		}
		first := st.Fresh[0]
		row := forestRow{workload: s.Describe(st.Workload), fresh: first.Impl}
		add := func(r *analysis.Row, reads string) analysis.Effect {
			e := st.Effect(r, first)
			if e.N > 0 {
				drawn = append(drawn, e.Summary)
				c.table = append(c.table, append([]string{row.workload, row.fresh, r.Impl, reads, strconv.FormatBool(e.Lasting())}, summaryFields(e.Summary)...))
			}
			return e
		}
		if len(st.Stale) > 0 {
			row.stale = st.Stale[0].Impl
			row.ofStale = add(st.Stale[0], "stale")
		}
		if len(st.Fresh) > 1 {
			row.ofNext = add(st.Fresh[1], "fresh")
		}
		c.forest = append(c.forest, row)
	}
	if len(drawn) == 0 {
		return nil
	}
	c.notes = footer(s, drawn, false)
	if left > 0 {
		c.notes = append(c.notes, fmt.Sprintf("%s more are in the report.", plural(left, "workload")))
	}
	return []*chart{c}
}

// scale maps ratios to places, by their logarithms.
type scale struct {
	lo, hi   float64
	from, to vg.Length
}

func (s scale) at(ratio float64) vg.Length {
	share := math.Log(min(max(ratio, s.lo), s.hi)/s.lo) / math.Log(s.hi/s.lo)
	return s.from + vg.Length(share)*(s.to-s.from)
}

// scaleOf returns a scale that has all ratios up to a factor of 16.
func (f forest) scaleOf(from, to vg.Length) scale {
	s := scale{lo: 0.8, hi: 1.25, from: from, to: to}
	for _, row := range f {
		for _, e := range []analysis.Effect{row.ofStale, row.ofNext} {
			if drawable(e) {
				s.lo, s.hi = min(s.lo, e.Lo/1.05, e.Median/1.05), max(s.hi, e.Hi*1.05, e.Median*1.05)
			}
		}
	}
	s.lo, s.hi = max(s.lo, 1.0/16), min(s.hi, 16)
	return s
}

// drawForest draws the rows from top to bottom, with a column of names on either side.
func (c *chart) drawForest(area draw.Canvas) {
	const labels, names = 270, 190 // widths of the columns
	small, grey := textStyle(9, black), textStyle(9, textGrey)
	for _, st := range []*text.Style{&small, &grey} {
		st.YAlign = draw.YCenter
	}
	s := c.forest.scaleOf(area.Min.X+labels, area.Max.X-names)
	step := min((area.Max.Y-area.Min.Y-34)/vg.Length(len(c.forest)), 22)
	y := area.Max.Y - 8
	area.FillText(grey, vg.Point{X: area.Min.X, Y: y}, "workload")
	area.FillText(grey, vg.Point{X: s.to + 10, Y: y}, "always-fresh (= 1); stale reads")
	bottom := y - step*vg.Length(len(c.forest)) - step/2 - 4
	for _, ratio := range []float64{1.0 / 16, 0.125, 0.25, 0.5, 0.8, 1, 1.25, 2, 4, 8, 16} {
		if ratio < s.lo || ratio > s.hi {
			continue
		}
		line := draw.LineStyle{Color: lineGrey, Width: 0.8}
		if ratio == 1 {
			line = draw.LineStyle{Color: black, Width: 1}
		}
		x := s.at(ratio)
		area.StrokeLine2(line, x, bottom, x, y-step/2)
		label := grey
		label.XAlign = draw.XCenter
		area.FillText(label, vg.Point{X: x, Y: bottom - 9}, strconv.FormatFloat(ratio, 'g', 3, 64))
	}
	for _, row := range c.forest {
		y -= step
		area.FillText(small, vg.Point{X: area.Min.X, Y: y}, row.workload)
		name := row.fresh
		if row.stale != "" {
			name += "; " + row.stale
		}
		area.FillText(small, vg.Point{X: s.to + 10, Y: y}, name)
		drawEffect(area, s, row.ofNext, y-1.5, draw.GlyphStyle{Color: textGrey, Radius: 3, Shape: draw.BoxGlyph{}}, draw.SquareGlyph{})
		drawEffect(area, s, row.ofStale, y+1.5, draw.GlyphStyle{Color: blue, Radius: 3.2, Shape: draw.CircleGlyph{}}, draw.RingGlyph{})
	}
	area.FillText(grey, vg.Point{X: area.Min.X, Y: bottom - 9}, "circle: fastest with stale reads; box: next always-fresh")
}

// drawable reports whether an effect has a place on the axis.
func drawable(e analysis.Effect) bool { return e.N > 0 && e.Median > 0 && !math.IsInf(e.Median, 0) }

// drawEffect draws a ratio with its interval. hollow is the glyph of an effect that is not
// conclusive.
func drawEffect(area draw.Canvas, s scale, e analysis.Effect, y vg.Length, glyph draw.GlyphStyle, hollow draw.GlyphDrawer) {
	if !drawable(e) {
		return
	}
	if e.Interval {
		area.StrokeLine2(draw.LineStyle{Color: glyph.Color, Width: 1.4}, s.at(e.Lo), y, s.at(e.Hi), y)
	}
	if !e.Lasting() {
		glyph.Shape = hollow
	}
	area.DrawGlyph(glyph, vg.Point{X: s.at(e.Median), Y: y})
}
