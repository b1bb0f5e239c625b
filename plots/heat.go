package plots

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// maxHeats is how many panels are readable in one figure. The first ones are drawn.
const maxHeats = 9

// heatSteps is how many shades there are on either side of white. The last one means the factor
// 2^(heatSteps/2) or more.
const heatSteps = 4

// shades is a palette from orange over light grey to blue. Colour-blind eyes can distinguish its
// colours. Nothing else in a figure has one of these colours, so a dark page that repaints other
// colours keeps them.
type shades [2*heatSteps + 1]color.Color

func (s shades) Colors() []color.Color { return s[:] }

func newShades() (s shades) {
	mix := func(c color.NRGBA, part float64) color.NRGBA {
		blend := func(x uint8) uint8 { return uint8(math.Round(0xEE + (float64(x)-0xEE)*part)) }
		return color.NRGBA{R: blend(c.R), G: blend(c.G), B: blend(c.B), A: 255}
	}
	for i := range s {
		side, part := orange, float64(heatSteps-i)/heatSteps
		if i > heatSteps {
			side, part = skyBlue, -part
		}
		s[i] = mix(side, part*0.9)
	}
	return s
}

// shade returns the index of the shade of a ratio. Shades are half a power of two apart.
func shade(ratio float64) float64 {
	return min(max(math.Round(2*math.Log2(ratio)), -heatSteps), heatSteps) + 0 // no -0
}

// byWriteShareAndSize draws a figure for each workload that was measured with several shares of
// writes and several numbers of keys: how much faster each double buffer is than the fastest other
// map whose reads are never stale.
func byWriteShareAndSize(s *analysis.Run) []*chart {
	families := split(s.Groups(results.Throughput),
		func(id results.ID) bool { _, ok := writeShare(s, id); return ok },
		func(id results.ID) results.ID { id.Mix, id.Keys = "", 0; return id })
	var charts []*chart
	for _, f := range families {
		c := &chart{
			name:     strings.Join([]string{"speed-up-g" + strconv.Itoa(f.id.G), f.id.Dist, f.id.KeyType, "p" + strconv.Itoa(f.id.Procs)}, "-"),
			title:    "Speed-up over the fastest other always-fresh map",
			subtitle: fmt.Sprintf("%s; %s over %s keys", plural(f.id.G, "goroutine"), f.id.Dist, f.id.KeyType),
			table: [][]string{append([]string{"map", "verdict", "keys", "writes %", "against"},
				"n", "speed-up", "speed-up lo", "speed-up hi")},
		}
		if c.addHeat(s, f) {
			charts = append(charts, c)
		}
	}
	return charts
}

// addHeat fills c with a panel for each map that has several rows and columns, and reports whether
// there is one.
func (c *chart) addHeat(s *analysis.Run, f family) bool {
	share := func(id results.ID) float64 { v, _ := writeShare(s, id); return v }
	var drawn []stat.Summary
	doubt := false
	for _, impl := range s.Impls() {
		if s.Map(impl).Family != kv.DoubleBuffer || len(c.heat) == maxHeats {
			continue
		}
		own := family{id: f.id, groups: slices.DeleteFunc(slices.Clone(f.groups), func(g *analysis.Group) bool { return g.ID.Impl != impl })}
		shares := distinct(own.groups, share)
		sizes := distinct(own.groups, func(id results.ID) float64 { return float64(id.Keys) })
		if len(shares) < 2 || len(sizes) < 2 {
			continue
		}
		verdict := s.Verdict(impl)
		h := heat{title: impl + verdictNote(verdict)}
		for i, v := range shares {
			h.columns = append(h.columns, tick{float64(i), strconv.FormatFloat(v, 'g', 3, 64)})
		}
		compared := false
		for i, keys := range sizes {
			h.rows = append(h.rows, tick{float64(i), results.FormatKeys(int(keys))})
			row := make([]heatCell, len(shares))
			for j, v := range shares {
				for _, g := range own.groups {
					if g.ID.Keys != int(keys) || share(g.ID) != v {
						continue
					}
					best := fastestPeer(s, g.ID)
					if best == nil {
						continue
					}
					row[j] = heatCell{best.Impl, s.Effect(g, best.Group, results.OpsPerSec).Summary}
					if row[j].ratio.N > 0 {
						compared = true
						drawn = append(drawn, row[j].ratio)
						c.table = append(c.table, append([]string{impl, string(verdict.Outcome), h.rows[i].label, h.columns[j].label, best.Impl}, summaryFields(row[j].ratio)...))
					}
				}
			}
			h.cells = append(h.cells, row)
		}
		if compared {
			c.heat = append(c.heat, h)
			doubt = doubt || verdict.Outcome == results.Unknown
		}
	}
	if len(c.heat) == 0 {
		return false
	}
	note := samplesOf(drawn) + ". Ratios are paired by block. In brackets: the interval includes 1, or there is no interval."
	if doubt {
		note += " ? = not checked, or without an answer."
	}
	c.notes = []string{note, provenance(s)}
	return true
}

// The methods of plotter.GridXYZ.

func (h heat) Dims() (columns, rows int) { return len(h.columns), len(h.rows) }
func (h heat) X(column int) float64      { return float64(column) }
func (h heat) Y(row int) float64         { return float64(row) }

func (h heat) Z(column, row int) float64 {
	if c := h.cells[row][column]; c.ratio.N > 0 {
		return shade(c.ratio.Median)
	}
	return math.NaN()
}

// drawHeat draws the panels, and on their right the meaning of the shades.
func (c *chart) drawHeat(area draw.Canvas) error {
	const keyWidth = vg.Length(120)
	n := len(c.heat)
	tiles := draw.Tiles{Cols: min(n, 3), PadX: 12, PadY: 10}
	if n == 4 {
		tiles.Cols = 2
	}
	tiles.Rows = (n + tiles.Cols - 1) / tiles.Cols
	boards := draw.Crop(area, 0, -keyWidth, 0, 0)
	for i, h := range c.heat {
		if err := h.draw(tiles.At(boards, i%tiles.Cols, i/tiles.Cols)); err != nil {
			return err
		}
	}
	const side = vg.Length(16)
	at := vg.Point{X: area.Max.X - keyWidth + 14, Y: area.Max.Y - 24}
	label := textStyle(11, black)
	label.YAlign = draw.YCenter
	for i := 2 * heatSteps; i >= 0; i-- {
		area.FillPolygon(newShades()[i], []vg.Point{at, {X: at.X + side, Y: at.Y}, {X: at.X + side, Y: at.Y - side}, {X: at.X, Y: at.Y - side}})
		if power := i - heatSteps; power%2 == 0 {
			text := fmt.Sprintf("%g times", math.Pow(2, float64(power/2)))
			switch i {
			case 0:
				text += " or less"
			case 2 * heatSteps:
				text += " or more"
			case heatSteps:
				text = "equal"
			}
			area.FillText(label, vg.Point{X: at.X + side + 6, Y: at.Y - side/2}, text)
		}
		at.Y -= side
	}
	return nil
}

// ink is almost black. A dark page that repaints black does not repaint it, so that text on the
// shades stays readable.
var ink = color.NRGBA{R: 0x11, G: 0x11, B: 0x11, A: 255}

func (h heat) draw(board draw.Canvas) error {
	pl := plot.New()
	pl.Title.Text, pl.Title.Padding = h.title, 4
	pl.Title.TextStyle.Font.Size = 12
	pl.Title.TextStyle.Font.Weight = xfont.WeightBold
	for _, axis := range []*plot.Axis{&pl.X, &pl.Y} {
		axis.Padding = 0
		axis.Label.Padding = 3
		axis.Label.TextStyle.Font.Size = 11
		axis.Tick.Label.Font.Size = 10.5
		axis.Tick.Length = 0
		axis.LineStyle.Width = 0
	}
	pl.X.Label.Text, pl.Y.Label.Text = "share of writes, %", "keys"
	pl.X.Tick.Marker, pl.Y.Tick.Marker = marks(h.columns), marks(h.rows)
	m := plotter.NewHeatMap(h, newShades())
	m.Min, m.Max, m.NaN = -heatSteps, heatSteps, color.White
	pl.Add(bare{m})
	columns, rows := h.Dims()
	pl.X.Min, pl.X.Max, pl.Y.Min, pl.Y.Max = -0.5, float64(columns)-0.5, -0.5, float64(rows)-0.5
	pl.Draw(board)

	data := pl.DataCanvas(board)
	x, y := pl.Transforms(&data)
	line := draw.LineStyle{Color: color.White, Width: 1.5}
	for i := 1; i < columns; i++ {
		data.StrokeLine2(line, x(float64(i)-0.5), data.Min.Y, x(float64(i)-0.5), data.Max.Y)
	}
	for i := 1; i < rows; i++ {
		data.StrokeLine2(line, data.Min.X, y(float64(i)-0.5), data.Max.X, y(float64(i)-0.5))
	}
	ratio, name := textStyle(11, ink), textStyle(8, ink)
	ratio.XAlign, ratio.YAlign = draw.XCenter, draw.YCenter
	name.XAlign, name.YAlign = draw.XCenter, draw.YCenter
	width := x(1) - x(0) - 4
	for i, row := range h.cells {
		for j, c := range row {
			at := vg.Point{X: x(float64(j)), Y: y(float64(i))}
			st, text := textStyle(11, textGrey), "–"
			st.XAlign, st.YAlign = draw.XCenter, draw.YCenter
			if c.ratio.N > 0 {
				st, text = ratio, c.label()
				if name.Width(c.against) <= width {
					data.FillText(name, vg.Point{X: at.X, Y: at.Y - 9}, c.against)
					at.Y += 4
				}
			}
			if w := st.Width(text); w > width {
				st.Font.Size *= width / w
			}
			data.FillText(st, at, text)
		}
	}
	return nil
}

// label is the ratio with two digits or more, in brackets if its interval includes 1 or it has
// none.
func (c heatCell) label() string {
	m := c.ratio.Median
	digits := cmp.Compare(10, m) + 1 // two below 10, one at 10, none above
	text := strconv.FormatFloat(m, 'f', digits, 64)
	if m < 0.095 {
		text = strconv.FormatFloat(m, 'g', 1, 64)
	}
	if !c.ratio.Interval || c.ratio.Lo <= 1 && c.ratio.Hi >= 1 {
		return "(" + text + ")"
	}
	return text
}

// fastestPeer returns the row of the fastest map in the workload of id that is always fresh and not
// a double buffer. It returns nil if there is none, or if all did nothing.
func fastestPeer(s *analysis.Run, id results.ID) *analysis.Row {
	for _, r := range s.Standing(id).Fresh {
		if r.Map.Family != kv.DoubleBuffer && r.Summary.Median > 0 {
			return r
		}
	}
	return nil
}
