package doctor

import (
	"fmt"
	"strings"

	"doublebuf/analysis/export"
	"doublebuf/results"
)

// Describe adds findings to d. Of those that are not fit it says why they matter.
func Describe(d *export.Document, all []results.Finding) {
	t := export.Table{Columns: []string{"state", "what", "found"}, Bare: true, Indent: true}
	var hidden []string
	for _, f := range all {
		t.Rows = append(t.Rows, []string{string(f.State), f.What, f.Found})
	}
	d.Add(t)
	for _, f := range all {
		switch f.State {
		case results.Hidden:
			hidden = append(hidden, f.What)
		case results.Doubt, results.Unfit:
			d.Add(export.Gap{}, export.Line(fmt.Sprintf("%s: %s\n  why it matters: %s\n  should be: %s", f.What, f.Found, f.Why, f.Want)))
		}
	}
	if len(hidden) > 0 {
		d.Add(export.Gap{}, export.Line("not visible here, and not guessed: "+strings.Join(hidden, ", ")))
	}
}

// Against returns what makes the machine unfit.
func Against(all []results.Finding) (what []string) {
	for _, f := range all {
		if f.State == results.Unfit {
			what = append(what, f.What+" ("+f.Found+")")
		}
	}
	return what
}
