package app

import (
	"fmt"
	"io"
	"strings"

	"doublebuf/lincheck"
)

// propertyTable prints what was found about each property of each map, the meaning of the
// properties, and the commands that judge again what a level does not promise.
func propertyTable(w io.Writer, verdicts []lincheck.Verdict) {
	properties := lincheck.Properties()
	names := 0
	for _, v := range verdicts {
		names = max(names, len(v.Map))
	}
	width := func(p lincheck.Property) int { return max(len(p.Name), len("by design")) }

	var head strings.Builder
	for _, p := range properties {
		fmt.Fprintf(&head, "  %-*s", width(p), p.Name)
	}
	fmt.Fprintf(w, "\n  %-*s%s\n", names, "", strings.TrimRight(head.String(), " "))
	var shown []string
	for _, v := range verdicts {
		var line strings.Builder
		for _, p := range properties {
			cell := "-"
			if f, ok := v.Property(p.Name); ok {
				cell = f.String()
				if f.ByDesign && f.Evidence.Judge != "" {
					shown = append(shown, fmt.Sprintf("%-*s  %-*s  %s", names, v.Map, len("linearizable"), p.Name, f.Evidence.Judge))
				}
			}
			fmt.Fprintf(&line, "  %-*s", width(p), cell)
		}
		fmt.Fprintf(w, "  %-*s%s\n", names, v.Map, strings.TrimRight(line.String(), " "))
	}
	fmt.Fprint(w, "\n")
	for _, p := range properties {
		by := strings.Join(p.Checkers, ", ")
		if by == "" {
			by = "no answer"
		}
		fmt.Fprintf(w, "  %-*s  %s (%s)\n", len("linearizable"), p.Name, p.Doc, by)
	}
	fmt.Fprintf(w, "  %-*s  %s\n", len("linearizable"), "by design", "the level does not promise it, and a directed schedule shows that it does not hold")
	if len(shown) > 0 {
		fmt.Fprintf(w, "\nby design:\n")
		for _, line := range shown {
			fmt.Fprintf(w, "  %s\n", line)
		}
	}
}

// totals prints the totals of verdicts on so many seeds each.
func totals(w io.Writer, seeds int, verdicts []lincheck.Verdict) {
	var all lincheck.Counts
	illegal := 0
	for _, v := range verdicts {
		all.Histories += v.Counts.Histories
		all.Undecided += v.Counts.Undecided
		all.Ambiguous += v.Counts.Ambiguous
		all.Calls += v.Counts.Calls
		all.Guards += v.Counts.Guards
		if v.Outcome == lincheck.Illegal {
			illegal++
		}
	}
	fmt.Fprintf(w, "\n%d maps x %d seeds: %d histories of %d calls and %d guards\n", len(verdicts), seeds, all.Histories, all.Calls, all.Guards)
	fmt.Fprintf(w, "Ok %d, Illegal %d, Unknown %d histories; %d ambiguous pairs\n", all.Histories-illegal-all.Undecided, illegal, all.Undecided, all.Ambiguous)
}
