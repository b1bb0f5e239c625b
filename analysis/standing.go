package analysis

import (
	"cmp"
	"fmt"
	"slices"

	"doublebuf/analysis/stat"
	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// Standing is the order of the maps in one workload.
type Standing struct {
	Workload results.ID // without a map
	Unit     string     // by which the maps are ordered
	Rows     []*Row     // all maps, the fastest first

	// OneVersion says that a read of the workload is of several keys, which must be of one
	// version. Only maps that promise that are compared. It is false in runs whose manifests do
	// not say which maps do.
	OneVersion bool

	// Contenders are the rows that are compared, the fastest first: neither floor nor ceiling, no
	// map that failed a check, and no row of Mixing. Fresh are those of them whose reads are
	// never stale, and Stale the others.
	Contenders, Fresh, Stale []*Row

	// Mixing are the rows that are not compared because a read of several keys may show several
	// versions, the fastest first. There are none without OneVersion.
	Mixing []*Row

	yardsticks []*Row
	effects    *effects
}

// Row is one map in a workload.
type Row struct {
	Impl    string
	Map     results.Map
	Group   *Group
	Summary stat.Summary // in the unit of the standing
	Verdict results.Verdict
	Fresh   bool // no read of it is stale: it declares linearizability
	Floor   bool // it is the harness floor
	Ceiling bool // it is the map without synchronisation
	Mixes   bool // it is one of the standing's Mixing, or failed its check besides
}

// Yardstick chooses a map that a report compares all others with.
type Yardstick func(m results.Map) bool

// Yardsticks are the ceiling, and a map of each of three families.
var Yardsticks = []Yardstick{
	func(m results.Map) bool { return m.Role == kv.Ceiling },
	func(m results.Map) bool { return m.Family == "xsync" },
	func(m results.Map) bool { return m.Family == "syncmap" },
	func(m results.Map) bool { return m.Family == "rwmutex" },
}

// standingsOf returns the standings of groups of r, one for each workload, in the order in which
// the workloads were first measured.
func standingsOf(r *Run, groups []*Group) []*Standing {
	var all []*Standing
	at := map[results.ID]*Standing{}
	for _, g := range groups {
		w := g.ID.Workload()
		s := at[w]
		if s == nil {
			s = &Standing{Workload: w, Unit: w.Rate(), effects: r.effects}
			at[w] = s
			all = append(all, s)
		}
		m, v := r.Map(g.ID.Impl), r.Verdict(g.ID.Impl)
		s.Rows = append(s.Rows, &Row{
			Impl: g.ID.Impl, Map: m, Group: g, Summary: g.Summary(s.Unit), Verdict: v,
			Fresh: v.Level == kv.Linearizable.String(), Floor: m.Role == kv.Floor, Ceiling: m.Role == kv.Ceiling,
		})
	}
	for _, s := range all {
		mix, _ := r.Mix(s.Workload.Mix)
		s.OneVersion = mix.OneVersion() && slices.ContainsFunc(s.Rows, func(r *Row) bool { return r.Map.Reads != "" })
		s.order()
	}
	return all
}

// order sorts the rows and picks those that are compared.
func (s *Standing) order() {
	slices.SortStableFunc(s.Rows, func(a, b *Row) int { return cmp.Compare(b.Summary.Median, a.Summary.Median) })
	for _, r := range s.Rows {
		r.Mixes = s.OneVersion && !r.Floor && r.Map.Reads != results.OneVersion
		if r.Floor || r.Ceiling || r.Verdict.Outcome == results.Illegal {
			continue
		}
		if r.Mixes {
			s.Mixing = append(s.Mixing, r)
			continue
		}
		s.Contenders = append(s.Contenders, r)
		if r.Fresh {
			s.Fresh = append(s.Fresh, r)
		} else {
			s.Stale = append(s.Stale, r)
		}
	}
	for _, y := range Yardsticks {
		if r := s.Yardstick(y); r != nil {
			s.yardsticks = append(s.yardsticks, r)
		}
	}
}

// Yardstick returns the row of the fastest map that y chooses and whose reads do not mix versions,
// or nil.
func (s *Standing) Yardstick(y Yardstick) *Row {
	if i := slices.IndexFunc(s.Rows, func(r *Row) bool { return y(r.Map) && !r.Mixes }); i >= 0 {
		return s.Rows[i]
	}
	return nil
}

// Row returns the row of a map, or nil.
func (s *Standing) Row(impl string) *Row {
	if i := slices.IndexFunc(s.Rows, func(r *Row) bool { return r.Impl == impl }); i >= 0 {
		return s.Rows[i]
	}
	return nil
}

// Units returns the units in which effects are shown.
func (s *Standing) Units() []string {
	if s.Unit == results.ReadsPerSec {
		return []string{s.Unit, results.WritesPerSec}
	}
	return []string{s.Unit}
}

// Effect returns the effect of a over b in the unit of the standing.
func (s *Standing) Effect(a, b *Row) Effect { return s.effects.of(a.Group, b.Group, s.Unit) }

// EffectIn returns the effect of a over b in another unit.
func (s *Standing) EffectIn(a, b *Row, unit string) Effect {
	return s.effects.of(a.Group, b.Group, unit)
}

// SpreadOfRatio splits the variance of the ratio of a's value to b's in the same block, in the
// unit of the standing. It does not include what slows both down alike.
func (s *Standing) SpreadOfRatio(a, b *Row) stat.Spread {
	return pair(a.Group, b.Group, s.Unit).Spread()
}

// compared returns the pairs whose effects a report shows, beside those with yardsticks.
func (s *Standing) compared() (pairs [][2]*Row) {
	for i := 1; i < len(s.Contenders); i++ {
		pairs = append(pairs, [2]*Row{s.Contenders[i], s.Contenders[0]})
	}
	if len(s.Fresh) > 1 {
		pairs = append(pairs, [2]*Row{s.Fresh[0], s.Fresh[1]})
	}
	if len(s.Fresh) > 0 && len(s.Stale) > 0 {
		pairs = append(pairs, [2]*Row{s.Stale[0], s.Fresh[0]})
	}
	if len(s.Mixing) > 0 && len(s.Contenders) > 0 {
		pairs = append(pairs, [2]*Row{s.Mixing[0], s.Contenders[0]})
	}
	return pairs
}

// family returns all pairs whose effects a report shows, some of them twice.
func (s *Standing) family() [][2]*Row {
	pairs := s.compared()
	for _, y := range s.yardsticks {
		for _, r := range s.Rows {
			if r != y && !r.Floor && !r.Mixes && r.Verdict.Outcome != results.Illegal {
				pairs = append(pairs, [2]*Row{r, y})
			}
		}
	}
	return pairs
}

// Describe names a workload in words.
func Describe(w results.ID) string {
	return fmt.Sprintf("%s, %s, %s %s keys, %s", w.Mix, w.Dist, results.FormatKeys(w.Keys), w.KeyType, DescribeWorkers(w))
}

// DescribeWorkers names the workers of a workload in words. Those of several
// machines may follow the processors.
func DescribeWorkers(w results.ID) string {
	switch {
	case w.G < 0 || w.Readers < 0:
		return sharedWorkers(w)
	case w.G == 0:
		return fmt.Sprintf("readers %d, writers %d", w.Readers, w.Writers)
	case w.G == 1:
		return "1 goroutine"
	}
	return fmt.Sprintf("%d goroutines", w.G)
}

// correct decides which of the effects that a report shows are conclusive. These are the effects
// of the standings' pairs and the effects over the yardsticks. By Holm's procedure, the more
// effects are shown, the smaller their probabilities must be.
func correct(e *effects, standings []*Standing) {
	var p []float64
	for _, s := range standings {
		seen := map[[2]*Row]bool{}
		for _, pair := range s.family() {
			if seen[pair] || seen[[2]*Row{pair[1], pair[0]}] {
				continue
			}
			seen[pair] = true
			for _, unit := range s.Units() {
				p = append(p, e.test(pair[0].Group, pair[1].Group, unit).p)
			}
		}
	}
	e.tests = len(p)
	for i, corrected := range stat.Holm(p) {
		if corrected < 1-stat.Confidence {
			e.maxP = max(e.maxP, p[i])
		}
	}
}
