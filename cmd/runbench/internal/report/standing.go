package report

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// standing is the maps of one workload, the fastest first.
type standing struct {
	workload results.ID // without a map
	unit     string     // by which they stand
	rows     []row

	claimable float64 // the least effect that the run can show
	sure      float64 // the greatest probability with which a margin is a claim, see correct
}

// margin is how much more one map has than another, paired by block.
type margin struct {
	stat.Summary
	// claim says that it is more than chance, and surely more than what the run can show: of the
	// many margins of a run one in twenty has an interval without 0 by chance, and some
	// of those are far from it.
	claim bool
}

// row is one map in a workload.
type row struct {
	impl    string
	group   *analysis.Group
	summary stat.Summary
	verdict results.Verdict
	fresh   bool // no read of it is stale
}

// standingsOf returns the standing of every throughput workload, in the order in which
// they were measured first.
func standingsOf(set *analysis.Run) []standing {
	var all []standing
	at := map[results.ID]int{}
	least := Claimable(set)
	for _, g := range set.Groups(results.Throughput) {
		w := g.ID
		w.Impl = ""
		i, ok := at[w]
		if !ok {
			i = len(all)
			at[w] = i
			all = append(all, standing{workload: w, unit: w.Rate(), claimable: least})
		}
		v := set.Verdict(g.ID.Impl)
		all[i].rows = append(all[i].rows, row{
			impl: g.ID.Impl, group: g, summary: g.Summary(all[i].unit), verdict: v,
			fresh: v.Level == "linearizable",
		})
	}
	for _, s := range all {
		slices.SortStableFunc(s.rows, func(a, b row) int { return cmp.Compare(b.summary.Median, a.summary.Median) })
	}
	correct(all)
	return all
}

// correct sets how sure the margins must be, of all that the report shows, those to the yardsticks among
// them, for being so many: by Holm's procedure.
func correct(all []standing) {
	var p []float64
	for _, s := range all {
		pairs := s.compared()
		for _, yardstick := range yardsticks {
			for _, r := range s.rows {
				if y := s.row(yardstick); y != nil && y.impl != r.impl && r.impl != Floor && r.verdict.Outcome != results.Illegal {
					pairs = append(pairs, [2]row{r, *y})
				}
			}
		}
		seen := map[[2]string]bool{}
		for _, pair := range pairs {
			a, b := pair[0], pair[1]
			if seen[[2]string{a.impl, b.impl}] || seen[[2]string{b.impl, a.impl}] {
				continue
			}
			seen[[2]string{a.impl, b.impl}] = true
			for _, unit := range s.units() {
				_, probability := s.test(a, b, unit)
				p = append(p, probability)
			}
		}
	}
	sure := 0.0
	for i, corrected := range stat.Holm(p) {
		if corrected < 1-stat.Confidence {
			sure = max(sure, p[i])
		}
	}
	for i := range all {
		all[i].sure = sure
	}
}

// row returns the row of a map, or nil.
func (s standing) row(impl string) *row {
	if i := slices.IndexFunc(s.rows, func(r row) bool { return r.impl == impl }); i >= 0 {
		return &s.rows[i]
	}
	return nil
}

// units returns in what margins are shown.
func (s standing) units() []string {
	if s.unit == results.ReadsPerSec {
		return []string{s.unit, results.WritesPerSec}
	}
	return []string{s.unit}
}

// freshness selects maps.
type freshness int

const (
	anyFreshness freshness = iota
	freshOnly
	staleOnly
)

// contenders returns the rows that take part in comparisons, the fastest first: neither
// floor nor ceiling, and no map that failed a check.
func (s standing) contenders(f freshness) []row {
	return slices.DeleteFunc(slices.Clone(s.rows), func(r row) bool {
		return r.impl == Floor || r.impl == ceiling || r.verdict.Outcome == results.Illegal ||
			f == freshOnly && !r.fresh || f == staleOnly && r.fresh
	})
}

// answer is the row of the table of answers for this workload.
func (s standing) answer() []string {
	fresh, stale := s.contenders(freshOnly), s.contenders(staleOnly)
	cells := []string{describe(s.workload), s.leader(fresh), s.ahead(fresh), s.leader(stale), ""}
	if len(fresh) > 0 && len(stale) > 0 {
		cells[4] = s.margin(stale[0], fresh[0])
	}
	return cells
}

// leader names the first of rows and says how fast it is.
func (s standing) leader(rows []row) string {
	if len(rows) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %s %s%s", marked(rows[0]), number(rows[0].summary.Median), s.unit, interval(rows[0].summary, number))
}

// ahead says by how much the first of rows is ahead of the second.
func (s standing) ahead(rows []row) string {
	if len(rows) < 2 {
		return ""
	}
	return fmt.Sprintf("%s: %s", marked(rows[1]), s.margin(rows[0], rows[1]))
}

// marked is a map's name with its verdict, unless that is the usual one.
func marked(r row) string {
	if r.verdict.Outcome == results.Ok {
		return "**" + r.impl + "**"
	}
	return "**" + r.impl + "** (" + Label(r.verdict) + ")"
}

// margin says by how much a exceeds b, and whether that is a claim.
func (s standing) margin(a, b row) string {
	m := s.compare(a, b)
	if m.N == 0 {
		return "no block in common"
	}
	form := percent
	if max(m.Median, m.Hi) >= 2 { // all three in one form
		form = func(ratio float64) string { return digits(ratio) + " times" }
	}
	text := form(m.Median) + interval(m.Summary, form)
	if !m.claim {
		text += ", no claim"
	}
	return text
}

// compare returns the margin of a over b.
func (s standing) compare(a, b row) margin { return s.compareIn(a, b, s.unit) }

func (s standing) compareIn(a, b row, unit string) margin {
	m, probability := s.test(a, b, unit)
	return margin{m, probability <= s.sure}
}

// test returns how much more a has of a unit than b, and the probability of that if what the run can
// show were all that is there: 1 unless the interval lies wholly beyond it.
func (s standing) test(a, b row, unit string) (stat.Summary, float64) {
	m := analysis.Compare(a.group, b.group, unit)
	if !s.beyond(m) {
		return m, 1
	}
	return m, analysis.Paired(b.group, a.group, unit, s.claimable).P
}

// beyond reports whether the interval of m lies wholly beyond what the run can show.
func (s standing) beyond(m stat.Summary) bool {
	return m.Interval && (m.Lo > 1+s.claimable || m.Hi < 1/(1+s.claimable))
}

// compared returns the pairs whose margins are shown.
func (s standing) compared() (pairs [][2]row) {
	all, fresh, stale := s.contenders(anyFreshness), s.contenders(freshOnly), s.contenders(staleOnly)
	for i := 1; i < len(all); i++ {
		pairs = append(pairs, [2]row{all[i], all[0]})
	}
	if len(fresh) > 1 {
		pairs = append(pairs, [2]row{fresh[0], fresh[1]})
	}
	if len(fresh) > 0 && len(stale) > 0 {
		pairs = append(pairs, [2]row{stale[0], fresh[0]})
	}
	return pairs
}

// Widest returns how wide the widest interval of all margins is, and of which margin: 0.02
// if its upper end is 2 % above the lower. It is infinite if a margin has none; the
// margin is "" if there are no margins.
func Widest(set *analysis.Run) (width float64, margin string) {
	for _, s := range standingsOf(set) {
		for _, pair := range s.compared() {
			m := s.compare(pair[0], pair[1])
			if m.N == 0 {
				continue
			}
			w := m.Hi/m.Lo - 1
			if !m.Interval {
				w = math.Inf(1)
			}
			if margin == "" || w > width {
				width, margin = w, fmt.Sprintf("%s against %s: %s", pair[0].impl, pair[1].impl, describe(s.workload))
			}
		}
	}
	return width, margin
}

// table writes the standing with every map's figures.
func (s standing) table(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n", describe(s.workload))
	heading := []string{"map", "verdict", "level", s.unit, "95 % interval", "n", "ns an operation", "against the first, paired"}
	if s.unit == results.ReadsPerSec {
		heading = append(heading, results.WritesPerSec)
	}
	rows := [][]string{heading}
	first := s.contenders(anyFreshness)
	for _, r := range s.rows {
		against := ""
		switch {
		case r.impl == Floor:
			against = "the floor"
		case r.impl == ceiling:
			against = "the ceiling"
		case r.verdict.Outcome == results.Illegal:
			against = "not compared"
		case len(first) > 0 && r.impl != first[0].impl:
			against = s.margin(r, first[0])
		}
		cells := []string{
			r.impl, bold(Label(r.verdict), r.verdict.Outcome != results.Ok), r.verdict.Level,
			number(r.summary.Median), strings.TrimSpace(interval(r.summary, number)), fmt.Sprint(r.summary.N), nanoseconds(r.group.WallPerOp()), against,
		}
		if s.unit == results.ReadsPerSec {
			cells = append(cells, number(r.group.Summary(results.WritesPerSec).Median))
		}
		rows = append(rows, cells)
	}
	table(b, rows)
}

// describe names a workload.
func describe(w results.ID) string {
	workers := fmt.Sprintf("%d goroutines", w.G)
	switch {
	case w.G == 1:
		workers = "1 goroutine"
	case w.G == 0:
		workers = fmt.Sprintf("readers %d, writers %d", w.Readers, w.Writers)
	}
	return fmt.Sprintf("%s, %s, %s %s keys, %s", w.Mix, w.Dist, results.FormatKeys(w.Keys), w.KeyType, workers)
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
