package app

import (
	"fmt"
	"strings"

	"doublebuf/analysis/export"
	"doublebuf/cmd/runbench/internal/gate"
	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/lincheck"
)

// verdictTable is a table of the verdicts, with the amounts that they are based on.
func verdictTable(verdicts []lincheck.Verdict) export.Table {
	t := export.Table{Columns: []string{"map", "level", "verdict", "checked"}}
	for _, v := range verdicts {
		t.Rows = append(t.Rows, []string{v.Map, v.Level, v.String(), gate.Counts(v.Counts) + gate.Unseen(v)})
	}
	return t
}

// properties adds the result for each property of each map, the meaning of the properties' names,
// and the commands that judge again the histories that break a property.
func properties(d *export.Document, verdicts []lincheck.Verdict) {
	all := lincheck.Properties()
	found := export.Table{Columns: []string{"map"}, Indent: true}
	meaning := export.Table{Columns: []string{"property", "meaning"}, Bare: true, Indent: true}
	for _, p := range all {
		by := "checked by " + strings.Join(p.Checkers, ", ")
		if len(p.Checkers) == 0 {
			by = "a hang breaks it"
		}
		found.Columns = append(found.Columns, p.Name)
		meaning.Rows = append(meaning.Rows, []string{p.Name, fmt.Sprintf("%s (%s)", p.Doc, by)})
	}
	meaning.Rows = append(meaning.Rows, []string{"by design", "the level does not promise it, and a directed schedule shows that it does not hold"})
	shown := export.Table{Columns: []string{"map", "property", "judge again"}, Bare: true, Indent: true}
	for _, v := range verdicts {
		row := []string{v.Map}
		for _, p := range all {
			cell := "-"
			if f, ok := v.Property(p.Name); ok {
				cell = f.String()
				if f.ByDesign && f.Evidence.Judge != "" {
					shown.Rows = append(shown.Rows, []string{v.Map, p.Name, names.Command(f.Evidence.Judge)})
				}
			}
			row = append(row, cell)
		}
		found.Rows = append(found.Rows, row)
	}
	d.Add(export.Gap{}, found, export.Gap{}, meaning)
	if len(shown.Rows) > 0 {
		d.Add(export.Gap{}, export.Heading{Level: 3, Text: "by design:"}, shown)
	}
}

// totals adds the totals of verdicts. The first ones are of that many maps on that many seeds each,
// and the others of combinations of options, each on some seeds.
func totals(d *export.Document, seeds, maps int, verdicts []lincheck.Verdict) {
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
	d.Add(export.Gap{}, export.List{
		fmt.Sprintf("%d maps x %d seeds, %d combinations of options: %d histories of %d calls and %d guards", maps, seeds, len(verdicts)-maps, all.Histories, all.Calls, all.Guards),
		fmt.Sprintf("Ok %d, Illegal %d, Unknown %d histories; %d ambiguous pairs", all.Histories-illegal-all.Undecided, illegal, all.Undecided, all.Ambiguous),
	})
}
