package plots

import (
	"bytes"
	"slices"
	"testing"

	"doublebuf/analysis"
)

// TestForest draws a row for each workload, with the leading maps. What cannot be compared has no
// row, and nothing is drawn outside of the axis.
func TestForest(t *testing.T) {
	run := analysis.Of(testRun(testMaps, 8))
	all := byAnswers(run)
	if len(all) != 1 || len(all[0].forest) == 0 {
		t.Fatalf("%d figures", len(all))
	}
	for i, row := range all[0].forest {
		s := run.Standings[slices.IndexFunc(run.Standings, func(s *analysis.Standing) bool { return run.Describe(s.Workload) == row.workload })]
		if row.fresh != s.Fresh[0].Impl || len(s.Stale) > 0 && row.stale != s.Stale[0].Impl {
			t.Errorf("row %d: %+v; want %s", i, row, s.Fresh[0].Impl)
		}
		if want := s.Effect(s.Fresh[1], s.Fresh[0]).Median; len(s.Fresh) > 1 && row.ofNext.Median != want {
			t.Errorf("row %d: the next map is at %v; want %v", i, row.ofNext.Median, want)
		}
	}
	svg, err := all[0].svg()
	if err != nil || bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
		t.Errorf("%v", err)
	}
	s := all[0].forest.scaleOf(100, 300)
	if s.at(1e9) != 300 || s.at(1e-9) != 100 || !(s.at(1) > 100 && s.at(1) < 300) {
		t.Errorf("%+v: %v %v %v", s, s.at(1e9), s.at(1e-9), s.at(1))
	}
	if byAnswers(analysis.Of(testRun(testMaps[:1], 8))) != nil {
		t.Error("a figure of one map")
	}
}
