package plots

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/results"
)

// All points lie within the axes, and the ticks are in order and have different labels. This holds
// for a single point, for zeros, and for values that differ by a factor of a million.
func TestAxesHoldWhatIsDrawn(t *testing.T) {
	scaled := func(factor func(results.Cell) float64) *results.Set {
		run := testRun(testMaps, 6)
		for _, c := range run.Cells {
			for unit := range c.Metrics {
				c.Metrics[unit] *= factor(c)
			}
		}
		return run
	}
	of := func(impl string, f float64) func(results.Cell) float64 {
		return func(c results.Cell) float64 {
			if c.Impl == impl {
				return f
			}
			return 1
		}
	}
	single := testRun(testMaps[1:2], 6)
	for i := range single.Cells {
		single.Cells[i].Block = 1
	}
	single.Cells = single.Cells[:1]
	for name, run := range map[string]*results.Set{
		"as usual":             wholeRun,
		"a single point":       single,
		"one block":            testRun(testMaps, 1),
		"zeros":                scaled(func(results.Cell) float64 { return 0 }),
		"one map at zero":      scaled(of("syncmap", 0)),
		"a million times more": scaled(of("dbuf-epoch-b64", 1e6)),
		"a millionth":          scaled(of("dbuf-epoch-b64", 1e-6)),
		"all a million times":  scaled(func(results.Cell) float64 { return 1e6 }),
		"all a millionth":      scaled(func(results.Cell) float64 { return 1e-6 }),
	} {
		all := charts(analysis.Of(run))
		if len(all) == 0 {
			t.Errorf("%s: no figure", name)
		}
		for _, c := range all {
			if len(c.heat) == 0 {
				checkAxes(t, name+": "+c.name, c)
			}
		}
	}
}

func checkAxes(t *testing.T, name string, c *chart) {
	t.Helper()
	ascending(t, name+": x", c.ticks)
	if !(c.xMin < c.xMax) || c.ticks[0].at < c.xMin || c.ticks[len(c.ticks)-1].at > c.xMax {
		t.Errorf("%s: the x axis goes from %v to %v, its ticks from %v to %v", name, c.xMin, c.xMax, c.ticks[0].at, c.ticks[len(c.ticks)-1].at)
	}
	for _, p := range c.panels {
		pl, err := c.plotOf(p)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		factor, _ := scaleOf(p.max())
		var y []tick
		for _, m := range pl.Y.Tick.Marker.Ticks(0, 0) {
			y = append(y, tick{m.Value, m.Label})
		}
		ascending(t, name+": "+p.yLabel, y)
		if y[0].at != 0 || len(y) < 4 {
			t.Errorf("%s: %s has the ticks %v", name, p.yLabel, y)
		}
		for _, s := range p.series {
			for _, pt := range s.points {
				for _, x := range []float64{pt.x, pt.xLo, pt.xHi} {
					if !(x >= c.xMin && x <= c.xMax) {
						t.Errorf("%s: a point at %v, beyond %v to %v", name, x, c.xMin, c.xMax)
					}
				}
				for _, v := range []float64{pt.y.Lo, pt.y.Median, pt.y.Hi} {
					if v /= factor; !(v >= 0 && v <= pl.Y.Max) {
						t.Errorf("%s: a value of %v, beyond %v", name, v, pl.Y.Max)
					}
				}
			}
		}
		// The greatest value takes more than a third of the axis.
		if top := p.max() / factor; top > 0 && top < pl.Y.Max/3 {
			t.Errorf("%s: %s reaches %v, and nothing is above %v", name, p.yLabel, pl.Y.Max, top)
		}
	}
}

// ascending checks that ticks are in order, that the labels of those that have one differ, and
// that numbers are numbers.
func ascending(t *testing.T, name string, ticks []tick) {
	t.Helper()
	seen := map[string]bool{}
	for i, k := range ticks {
		if i > 0 && !(k.at > ticks[i-1].at) || math.IsInf(k.at, 0) {
			t.Errorf("%s: ticks %v", name, ticks)
		}
		if k.label == "" {
			continue
		}
		if seen[k.label] {
			t.Errorf("%s: the label %s stands twice: %v", name, k.label, ticks)
		}
		seen[k.label] = true
		if _, err := strconv.ParseFloat(strings.TrimRight(k.label, "kMG"), 64); err != nil {
			t.Errorf("%s: the label %q is no number", name, k.label)
		}
	}
	if len(seen) == 0 {
		t.Errorf("%s: no tick has a label", name)
	}
}
