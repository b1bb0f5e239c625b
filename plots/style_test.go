package plots

import (
	"fmt"
	"image/color"
	"testing"

	"gonum.org/v1/plot/vg/draw"

	"doublebuf/results"
)

// look is the part of a style that distinguishes it in figures without lines.
type look struct {
	color  color.NRGBA
	glyph  draw.GlyphDrawer
	inside inside
}

func key(s style) look { return look{s.color, s.glyph, s.inside} }

func TestStylesTellMapsApart(t *testing.T) {
	seen, unknown := map[look]string{}, map[look]bool{}
	for name, s := range styles {
		if other, taken := seen[key(s)]; taken {
			t.Errorf("%+v and %s have one colour and glyph", name, other)
		}
		seen[key(s)] = fmt.Sprintf("%+v", name)
	}
	ok := results.Verdict{Outcome: results.Ok}
	for i := range 1000 {
		s := styleOf((&results.Set{}).Map(fmt.Sprintf("stranger%d", i)), ok)
		if name, taken := seen[key(s)]; taken {
			t.Fatalf("stranger%d looks like %s", i, name)
		}
	}
	failed := styleOf((&results.Set{}).Map("syncmap"), results.Verdict{Outcome: results.Illegal})
	if failed.color != failedGrey || failed.glyph != (cross{}) {
		t.Errorf("a failed map is drawn as %+v", failed)
	}
	for i := range 1000 {
		m := variants()[i%3]
		m.Strategy = fmt.Sprintf("brand-new%d", i)
		unknown[key(styleOf(m, ok))] = true
	}
	for _, m := range variants() {
		s := styleOf(m, ok)
		if unknown[key(s)] {
			t.Errorf("an unknown strategy looks like %s", m.Impl)
		}
		if other, taken := seen[key(s)]; taken {
			t.Errorf("%s and %s have one look", m.Impl, other)
		}
		seen[key(s)] = m.Impl
	}
}
