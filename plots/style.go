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
}

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
// bold, and its publish policies are told apart by glyph and dashes; so are maps of one
// kind: read-write locks are orange, sharded maps green, and maps that writers copy, the
// whole or in part, sky blue.
var styles = map[string]style{
	"b1":     {blue, circle, solid, ourWidth},
	"b64":    {blue, square, dashed, ourWidth},
	"b4096":  {blue, up, dashDot, ourWidth},
	"t100us": {blue, down, dashDot, ourWidth},
	"demand": {blue, diamond, dotted, ourWidth},

	// These stand beside those of the strategy epoch, and share no look with them.
	"dbuf-maxwait-b1":  {blue, left, solid, ourWidth},
	"dbuf-maxwait-b64": {blue, right, dashed, ourWidth},

	"syncmap": {vermilion, circle, solid, otherWidth},
	"xsync":   {wine, square, solid, otherWidth},
	"rwmutex": {orange, square, solid, otherWidth},
	"rbmutex": {orange, down, dashed, otherWidth},
	"mutex":   {purple, down, solid, otherWidth},
	"sharded": {green, diamond, solid, otherWidth},
	"cow":     {skyBlue, up, solid, otherWidth},
	"haxmap":  {vermilion, up, dashDot, otherWidth},
	"plain":   {black, pentagon, dotted, otherWidth},

	"concurrent-map": {green, square, dashed, otherWidth},
	"immutable":      {skyBlue, circle, dashed, otherWidth},
}

// styleOf returns the style of a map with that verdict. Maps that are not known here
// get one by their name, so that it does not depend on what else is drawn.
func styleOf(impl string, v results.Verdict) style {
	st, known := styles[impl]
	if !known {
		h := fnv.New32a()
		h.Write([]byte(impl))
		n := int(h.Sum32() >> 1)
		st = style{strangeColors[n%len(strangeColors)], strangeShapes[n/8%len(strangeShapes)], dashings[n/64%len(dashings)], otherWidth}
		if strings.HasPrefix(impl, "dbuf-") {
			st.color, st.width = blue, ourWidth
			if policy, ok := styles[impl[strings.LastIndexByte(impl, '-')+1:]]; ok {
				st = policy
			}
		}
	}
	if v.Outcome == results.Illegal {
		st = style{failedGrey, cross{}, dotted, otherWidth}
	}
	return st
}

// glyphs are the glyph of the style and, to be drawn before it, its white rim.
func (s style) glyphs() []draw.GlyphStyle {
	return []draw.GlyphStyle{
		{Color: color.White, Radius: radius + 1.2, Shape: s.glyph},
		{Color: s.color, Radius: radius, Shape: s.glyph},
	}
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
