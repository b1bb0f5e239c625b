package report

import (
	"fmt"
	"slices"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// answers adds, for each workload, the fastest map and its lead: as a figure, and as a table.
func answers(d *export.Document, run *analysis.Run, figures []Figure) {
	d.Add(title("Answers"))
	for _, f := range figures {
		if f.Answers {
			f.add(d)
		}
	}
	var single, several []*analysis.Standing // reads of one key, and of several
	for _, s := range run.Standings {
		if s.OneVersion {
			several = append(several, s)
		} else {
			single = append(single, s)
		}
	}
	if text := overview(single); text != "" {
		d.Add(export.Line(text))
		for _, line := range scalingOverview(run) {
			d.Add(export.Gap{}, export.Line(line))
		}
	}
	t := export.Table{Columns: []string{"workload", "fastest always-fresh map", "its lead over the next", "fastest map with stale reads", "its effect over the always-fresh map"}}
	for _, s := range single {
		t.Rows = append(t.Rows, answer(run, s))
	}
	d.Add(export.Line(fmt.Sprintf("Effects are paired by block. Too few blocks: no interval. A conclusive effect is larger than the A/A limit of its workload, and it is not chance: the signed-rank test on the logarithms (the t test with fewer than %d blocks or with several processes) is Holm-corrected over all effects of this report.", stat.MinRanks)))
	if len(single) > 0 {
		d.Add(t)
	}
	versions(d, run, several)
}

// overview counts in how many workloads each map is the fastest, and how often its lead is
// conclusive.
func overview(standings []*analysis.Standing) string {
	firsts := fastest(standings, func(s *analysis.Standing) []*analysis.Row { return s.Fresh })
	if firsts == "" {
		return ""
	}
	staled, faster, slower := 0, 0, 0
	for _, s := range standings {
		if len(s.Fresh) == 0 || len(s.Stale) == 0 {
			continue
		}
		staled++
		switch e := s.Effect(s.Stale[0], s.Fresh[0]); {
		case e.Conclusive && e.Median > 1:
			faster++
		case e.Conclusive:
			slower++
		}
	}
	return fmt.Sprintf("Among always-fresh maps, %s.%s", firsts, staleOverFresh(staled, faster, slower))
}

// fastest says in how many workloads each map is the first of its rows, and how often its lead is
// conclusive. It returns "" if there are no rows.
func fastest(standings []*analysis.Standing, of func(*analysis.Standing) []*analysis.Row) string {
	type count struct {
		impl              string
		first, conclusive int
	}
	var counts []count
	n := 0
	for _, s := range standings {
		rows := of(s)
		if len(rows) == 0 {
			continue
		}
		n++
		i := slices.IndexFunc(counts, func(c count) bool { return c.impl == rows[0].Impl })
		if i < 0 {
			i = len(counts)
			counts = append(counts, count{impl: rows[0].Impl})
		}
		counts[i].first++
		if len(rows) > 1 && s.Effect(rows[0], rows[1]).Conclusive {
			counts[i].conclusive++
		}
	}
	slices.SortStableFunc(counts, func(a, b count) int { return b.first - a.first })
	var firsts []string
	for i, c := range counts {
		text := fmt.Sprintf("**%s** in %d", c.impl, c.first)
		if i == 0 {
			text = fmt.Sprintf("**%s** was fastest in %d of %s", c.impl, c.first, workloads(n))
		}
		if c.conclusive > 0 {
			text += fmt.Sprintf(", conclusively in %d", c.conclusive)
		}
		firsts = append(firsts, text)
	}
	return strings.Join(firsts, "; ")
}

// versions adds the answers for the workloads whose reads must be of one version.
func versions(d *export.Document, run *analysis.Run, standings []*analysis.Standing) {
	if len(standings) == 0 {
		return
	}
	text := "In these workloads a read is of several keys, which must be of one version: a walk, or a look-up of 2, 10 or 100 keys. Each read counts as one operation. Only maps with the capability `snapshot` compete. A read of another map may mix versions: it looks up one key after another, or its walk takes effect for each key at a separate instant."
	contenders := func(s *analysis.Standing) []*analysis.Row { return s.Contenders }
	if firsts := fastest(standings, contenders); firsts != "" {
		text += fmt.Sprintf(" With reads of one version, %s.", firsts)
	}
	t := export.Table{Columns: []string{"workload", "fastest with reads of one version", "its lead over the next", "fastest always-fresh one", "fastest map whose reads may mix versions", "its effect over the first"}}
	for _, s := range standings {
		row := []string{run.Describe(s.Workload), leader(s, s.Contenders), ahead(s, s.Contenders), leader(s, s.Fresh), leader(s, s.Mixing), ""}
		if len(s.Mixing) > 0 && len(s.Contenders) > 0 {
			row[5] = effect(s.Effect(s.Mixing[0], s.Contenders[0]))
		}
		t.Rows = append(t.Rows, row)
	}
	d.Add(export.Heading{Level: 3, Text: "Reads of one version"}, export.Line(text), t)
}

// staleOverFresh says in how many workloads the fastest map with stale reads was conclusively
// faster or slower than the fastest always-fresh map. Both were measured in staled workloads.
func staleOverFresh(staled, faster, slower int) string {
	const than = "conclusively faster than the fastest always-fresh map"
	in := func(n int) string { return "in " + workloads(n) }
	switch {
	case staled == 0:
		return ""
	case faster == 0 && slower == 0:
		return " No map with stale reads was conclusively faster or slower than the fastest always-fresh map."
	case faster == 0:
		return fmt.Sprintf(" No map with stale reads was %s; %s the fastest one was conclusively slower.", than, in(slower))
	case slower == 0:
		return fmt.Sprintf(" The fastest map with stale reads was %s %s.", than, in(faster))
	}
	return fmt.Sprintf(" The fastest map with stale reads was %s %s, and conclusively slower in %d.", than, in(faster), slower)
}

func workloads(n int) string {
	if n == 1 {
		return "1 workload"
	}
	return fmt.Sprintf("%d workloads", n)
}

// answer is the row of the table of answers for a workload.
func answer(run *analysis.Run, s *analysis.Standing) []string {
	cells := []string{run.Describe(s.Workload), leader(s, s.Fresh), ahead(s, s.Fresh), leader(s, s.Stale), ""}
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

// marked returns a map's name, with its verdict unless that is Ok.
func marked(r *analysis.Row) string {
	if r.Verdict.Outcome == results.Ok {
		return "**" + r.Impl + "**"
	}
	return "**" + r.Impl + "** (" + Label(r.Verdict) + ")"
}

// standing is a table of the maps in one workload, with all their figures.
func standing(s *analysis.Standing) export.Table {
	t := export.Table{Columns: []string{"map", "verdict", "level", s.Unit, "95 % interval", "n", "ns per operation", "against the first, paired"}}
	if s.Unit == results.ReadsPerSec {
		t.Columns = append(t.Columns, results.WritesPerSec)
	}
	for _, r := range s.Rows {
		against := ""
		switch {
		case r.Floor:
			against = "the floor"
		case r.Ceiling:
			against = "the ceiling"
		case r.Verdict.Outcome == results.Illegal:
			against = "not compared"
		case r.Mixes:
			against = "not compared: its reads may mix versions"
		case r != s.Contenders[0]:
			against = effect(s.Effect(r, s.Contenders[0]))
		}
		cells := []string{
			r.Impl, label(r.Verdict), r.Verdict.Level,
			number(r.Summary.Median), strings.TrimSpace(interval(r.Summary, number)), fmt.Sprint(r.Summary.N), nanoseconds(r.Group.WallPerOp()), against,
		}
		if s.Unit == results.ReadsPerSec {
			cells = append(cells, number(r.Group.Summary(results.WritesPerSec).Median))
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}
