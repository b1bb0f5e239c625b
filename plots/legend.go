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

// drawLegend draws a row for each map on the right of area. Where lines end at the right
// edge of the data area, rows stand as near to the ends as they can without overlap,
// and are led to. Otherwise they stand in their order from the top.
func (c *chart) drawLegend(area, data draw.Canvas, pl *plot.Plot) {
	factor, _ := scaleOf(c.panels[0].max())
	_, yOf := pl.Transforms(&data)
	top := data.Max.Y - rowSize
	rows := slices.Clone(c.legend)
	byEnds := slices.ContainsFunc(rows, func(r legendRow) bool { return r.ends })
	ideal := make([]vg.Length, len(rows))
	if byEnds {
		slices.SortStableFunc(rows, func(a, b legendRow) int { return cmp.Compare(b.at, a.at) })
	}
	for i, row := range rows {
		ideal[i] = top - vg.Length(i)*rowSize
		if byEnds {
			ideal[i] = yOf(row.at / factor)
		}
	}
	ys := spread(ideal, data.Min.Y+rowSize/2, top)

	left := area.Max.X - c.legendWidth() + leaderWidth
	nameX := left + sampleWidth + columnGap
	name, value := textStyle(legendSize, black), textStyle(legendSize, textGrey)
	name.YAlign, value.YAlign = draw.YCenter, draw.YCenter
	value.XAlign = draw.XRight
	area.FillText(value, vg.Point{X: area.Max.X, Y: ys[0] + rowSize}, c.legendTitle)
	for i, row := range rows {
		y := ys[i]
		if row.ends {
			thin := draw.LineStyle{Color: row.style.color, Width: 0.6}
			area.StrokeLines(thin, []vg.Point{{X: data.Max.X, Y: ideal[i]}, {X: left - 4, Y: y}, {X: left, Y: y}})
		}
		if row.line {
			line := draw.LineStyle{Color: row.style.color, Width: row.style.width, Dashes: row.style.dashes}
			area.StrokeLine2(line, left, y, left+sampleWidth, y)
		}
		for _, glyph := range row.style.glyphs() {
			area.DrawGlyph(glyph, vg.Point{X: left + sampleWidth/2, Y: y})
		}
		area.FillText(name, vg.Point{X: nameX, Y: y}, row.label)
		area.FillText(value, vg.Point{X: area.Max.X, Y: y}, row.value)
	}
}

// spread moves ideal positions, which descend, apart by at least a row, within bottom
// and top, each as little as possible in the order from the top.
func spread(ideal []vg.Length, bottom, top vg.Length) []vg.Length {
	ys := slices.Clone(ideal)
	limit := top
	for i := range ys {
		ys[i] = min(ys[i], limit)
		limit = ys[i] - rowSize
	}
	limit = bottom
	for i := len(ys) - 1; i >= 0; i-- {
		ys[i] = max(ys[i], limit)
		limit = ys[i] + rowSize
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
