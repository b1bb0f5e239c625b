package plots

import (
	"hash/fnv"
	"image/color"
	"math"
	"time"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"doublebuf/baselines/kv"
	"doublebuf/results"
)

var sans = font.Font{Typeface: "Liberation", Variant: "Sans"}

const radius = vg.Length(4) // of a glyph

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

	// The styles of unknown maps share no glyph with the others.
	strangeColors = []color.NRGBA{orange, skyBlue, green, vermilion, purple}
	strangeShapes = []draw.GlyphDrawer{pentagon, left, right}
)

const (
	ourWidth   = vg.Length(2.4)
	otherWidth = vg.Length(1.6)
)

// subject is the property of a map that determines its style.
type subject struct {
	family string
	copies           // of double buffers
	policy kv.Policy // of double buffers
}

// copies says how a double buffer keeps its copies.
type copies struct{ strategy, table, writer string }

func peer(family string) subject { return subject{family: family} }

// epoch is the double buffer of the strategy epoch over the built-in map.
func epoch(writer string, policy kv.Policy) subject {
	return subject{kv.DoubleBuffer, copies{"epoch", "builtin", writer}, policy}
}

func every(writes int) kv.Policy { return kv.Policy{Every: writes} }

// styles are those of the maps that are measured most. The double buffer is blue and bold; glyph
// and dashes show its publish policy. Maps of one kind have one colour: read-write locks are
// orange, sharded maps green, and maps that writers copy, as a whole or in part, sky blue.
var styles = map[subject]style{
	epoch("", every(1)):                                    {blue, circle, solid, ourWidth, full},
	epoch("", every(64)):                                   {blue, square, dashed, ourWidth, full},
	epoch("", every(4096)):                                 {blue, up, dashDot, ourWidth, full},
	epoch("", kv.Policy{}):                                 {blue, diamond, dotted, ourWidth, full},
	epoch("maxwait", every(1)):                             {blue, left, solid, ourWidth, full},
	epoch("maxwait", every(64)):                            {blue, right, dashed, ourWidth, full},
	epoch("group", kv.Policy{}):                            {blue, pentagon, solid, ourWidth, full},
	epoch("", kv.Policy{Interval: 100 * time.Microsecond}): {blue, down, dashDot, ourWidth, full},

	peer("syncmap"): {vermilion, circle, solid, otherWidth, full},
	peer("xsync"):   {wine, square, solid, otherWidth, full},
	peer("rwmutex"): {orange, square, solid, otherWidth, full},
	peer("rbmutex"): {orange, down, dashed, otherWidth, full},
	peer("mutex"):   {purple, down, solid, otherWidth, full},
	peer("sharded"): {green, diamond, solid, otherWidth, full},
	peer("cow"):     {skyBlue, up, solid, otherWidth, full},
	peer("haxmap"):  {vermilion, up, dashDot, otherWidth, full},
	peer("plain"):   {black, pentagon, dotted, otherWidth, full},

	peer("concurrent-map"): {green, square, dashed, otherWidth, full},
	peer("immutable"):      {skyBlue, circle, dashed, otherWidth, full},

	peer("rwmutex-tidwall"): {orange, diamond, dotted, otherWidth, full},
}

// variations are the colours and glyphs of the other double buffers. The publish policy decides
// what is inside the glyph, and the dashes. No glyph is full, so none looks like a map of another
// family. A double buffer that is not here has a look that follows from its fields.
var variations = map[copies]style{
	{"epoch", "flat", ""}:         {color: blue, glyph: square},
	{"asymmetric", "builtin", ""}: {color: vermilion, glyph: circle},
	{"adaptive", "builtin", ""}:   {color: skyBlue, glyph: right},
	{"refcount", "builtin", ""}:   {color: orange, glyph: diamond},
	{"counted", "builtin", ""}:    {color: purple, glyph: left},
	{"indicator", "builtin", ""}:  {color: green, glyph: up},
	{"collector", "builtin", ""}:  {color: black, glyph: down},
	{"single", "builtin", ""}:     {color: wine, glyph: pentagon},
}

// policies are the looks of publish policies there.
var policies = map[kv.Policy]style{
	every(1):    {dashes: solid, inside: eye},
	every(64):   {dashes: dashed, inside: ring},
	every(4096): {dashes: dashDot, inside: spot},
}

// styleOf returns the style of a map with that verdict. It depends on the map alone, not on what
// else is drawn.
func styleOf(m results.Map, v results.Verdict) style {
	if v.Outcome == results.Illegal {
		return style{failedGrey, cross{}, dotted, otherWidth, full}
	}
	of := subject{family: m.Family}
	if m.Family == kv.DoubleBuffer {
		of.copies, of.policy = copies{m.Strategy, m.Table, m.Writer}, m.Policy
	}
	if st, known := styles[of]; known {
		return st
	}
	if m.Family != kv.DoubleBuffer {
		return strange(m.Impl)
	}
	st, known := variations[of.copies]
	if !known {
		st = strangeVariation(of.copies)
	}
	st.dashes, st.width, st.inside = solid, ourWidth, ring
	if policy, known := policies[m.Policy]; known {
		st.dashes, st.inside = policy.dashes, policy.inside
	}
	return st
}

// strangeVariation returns a colour and glyph that follow from c, for all of its policies. No known
// variation has them.
func strangeVariation(c copies) style {
	var free []style
	for _, color := range strangeColors {
		for _, glyph := range []draw.GlyphDrawer{circle, square, diamond, up, down, left, right, pentagon} {
			taken := false
			for _, known := range variations {
				taken = taken || known.color == color && known.glyph == glyph
			}
			if !taken {
				free = append(free, style{color: color, glyph: glyph})
			}
		}
	}
	return free[hash(c.strategy+"-"+c.table+"-"+c.writer)%len(free)]
}

func hash(name string) int {
	h := fnv.New32a()
	h.Write([]byte(name))
	return int(h.Sum32() >> 1)
}

// strange returns a style that follows from the name of a map.
func strange(name string) style {
	n := hash(name)
	return style{
		strangeColors[n%len(strangeColors)], strangeShapes[n/8%len(strangeShapes)],
		dashings[n/64%len(dashings)], otherWidth, full,
	}
}

// glyphs returns what makes up the glyph of the style, in drawing order: its white rim, the glyph,
// and what is inside.
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

// polygon is a regular polygon with the area of a circle glyph.
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
