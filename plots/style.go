package plots

import (
	"hash/fnv"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"doublebuf/results"
)

// The colours of Okabe and Ito (2008), without the yellow, which is too light for lines
// on white; and one of Tol's (2021), which is darker than all of them but black.
var (
	black     = color.NRGBA{A: 255}
	orange    = color.NRGBA{R: 0xE6, G: 0x9F, A: 255}
	skyBlue   = color.NRGBA{R: 0x56, G: 0xB4, B: 0xE9, A: 255}
	green     = color.NRGBA{G: 0x9E, B: 0x73, A: 255}
	blue      = color.NRGBA{G: 0x72, B: 0xB2, A: 255}
	vermilion = color.NRGBA{R: 0xD5, G: 0x5E, A: 255}
	purple    = color.NRGBA{R: 0xCC, G: 0x79, B: 0xA7, A: 255}
	wine      = color.NRGBA{R: 0x88, G: 0x22, B: 0x55, A: 255}

	failedGrey = color.NRGBA{R: 0x99, G: 0x99, B: 0x99, A: 255}
	textGrey   = color.NRGBA{R: 0x55, G: 0x55, B: 0x55, A: 255}
	lineGrey   = color.NRGBA{R: 0xE0, G: 0xE0, B: 0xE0, A: 255}
	shadeGrey  = color.NRGBA{R: 0xF4, G: 0xF4, B: 0xF4, A: 255}
)

// style is the look of a map, the same in every figure.
type style struct {
	color  color.NRGBA
	glyph  draw.GlyphDrawer
	dashes []vg.Length
	width  vg.Length
	inside inside
}

// inside is what a glyph has in its middle.
type inside int

const (
	full inside = iota // nothing
	eye                // a white spot
	ring               // it is white
	spot               // it is white with a spot
)

var (
	solid    []vg.Length
	dashed   = []vg.Length{7, 3}
	dashDot  = []vg.Length{8, 3, 2, 3}
	dotted   = []vg.Length{2, 3}
	dashings = [][]vg.Length{solid, dashed, dashDot, dotted}

	circle   = draw.CircleGlyph{}
	square   = polygon{4, math.Pi / 4}
	diamond  = polygon{4, 0}
	up       = polygon{3, math.Pi / 2}
	down     = polygon{3, -math.Pi / 2}
	left     = polygon{3, math.Pi}
	right    = polygon{3, 0}
	pentagon = polygon{5, math.Pi / 2}

	// Those of maps that are not known here share no glyph with the others.
	strangeColors = []color.NRGBA{orange, skyBlue, green, vermilion, purple}
	strangeShapes = []draw.GlyphDrawer{pentagon, left, right}
)

const (
	ourWidth   = vg.Length(2.4)
	otherWidth = vg.Length(1.6)
)

// styles are those of the maps that are always there. The double buffer is blue and
// bold, and its publish policies are told apart by glyph and dashes; see strategies for those of
// other strategies. So are maps of one kind: read-write locks are orange, sharded maps green, and
// maps that writers copy, the whole or in part, sky blue.
var styles = map[string]style{
	"dbuf-epoch-b1":     {blue, circle, solid, ourWidth, full},
	"dbuf-epoch-b64":    {blue, square, dashed, ourWidth, full},
	"dbuf-epoch-b4096":  {blue, up, dashDot, ourWidth, full},
	"dbuf-epoch-t100us": {blue, down, dashDot, ourWidth, full},
	"dbuf-epoch-demand": {blue, diamond, dotted, ourWidth, full},
	"dbuf-maxwait-b1":   {blue, left, solid, ourWidth, full},
	"dbuf-maxwait-b64":  {blue, right, dashed, ourWidth, full},
	"dbuf-group":        {blue, pentagon, solid, ourWidth, full},

	"syncmap": {vermilion, circle, solid, otherWidth, full},
	"xsync":   {wine, square, solid, otherWidth, full},
	"rwmutex": {orange, square, solid, otherWidth, full},
	"rbmutex": {orange, down, dashed, otherWidth, full},
	"mutex":   {purple, down, solid, otherWidth, full},
	"sharded": {green, diamond, solid, otherWidth, full},
	"cow":     {skyBlue, up, solid, otherWidth, full},
	"haxmap":  {vermilion, up, dashDot, otherWidth, full},
	"plain":   {black, pentagon, dotted, otherWidth, full},

	"concurrent-map": {green, square, dashed, otherWidth, full},
	"immutable":      {skyBlue, circle, dashed, otherWidth, full},
}

// strategies are the looks of double buffers of other strategies and tables, dbuf-STRATEGY-POLICY:
// colour and glyph are the strategy's, what is inside the glyph and the dashes are the policy's. No
// glyph is full, so that no map of another kind looks so. A strategy that is not here looks
// as its name has it.
var strategies = map[string]style{
	"flat":       {color: blue, glyph: square},
	"asymmetric": {color: vermilion, glyph: circle},
	"adaptive":   {color: skyBlue, glyph: right},
	"refcount":   {color: orange, glyph: diamond},
	"counted":    {color: purple, glyph: left},
	"indicator":  {color: green, glyph: up},
	"collector":  {color: black, glyph: down},
	"single":     {color: wine, glyph: pentagon},
}

// policies are the looks of publish policies there.
var policies = map[string]style{
	"b1":    {dashes: solid, inside: eye},
	"b64":   {dashes: dashed, inside: ring},
	"b4096": {dashes: dashDot, inside: spot},
}

// styleOf returns the style of a map with that verdict. Maps that are not known here
// get one by their name, so that it does not depend on what else is drawn.
func styleOf(impl string, v results.Verdict) style {
	st, known := styles[impl]
	if !known {
		h := fnv.New32a()
		h.Write([]byte(impl))
		n := int(h.Sum32() >> 1)
		st = style{strangeColors[n%len(strangeColors)], strangeShapes[n/8%len(strangeShapes)], dashings[n/64%len(dashings)], otherWidth, full}
		if strategy, ours := strings.CutPrefix(impl, "dbuf-"); ours {
			strategy, policy, _ := strings.Cut(strategy, "-")
			if known, ok := strategies[strategy]; ok {
				st.color, st.glyph = known.color, known.glyph
			}
			st.width, st.inside = ourWidth, ring
			if known, ok := policies[policy]; ok {
				st.dashes, st.inside = known.dashes, known.inside
			}
		}
	}
	if v.Outcome == results.Illegal {
		st = style{failedGrey, cross{}, dotted, otherWidth, full}
	}
	return st
}

// glyphs are the glyph of the style, before it its white rim, and after it what is inside.
func (s style) glyphs() []draw.GlyphStyle {
	const thick, small = radius - 1.6, vg.Length(1.5)
	all := []draw.GlyphStyle{
		{Color: color.White, Radius: radius + 1.2, Shape: s.glyph},
		{Color: s.color, Radius: radius, Shape: s.glyph},
	}
	switch s.inside {
	case eye:
		all = append(all, draw.GlyphStyle{Color: color.White, Radius: small, Shape: circle})
	case ring:
		all = append(all, draw.GlyphStyle{Color: color.White, Radius: thick, Shape: s.glyph})
	case spot:
		all = append(all, draw.GlyphStyle{Color: color.White, Radius: thick, Shape: s.glyph}, draw.GlyphStyle{Color: s.color, Radius: small, Shape: circle})
	}
	return all
}

// polygon is a regular one with the area of a circle glyph.
type polygon struct {
	corners int
	turn    float64 // of the first corner, in radians
}

func (g polygon) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, pt vg.Point) {
	n := float64(g.corners)
	radius := sty.Radius * vg.Length(math.Sqrt(2*math.Pi/(n*math.Sin(2*math.Pi/n))))
	var path vg.Path
	for i := range g.corners {
		sin, cos := math.Sincos(g.turn + 2*math.Pi*float64(i)/n)
		corner := vg.Point{X: pt.X + radius*vg.Length(cos), Y: pt.Y + radius*vg.Length(sin)}
		if i == 0 {
			path.Move(corner)
		} else {
			path.Line(corner)
		}
	}
	path.Close()
	c.Fill(path)
}

// cross marks a map that failed its check.
type cross struct{}

func (cross) DrawGlyph(c *draw.Canvas, sty draw.GlyphStyle, pt vg.Point) {
	line := draw.LineStyle{Color: sty.Color, Width: sty.Radius / 2}
	r := sty.Radius
	c.StrokeLine2(line, pt.X-r, pt.Y-r, pt.X+r, pt.Y+r)
	c.StrokeLine2(line, pt.X-r, pt.Y+r, pt.X+r, pt.Y-r)
}
