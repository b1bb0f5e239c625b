package study

import (
	"fmt"

	"golang.org/x/perf/benchunit"

	"doublebuf/analysis/export"
)

// Document is a table of claims with their results, and their numbers.
func Document(all []Judged) *export.Document {
	t := export.Table{Columns: []string{"line", "figure", "would be", "of", "seen", "95 % interval", "n", "result"}}
	type claim struct {
		Line     int        `json:"line"`
		Figure   string     `json:"figure"`
		Restated string     `json:"would_be,omitempty"`
		Of       string     `json:"of"`
		N        int        `json:"n"`
		Seen     *float64   `json:"seen"`     // null if it was not measured
		Interval []*float64 `json:"interval"` // null without one
		Result   Result     `json:"result"`
		Why      string     `json:"why,omitempty"`
	}
	claims := []claim{}
	for _, j := range all {
		c := claim{Line: j.Line, Figure: j.Said(), Of: j.what(), N: j.Seen.N, Result: j.Result, Why: j.Why}
		seen, interval, result := "", "", string(j.Result)
		if j.Seen.N > 0 {
			c.Restated, c.Seen = j.Restated(j.Seen.Median), &j.Seen.Median
			seen = benchunit.Scale(j.Seen.Median, benchunit.Decimal)
		}
		if j.Seen.Interval {
			c.Interval = []*float64{&j.Seen.Lo, &j.Seen.Hi}
			interval = fmt.Sprintf("[%s, %s]", benchunit.Scale(j.Seen.Lo, benchunit.Decimal), benchunit.Scale(j.Seen.Hi, benchunit.Decimal))
		}
		if j.Why != "" {
			result += ": " + j.Why
		}
		claims = append(claims, c)
		t.Rows = append(t.Rows, []string{fmt.Sprint(c.Line), c.Figure, c.Restated, c.Of, seen, interval, fmt.Sprint(c.N), result})
	}
	d := &export.Document{Data: claims}
	d.Add(t, export.Gap{}, export.Line(fmt.Sprintf("%d claims: %d hold, %d fail, %d undecided, %d not measured",
		len(all), Count(all, Holds), Count(all, Fails), Count(all, Undecided), Count(all, Missing))))
	return d
}

// what names what the figure is of.
func (c Claim) what() string {
	of := c.Unit + " of " + c.Map
	if c.Over != "" {
		of += " over " + c.Over
	}
	return of + " in " + c.Cell
}

// Count returns how many claims have a result.
func Count(all []Judged, r Result) (n int) {
	for _, j := range all {
		if j.Result == r {
			n++
		}
	}
	return n
}
