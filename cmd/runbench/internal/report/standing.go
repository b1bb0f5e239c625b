package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// answer is the row of the table of answers for a workload.
func answer(s *analysis.Standing) []string {
	cells := []string{analysis.Describe(s.Workload), leader(s, s.Fresh), ahead(s, s.Fresh), leader(s, s.Stale), ""}
	if len(s.Fresh) > 0 && len(s.Stale) > 0 {
		cells[4] = effect(s.Effect(s.Stale[0], s.Fresh[0]))
	}
	return cells
}

// leader names the first of rows and says how fast it is.
func leader(s *analysis.Standing, rows []*analysis.Row) string {
	if len(rows) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %s %s%s", marked(rows[0]), number(rows[0].Summary.Median), s.Unit, interval(rows[0].Summary, number))
}

// ahead says how far the first of rows is ahead of the second.
func ahead(s *analysis.Standing, rows []*analysis.Row) string {
	if len(rows) < 2 {
		return ""
	}
	return fmt.Sprintf("%s: %s", marked(rows[1]), effect(s.Effect(rows[0], rows[1])))
}

// marked is a map's name, with its verdict unless that is Ok.
func marked(r *analysis.Row) string {
	if r.Verdict.Outcome == results.Ok {
		return "**" + r.Impl + "**"
	}
	return "**" + r.Impl + "** (" + Label(r.Verdict) + ")"
}

// effect writes an effect, and whether it is conclusive.
func effect(e analysis.Effect) string {
	if e.N == 0 {
		return "no block in common"
	}
	form := percent
	if max(e.Median, e.Hi) >= 2 { // all three in one form
		form = func(ratio float64) string { return digits(ratio) + " times" }
	}
	text := form(e.Median) + interval(e.Summary, form)
	if !e.Conclusive {
		text += ", no claim"
	}
	return text
}

// standingTable writes the standing with every map's figures.
func standingTable(b *strings.Builder, s *analysis.Standing) {
	fmt.Fprintf(b, "\n### %s\n\n", analysis.Describe(s.Workload))
	heading := []string{"map", "verdict", "level", s.Unit, "95 % interval", "n", "ns an operation", "against the first, paired"}
	if s.Unit == results.ReadsPerSec {
		heading = append(heading, results.WritesPerSec)
	}
	rows := [][]string{heading}
	for _, r := range s.Rows {
		against := ""
		switch {
		case r.Floor:
			against = "the floor"
		case r.Ceiling:
			against = "the ceiling"
		case r.Verdict.Outcome == results.Illegal:
			against = "not compared"
		case r != s.Contenders[0]:
			against = effect(s.Effect(r, s.Contenders[0]))
		}
		cells := []string{
			r.Impl, bold(Label(r.Verdict), r.Verdict.Outcome != results.Ok), r.Verdict.Level,
			number(r.Summary.Median), strings.TrimSpace(interval(r.Summary, number)), fmt.Sprint(r.Summary.N), nanoseconds(r.Group.WallPerOp()), against,
		}
		if s.Unit == results.ReadsPerSec {
			cells = append(cells, number(r.Group.Summary(results.WritesPerSec).Median))
		}
		rows = append(rows, cells)
	}
	table(b, rows)
}

// nanoseconds writes the time of an operation; nothing if there is none.
func nanoseconds(seconds float64) string {
	if seconds == 0 {
		return ""
	}
	return number(seconds * 1e9)
}

// interval writes the interval of s, or nothing if it has none.
func interval(s stat.Summary, format func(float64) string) string {
	if !s.Interval {
		return ""
	}
	return fmt.Sprintf(" [%s, %s]", format(s.Lo), format(s.Hi))
}

// number writes three digits and a prefix.
func number(x float64) string {
	for _, p := range []struct {
		factor float64
		prefix string
	}{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if x >= p.factor*0.9995 {
			return digits(x/p.factor) + p.prefix
		}
	}
	return digits(x)
}

// digits writes x, which is below 1000, with three significant digits at least.
func digits(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// percent writes a ratio as a difference; large ones as a factor.
func percent(ratio float64) string {
	if ratio >= 2 {
		return fmt.Sprintf("%.3g times", ratio)
	}
	return strings.Replace(fmt.Sprintf("%+.1f %%", 100*(ratio-1)), "-0.0", "+0.0", 1)
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
