package plots

import (
	"cmp"
	"image/color"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The columns of a legend: leaders from the ends of lines, samples, names, values.
const (
	leaderWidth = vg.Length(26)
	sampleWidth = vg.Length(30)
	columnGap   = vg.Length(7)
	rowSize     = vg.Length(17)
	legendSize  = font.Length(12)
)

func (c *chart) legendWidth() vg.Length {
	names, values := c.legendColumns()
	rows := sampleWidth + columnGap + names + columnGap + values
	return leaderWidth + max(rows, textStyle(legendSize, black).Width(c.legendTitle))
}

func (c *chart) legendColumns() (names, values vg.Length) {
	st := textStyle(legendSize, black)
	for _, row := range c.legend {
		names = max(names, st.Width(row.label))
		values = max(values, st.Width(row.value))
	}
	return names, values
}

// drawLegend draws a row for each map on the right of area. If lines end at the right edge of the
// data area, each row is as near to the end of its line as it can be without overlap, and a leader
// connects the two. Otherwise the rows are in their order from the top.
func (c *chart) drawLegend(area, data draw.Canvas, pl *plot.Plot) {
	factor, _ := scaleOf(c.panels[0].max())
	_, yOf := pl.Transforms(&data)
	row := min(rowSize, (data.Max.Y-data.Min.Y)/vg.Length(len(c.legend)+1)) // all must have room
	size := min(legendSize, 0.8*row)
	top := data.Max.Y - row
	rows := slices.Clone(c.legend)
	byEnds := slices.ContainsFunc(rows, func(r legendRow) bool { return r.ends })
	ideal := make([]vg.Length, len(rows))
	if byEnds {
		slices.SortStableFunc(rows, func(a, b legendRow) int { return cmp.Compare(b.at, a.at) })
	}
	for i, r := range rows {
		ideal[i] = top - vg.Length(i)*row
		if byEnds {
			ideal[i] = yOf(r.at / factor)
		}
	}
	ys := spread(ideal, data.Min.Y+row/2, top, row)

	left := area.Max.X - c.legendWidth() + leaderWidth
	nameX := left + sampleWidth + columnGap
	name, value := textStyle(size, black), textStyle(size, textGrey)
	name.YAlign, value.YAlign = draw.YCenter, draw.YCenter
	value.XAlign = draw.XRight
	area.FillText(value, vg.Point{X: area.Max.X, Y: ys[0] + row}, c.legendTitle)
	for i, r := range rows {
		y := ys[i]
		if r.ends {
			thin := draw.LineStyle{Color: r.style.color, Width: 0.6}
			area.StrokeLines(thin, []vg.Point{{X: data.Max.X, Y: ideal[i]}, {X: left - 4, Y: y}, {X: left, Y: y}})
		}
		if r.line {
			line := draw.LineStyle{Color: r.style.color, Width: r.style.width, Dashes: r.style.dashes}
			area.StrokeLine2(line, left, y, left+sampleWidth, y)
		}
		for _, glyph := range r.style.glyphs() {
			glyph.Radius *= min(1, 1.2*row/rowSize)
			area.DrawGlyph(glyph, vg.Point{X: left + sampleWidth/2, Y: y})
		}
		area.FillText(name, vg.Point{X: nameX, Y: y}, r.label)
		area.FillText(value, vg.Point{X: area.Max.X, Y: y}, r.value)
	}
}

// spread moves the descending positions ideal, so that they are at least row apart and between
// bottom and top. It goes from the top down and moves each position as little as possible.
func spread(ideal []vg.Length, bottom, top, row vg.Length) []vg.Length {
	ys := slices.Clone(ideal)
	limit := top
	for i := range ys {
		ys[i] = min(ys[i], limit)
		limit = ys[i] - row
	}
	limit = bottom
	for i := len(ys) - 1; i >= 0; i-- {
		ys[i] = max(ys[i], limit)
		limit = ys[i] + row
	}
	return ys
}

func textStyle(size font.Length, c color.Color) text.Style {
	return text.Style{Color: c, Font: font.From(sans, size), Handler: plot.DefaultTextHandler}
}

func lineHeight(st text.Style) vg.Length { return 1.3 * st.Font.Size }

// drawLines writes lines from the top of area and returns where they end.
func drawLines(area draw.Canvas, st text.Style, lines []string) (y vg.Length) {
	y = area.Max.Y
	for _, line := range lines {
		y -= lineHeight(st)
		area.FillText(st, vg.Point{X: area.Min.X, Y: y + st.FontExtents().Descent}, line)
	}
	return y
}

// wrap breaks a text at blanks into lines no wider than width.
func wrap(st text.Style, s string, width vg.Length) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch longer := line + " " + word; {
		case line == "":
			line = word
		case st.Width(longer) <= width:
			line = longer
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
