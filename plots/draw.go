package plots

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"math"
	"regexp"
	"slices"
	"strconv"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

const (
	width  = vg.Length(780) // of a figure, in points
	height = vg.Length(480)
	margin = vg.Length(14)
	dpi    = 144 // of the PNG
)

func init() {
	// Package plotter has copied the default of package plot by now, so both must be set.
	plot.DefaultFont = sans
	plotter.DefaultFont = sans
}

// svg draws the chart as SVG. A viewer may lack the font. SVG has no fallback font unless one is
// named, and a fallback may be wider, so every text states its length.
func (c *chart) svg() ([]byte, error) {
	canvas := vgsvg.New(width, height)
	if err := c.draw(draw.New(canvas)); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, err
	}
	drawn := textElement.ReplaceAllFunc(out.Bytes(), func(element []byte) []byte {
		parts := textElement.FindSubmatch(element)
		size, err := strconv.ParseFloat(string(parts[3]), 64)
		if err != nil {
			panic(err) // digits
		}
		st := textStyle(font.Length(size), black)
		if string(parts[2]) == "bold" {
			st.Font.Weight = xfont.WeightBold
		}
		length := st.Width(html.UnescapeString(string(parts[4])))
		return fmt.Appendf(nil, `<text textLength="%.2f" lengthAdjust="spacingAndGlyphs"%s`, length, bytes.TrimPrefix(element, []byte("<text")))
	})
	return bytes.ReplaceAll(drawn,
		[]byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")), nil
}

// textElement finds a text: its attributes, weight, size and words.
var textElement = regexp.MustCompile(`<text ([^>]*font-weight:(\w+);[^>]*font-size:([0-9.]+)px[^>]*)>([^<]*)</text>`)

func (c *chart) png() ([]byte, error) {
	canvas := vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))
	if err := c.draw(draw.New(canvas)); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(&out)
	return out.Bytes(), err
}

// draw draws the title, panels, legend and notes, from top to bottom.
func (c *chart) draw(canvas draw.Canvas) error {
	canvas.SetColor(color.White)
	canvas.Fill(canvas.Rectangle.Path())
	area := draw.Crop(canvas, margin, -margin, margin, -margin)

	title, subtitle, note := textStyle(17, black), textStyle(12.5, textGrey), textStyle(9.5, textGrey)
	title.Font.Weight = xfont.WeightBold
	for _, t := range []struct {
		style text.Style
		text  string
	}{{title, c.title}, {subtitle, c.subtitle}} {
		lines := wrap(t.style, t.text, area.Max.X-area.Min.X)
		area.Max.Y = drawLines(area, t.style, lines)
	}
	area.Max.Y -= 10
	var notes []string
	for _, n := range c.notes {
		notes = append(notes, wrap(note, n, area.Max.X-area.Min.X)...)
	}
	bottom := area
	bottom.Max.Y = area.Min.Y + vg.Length(len(notes))*lineHeight(note)
	drawLines(bottom, note, notes)
	area.Min.Y = bottom.Max.Y + 10

	if len(c.forest) > 0 {
		c.drawForest(area)
		return nil
	}
	if len(c.heat) > 0 {
		return c.drawHeat(area)
	}
	legendWidth := c.legendWidth()
	boards := draw.Crop(area, 0, -legendWidth, 0, 0)
	tiles := draw.Tiles{Cols: len(c.panels), Rows: 1, PadX: 14}
	var last draw.Canvas // the data area of the last panel
	var lastPlot *plot.Plot
	for i, p := range c.panels {
		board := tiles.At(boards, i, 0)
		pl, err := c.plotOf(p)
		if err != nil {
			return err
		}
		if c.slanted {
			c.slant(&pl.X.Tick.Label, board.Max.X-board.Min.X)
		}
		pl.Draw(board)
		last, lastPlot = pl.DataCanvas(board), pl
		c.drawOver(last)
	}
	c.drawLegend(area, last, lastPlot)
	return nil
}

// plotOf makes the axes of a panel and the lines and glyphs between them.
func (c *chart) plotOf(p panel) (*plot.Plot, error) {
	top := p.max()
	factor, prefix := scaleOf(top)
	pl := plot.New()
	for _, axis := range []*plot.Axis{&pl.X, &pl.Y} {
		axis.Padding = 0
		axis.Label.Padding = 5
		axis.Label.TextStyle.Font.Size = 12.5
		axis.Tick.Label.Font.Size = 12
		axis.Tick.Length = 4
		axis.LineStyle.Color = textGrey
		axis.Tick.LineStyle.Color = textGrey
	}
	pl.X.Tick.Length = 7 // glyphs at zero reach this far below the axis
	pl.X.Label.Text, pl.Y.Label.Text = c.xLabel, prefix+p.yLabel
	pl.X.Tick.Marker = marks(c.ticks)
	if c.shade != nil || c.fresh != nil || len(c.marks) > 0 {
		top *= 1 + 0.07*float64(max(1, min(3, len(c.marks)))) // room for their labels
	}
	yTicks := niceTicks(top / factor)
	if len(c.yTicks) > 0 {
		yTicks = c.yTicks
	}
	pl.Y.Tick.Marker = marks(yTicks)
	pl.X.Min, pl.X.Max = c.xMin, c.xMax
	pl.Y.Min, pl.Y.Max = yTicks[0].at, yTicks[len(yTicks)-1].at
	if room := pl.Y.Max - pl.Y.Min; len(c.yTicks) > 0 {
		pl.Y.Min -= 0.03 * room // for glyphs at the first tick
		if c.shade != nil {
			pl.Y.Max += 0.07 * room // for its label
		}
	}

	if c.shade != nil {
		pl.Add(rectangle(c.shade.at, c.xMax, pl.Y.Min, pl.Y.Max, shadeGrey))
	}
	grid := plotter.NewGrid()
	grid.Vertical.Width = 0
	grid.Horizontal = draw.LineStyle{Color: lineGrey, Width: 0.7}
	pl.Add(grid)
	for _, s := range p.series {
		if band := s.band(factor, 0.006*(c.xMax-c.xMin)); s.line && band != nil {
			pl.Add(band)
		}
	}
	for _, l := range p.links {
		line, err := plotter.NewLine(xys(l.points, factor))
		if err != nil {
			return nil, err
		}
		line.LineStyle = draw.LineStyle{Color: l.style.color, Width: 1, Dashes: dotted}
		pl.Add(bare{line})
	}
	for _, s := range p.series {
		if err := s.addTo(pl, factor); err != nil {
			return nil, err
		}
	}
	return pl, nil
}

// slant turns the labels of the ticks of an x axis in a panel of that width. The less room there is
// between two labels, the more it turns them; then it makes them smaller.
func (c *chart) slant(label *text.Style, width vg.Length) {
	const beside = 60 // of the panel, for the y axis
	pitch := (width - beside) / vg.Length(c.xMax-c.xMin)
	label.XAlign, label.YAlign = draw.XRight, draw.YTop
	label.Rotation = math.Pi / 5
	if room := pitch * vg.Length(math.Sin(label.Rotation)); room < lineHeight(*label) {
		label.Rotation = 0.3 * math.Pi
		room = pitch * vg.Length(math.Sin(label.Rotation))
		label.Font.Size = min(label.Font.Size, room/lineHeight(*label)*label.Font.Size)
	}
}

// addTo adds the line or the bars of s, and its glyphs on a white rim.
func (s series) addTo(pl *plot.Plot, factor float64) error {
	data := xys(s.points, factor)
	look := draw.LineStyle{Color: s.style.color, Width: s.style.width, Dashes: s.style.dashes}
	if s.line {
		line, err := plotter.NewLine(data)
		if err != nil {
			return err
		}
		line.LineStyle = look
		pl.Add(bare{line})
	}
	for _, pt := range s.points {
		if s.line || !pt.y.Interval {
			continue
		}
		y := pt.y.Median / factor
		for _, ends := range []plotter.XYs{
			{{X: pt.x, Y: pt.y.Lo / factor}, {X: pt.x, Y: pt.y.Hi / factor}},
			{{X: pt.xLo, Y: y}, {X: pt.xHi, Y: y}},
		} {
			bar, err := plotter.NewLine(ends)
			if err != nil {
				return err
			}
			bar.LineStyle = draw.LineStyle{Color: s.style.color, Width: 1}
			pl.Add(bare{bar})
		}
	}
	for _, glyph := range s.style.glyphs() {
		points, err := plotter.NewScatter(data)
		if err != nil {
			return err
		}
		points.GlyphStyle = glyph
		pl.Add(bare{points})
	}
	return nil
}

// band returns the area between the ends of the intervals of neighbouring points, or nil if there
// is none. The area of a single point extends by half to either side.
func (s series) band(factor, half float64) *plotter.Polygon {
	var ring, back plotter.XYs
	for _, pt := range s.points {
		if !pt.y.Interval {
			return nil
		}
		ring = append(ring, plotter.XY{X: pt.x, Y: pt.y.Hi / factor})
		back = append(back, plotter.XY{X: pt.x, Y: pt.y.Lo / factor})
	}
	if len(ring) == 1 { // an area needs a width
		ring, back = widen(ring, half), widen(back, half)
	}
	slices.Reverse(back)
	fill, edge := s.style.color, s.style.color
	fill.A, edge.A = 24, 110 // edges keep bands apart that lie over each other
	return &plotter.Polygon{
		XYs:       []plotter.XYs{append(ring, back...)},
		Color:     fill,
		LineStyle: draw.LineStyle{Color: edge, Width: 0.4},
	}
}

func widen(p plotter.XYs, half float64) plotter.XYs {
	return plotter.XYs{{X: p[0].X - half, Y: p[0].Y}, {X: p[0].X + half, Y: p[0].Y}}
}

func rectangle(x0, x1, y0, y1 float64, fill color.Color) *plotter.Polygon {
	return &plotter.Polygon{XYs: []plotter.XYs{{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}}, Color: fill}
}

func xys(points []point, factor float64) plotter.XYs {
	var data plotter.XYs
	for _, p := range points {
		data = append(data, plotter.XY{X: p.x, Y: p.y.Median / factor})
	}
	return data
}

// drawOver draws over the data area: the names of the parts of the x axis, its marks, and the sign
// for the gap in it.
func (c *chart) drawOver(data draw.Canvas) {
	at := func(x float64) vg.Length { return data.X((x - c.xMin) / (c.xMax - c.xMin)) }
	st := textStyle(10, textGrey)
	st.YAlign = draw.YTop
	if c.shade != nil {
		st.XAlign = draw.XRight
		data.FillText(st, vg.Point{X: data.Max.X - 5, Y: data.Max.Y - 3}, c.shade.label)
	}
	for i, m := range c.marks {
		x, y := at(m.at), data.Max.Y-vg.Length(i%3)*lineHeight(st)-3 // neighbours are not on one line
		data.StrokeLine2(draw.LineStyle{Color: textGrey, Width: 0.7, Dashes: dotted}, x, data.Min.Y, x, data.Max.Y)
		st.XAlign = draw.XLeft
		if width := st.Width(m.label); x+width+3 > data.Max.X {
			st.XAlign, x = draw.XRight, x-6
		}
		data.FillText(st, vg.Point{X: x + 3, Y: y}, m.label)
	}
	if c.fresh != nil {
		st.XAlign = draw.XCenter
		data.FillText(st, vg.Point{X: at(c.fresh.at), Y: data.Max.Y - 3}, c.fresh.label)
	}
	if c.gap != 0 {
		x, y := at(c.gap), data.Min.Y
		data.FillPolygon(color.White, []vg.Point{{X: x - 4, Y: y - 2}, {X: x + 4, Y: y - 2}, {X: x + 4, Y: y + 2}, {X: x - 4, Y: y + 2}})
		line := draw.LineStyle{Color: textGrey, Width: 1}
		data.StrokeLine2(line, x-6, y-5, x-2, y+5)
		data.StrokeLine2(line, x+2, y-5, x+6, y+5)
		line = draw.LineStyle{Color: lineGrey, Width: 1, Dashes: dotted}
		data.StrokeLine2(line, x, y+8, x, data.Max.Y)
	}
}

// niceTicks returns four to six ticks from zero to the first round number at or above top.
func niceTicks(top float64) []tick {
	if !(top >= 1e-300 && top <= 1e300) { // not a size that was measured
		top = 1
	}
	power := math.Pow(10, math.Floor(math.Log10(top/5)))
	step := 10 * power
	for _, s := range []float64{1, 2, 2.5, 5} {
		if s*power*5 >= top*(1-1e-9) {
			step = s * power
			break
		}
	}
	var ticks []tick
	for i := 0; ; i++ {
		v := float64(i) * step
		ticks = append(ticks, tick{v, strconv.FormatFloat(v, 'g', 4, 64)})
		if v >= top*(1-1e-9) {
			return ticks
		}
	}
}
