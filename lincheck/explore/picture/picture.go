// Package picture draws failing schedules as a page of HTML that needs nothing else.
package picture

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"

	"doublebuf/lincheck/explore"
)

//go:embed page.html
var page string

// drawing is what the page shows of one failure.
type drawing struct {
	Test       string
	Failure    *explore.Failure
	Goroutines []string
	Rows       []row
}

// row is one step.
type row struct {
	explore.Event
	Number   int
	Column   int          // the goroutine
	Before   []int        // earlier steps whose order with this one matters
	Conflict bool         // this step, or a later one, names the other in Before
	Color    template.CSS // of the location
}

// Write writes a page with the failures among the results to w. Goroutines are columns and steps
// are rows. A step that conflicts with a step of another goroutine is marked in the colour of its
// location, and the later one of the two names the earlier one.
func Write(w io.Writer, all []explore.Checked) error {
	t, err := template.New("page").Parse(page)
	if err != nil {
		return err
	}
	var list []drawing
	for _, c := range all {
		if c.Failure != nil {
			list = append(list, draw(c.Test, c.Failure))
		}
	}
	return t.Execute(w, list)
}

func draw(test string, f *explore.Failure) drawing {
	d := drawing{Test: test, Failure: f}
	for i, ev := range f.Trace {
		column := slices.Index(d.Goroutines, ev.Goroutine)
		if column < 0 {
			column = len(d.Goroutines)
			d.Goroutines = append(d.Goroutines, ev.Goroutine)
		}
		r := row{Event: ev, Number: i + 1, Column: column}
		if j := rival(f.Trace, i); j >= 0 {
			r.Before, r.Conflict = []int{j + 1}, true
			d.Rows[j].Conflict = true
		}
		if ev.Loc >= 0 {
			r.Color = template.CSS(fmt.Sprintf("hsl(%d 70%% 80%%)", ev.Loc*67%360))
		}
		d.Rows = append(d.Rows, r)
	}
	return d
}

// rival returns the latest step before step i that accesses the same location, is of another
// goroutine, and conflicts with it; or -1.
func rival(trace []explore.Event, i int) int {
	for j := i - 1; j >= 0 && trace[i].Loc >= 0; j-- {
		a, b := trace[j], trace[i]
		if a.Loc == b.Loc && a.Goroutine != b.Goroutine && (a.Writes || b.Writes) {
			return j
		}
		if a.Loc == b.Loc && a.Goroutine == b.Goroutine && a.Writes {
			return -1 // nobody else comes between
		}
	}
	return -1
}
