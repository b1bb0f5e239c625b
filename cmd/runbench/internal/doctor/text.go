package doctor

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"doublebuf/results"
)

// Text writes findings for a terminal, and of those that are not fit why they matter.
func Text(w io.Writer, all []results.Finding) error {
	var b strings.Builder
	columns := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range all {
		fmt.Fprintf(columns, "  %s\t%s\t%s\n", f.State, f.What, f.Found)
	}
	columns.Flush()
	var hidden []string
	for _, f := range all {
		switch f.State {
		case results.Hidden:
			hidden = append(hidden, f.What)
		case results.Doubt, results.Unfit:
			fmt.Fprintf(&b, "\n%s: %s\n  why it matters: %s\n  right would be: %s\n", f.What, f.Found, f.Why, f.Want)
		}
	}
	if len(hidden) > 0 {
		fmt.Fprintf(&b, "\nnot visible here, and not guessed: %s\n", strings.Join(hidden, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
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
