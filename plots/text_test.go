package plots

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"

	"doublebuf/analysis"
	"doublebuf/results"
)

// written is a text on a figure, with the corners of its box in order.
type written struct {
	text    string
	corners [4]vg.Point
}

// texts returns all texts of a figure.
func texts(t *testing.T, c *chart) (all []written) {
	t.Helper()
	var canvas recorder.Canvas
	if err := c.draw(draw.NewCanvas(&canvas, width, height)); err != nil {
		t.Fatal(err)
	}
	turned := []float64{0}
	for _, action := range canvas.Actions {
		top := &turned[len(turned)-1]
		switch a := action.(type) {
		case *recorder.Push:
			turned = append(turned, *top)
		case *recorder.Pop:
			turned = turned[:len(turned)-1]
		case *recorder.Rotate:
			*top += a.Angle
		case *recorder.Translate, *recorder.Scale:
			t.Fatalf("%s: a transformation that this test does not know: %s", c.name, a.Call())
		case *recorder.FillString:
			f := a.Font
			f.Size = a.Size
			w := text.Style{Font: f, Handler: plot.DefaultTextHandler}.Width(a.String)
			low, high := -0.2*a.Size, 0.75*a.Size
			sin, cos := math.Sincos(*top)
			place := func(x, y vg.Length) vg.Point {
				x, y = a.Point.X+x, a.Point.Y+y
				return vg.Point{X: vg.Length(cos)*x - vg.Length(sin)*y, Y: vg.Length(sin)*x + vg.Length(cos)*y}
			}
			all = append(all, written{a.String, [4]vg.Point{place(0, low), place(w, low), place(w, high), place(0, high)}})
		}
	}
	return all
}

// overlap reports whether the boxes share more than an edge. If they do not, the direction of one
// of their sides separates them.
func (a written) overlap(b written) bool {
	for _, box := range []written{a, b} {
		for i := range 2 {
			p, q := box.corners[i], box.corners[i+1]
			span := func(w written) (lo, hi vg.Length) {
				lo, hi = vg.Length(math.Inf(1)), vg.Length(math.Inf(-1))
				for _, c := range w.corners {
					at := (q.X-p.X)*c.X + (q.Y-p.Y)*c.Y
					lo, hi = min(lo, at), max(hi, at)
				}
				return lo, hi
			}
			aLo, aHi := span(a)
			bLo, bHi := span(b)
			if aHi <= bLo+1e-6 || bHi <= aLo+1e-6 {
				return false
			}
		}
	}
	return true
}

// manyMaps makes a run of that many unknown maps beside the maps of the tests. Their names are as
// long as the longest.
func manyMaps(n int) *results.Set {
	maps := testMaps
	for i := range n {
		maps = append(maps[:len(maps):len(maps)], testMap{fmt.Sprintf("stranger-of-a-long-name-%d", i), 60e6, 14e6, 0.9, float64(i % 4), "atomic", results.Illegal})
	}
	return testRun(maps, 6)
}

// TestTextsHaveRoom: with any number of maps, no text on a figure overlaps another or crosses the
// edge.
func TestTextsHaveRoom(t *testing.T) {
	runs := map[string]*results.Set{"as usual": wholeRun, "late": lateRun(), "strategies": testRun(withStrategies(), 6), "a long legend": manyMaps(50)}
	runs["heat"] = plane(6, planeMixes, planeSizes, func(int, int, int) float64 { return 1 })
	remember := testRun(withStrategies(), 6)
	for _, c := range remember.Cells {
		c.Metrics[results.LivePerKey] = 100
	}
	runs["memory"] = remember
	for name, run := range runs {
		all := charts(analysis.Of(run))
		if name == "as usual" {
			all = append(all, byMachine([]analysis.Machine{{Name: "here", Run: analysis.Of(wholeRun)}, {Name: "there", Run: analysis.Of(otherMachine())}})...)
		}
		for _, c := range all {
			figure := texts(t, c)
			if len(figure) < 10 {
				t.Errorf("%s: %s has %d texts", name, c.name, len(figure))
			}
			for i, a := range figure {
				for _, p := range a.corners {
					if p.X < 0 || p.Y < 0 || p.X > width || p.Y > height {
						t.Errorf("%s: %s: %q reaches beyond the edge: %v", name, c.name, a.text, a.corners)
						break
					}
				}
				for _, b := range figure[:i] {
					if a.overlap(b) {
						t.Errorf("%s: %s: %q lies over %q", name, c.name, a.text, b.text)
					}
				}
			}
		}
	}
}
