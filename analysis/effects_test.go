package analysis

import (
	"testing"

	"doublebuf/analysis/stat"
)

// TestBeyond: the whole interval must lie beyond what this run can show, not only the median.
func TestBeyond(t *testing.T) {
	e := &effects{least: 0.05}
	for _, c := range []struct {
		median, lo, hi float64
		want           bool
	}{
		{1.2, 1.06, 1.4, true},
		{1.2, 1.04, 1.4, false},
		{1.2, 0.99, 1.4, false},
		{1.03, 1.02, 1.04, false},
		{1 / 1.2, 1 / 1.4, 1 / 1.06, true},
		{1 / 1.2, 1 / 1.4, 1 / 1.04, false},
	} {
		m := stat.Summary{Median: c.median, Lo: c.lo, Hi: c.hi, Interval: true}
		if got := e.beyond(m); got != c.want {
			t.Errorf("%.2f [%.2f, %.2f]: conclusive is %v", c.median, c.lo, c.hi, got)
		}
		m.Interval = false
		if e.beyond(m) {
			t.Errorf("%.2f without an interval is conclusive", c.median)
		}
	}
}
