package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// candidate is a map that may be advised, with its figures in one workload.
type candidate struct {
	*analysis.Row
	writes stat.Summary // writes a second, beside the reads
	stale  stat.Summary // 99th percentile of the staleness of a read, in seconds; 0 of an always-fresh map
	read   stat.Summary // 99th percentile of the latency of a read, in seconds
	late   bool         // it was overloaded in the latency cells
	live   stat.Summary // bytes that are kept alive for each key
}

// Needs is what a map must do to be advised.
type Needs struct {
	Staleness time.Duration // upper limit, which 99 of 100 reads must meet
	Writes    float64       // lower limit, writes a second beside the reads
}

// meets reports whether c meets the needs by its intervals. Without an interval, the largest
// staleness of a block counts, and the median of the writes.
func (c candidate) meets(n Needs) bool {
	return (c.Fresh || c.stale.N > 0 && c.stale.Hi <= n.Staleness.Seconds()) && c.writes.Lo >= n.Writes
}

// Advise chooses a map. Of the maps that passed their check and meet the needs, it chooses the one
// with the most reads in the run's first workload with separate readers and writers, see choose for
// ties. certain is
// whether its lead over the next one is conclusive. It fails if no map qualifies.
func Advise(run *analysis.Run, needs Needs) (d *export.Document, certain bool, err error) {
	i := slices.IndexFunc(run.Standings, func(s *analysis.Standing) bool { return s.Workload.Readers > 0 })
	if i < 0 {
		return nil, false, fmt.Errorf("no cell with separate readers and writers: nothing to advise on")
	}
	s := run.Standings[i]
	var all []candidate
	for _, r := range s.Contenders {
		if r.Verdict.Outcome == results.Ok && r.Summary.N > 0 {
			all = append(all, candidateOf(run, r))
		}
	}
	fit := slices.DeleteFunc(slices.Clone(all), func(c candidate) bool { return !c.meets(needs) })
	if len(fit) == 0 {
		return nil, false, fmt.Errorf("none of the %d maps that passed their check has reads stale by at most %v and does %.3g writes a second beside them", len(all), needs.Staleness, needs.Writes)
	}
	first, why := choose(s, fit)
	doubt, certain := lead(s, fit)
	if why != "" {
		doubt, certain = fmt.Sprintf("%s; %s", why, doubt), false
	}
	enough := "any rate"
	if needs.Writes > 0 {
		enough = number(needs.Writes)
	}
	facts := [][]string{
		{"workload", analysis.Describe(s.Workload)},
		{"reads", fmt.Sprintf("%s a second%s", number(first.Summary.Median), interval(first.Summary, number))},
		{"writes", fmt.Sprintf("%s a second beside them%s; required: %s", number(first.writes.Median), interval(first.writes, number), enough)},
		{"p99 of a read", first.latency()},
		{"staleness", fmt.Sprintf("%s; required: at most %v", first.staleness(), needs.Staleness)},
		{"memory", first.memory(s.Workload.Keys)},
		{"doubt", doubt},
	}
	if run.Grade.Letter != "" {
		facts = append(facts, []string{"", "grade of the run: " + string(run.Grade.Letter)})
	}
	d = &export.Document{Data: advice(first, all, doubt, certain, needs, run.Grade)}
	d.Add(export.Gap{}, export.Line("advice: "+first.Impl), export.Gap{},
		export.Table{Columns: []string{"fact", "value"}, Rows: facts, Bare: true, Indent: true}, export.Gap{}, candidates(all, needs, s.Workload.Keys))
	return d, certain, nil
}

// choose returns the map to advise. It is the first of the maps that fit, unless others read
// alike: then it is the one of them whose reads are freshest, and of those the smallest. why says
// why it is another one than the first.
func choose(s *analysis.Standing, fit []candidate) (chosen candidate, why string) {
	chosen = fit[0]
	for _, c := range fit[1:] {
		if s.Effect(fit[0].Row, c.Row).Lasting() {
			continue
		}
		switch fresher := cmp.Compare(c.age(), chosen.age()); {
		case fresher < 0:
			chosen, why = c, fmt.Sprintf("%s and %s read alike, and the reads of %s are fresher", fit[0].Impl, c.Impl, c.Impl)
		case fresher == 0 && c.live.N > 0 && c.live.Median < 0.95*chosen.live.Median:
			chosen, why = c, fmt.Sprintf("%s and %s read alike, and %s takes less memory", fit[0].Impl, c.Impl, c.Impl)
		}
	}
	return chosen, why
}

// age is how stale reads are, in seconds; 0 of an always-fresh map.
func (c candidate) age() float64 {
	if c.Fresh {
		return 0
	}
	return c.stale.Median
}

// lead returns how certain it is that the first of the maps that fit reads most.
func lead(s *analysis.Standing, fit []candidate) (doubt string, certain bool) {
	if len(fit) == 1 {
		return "no other map qualifies", true
	}
	e := s.Effect(fit[0].Row, fit[1].Row)
	doubt = fmt.Sprintf("against %s: %s", fit[1].Impl, effect(e))
	var alike []string
	for _, c := range fit[2:] {
		if !s.Effect(fit[0].Row, c.Row).Lasting() {
			alike = append(alike, c.Impl)
		}
	}
	if !e.Lasting() && len(alike) > 0 {
		doubt += "; its lead over " + strings.Join(alike, ", ") + " is not certain either"
	}
	return doubt, e.Lasting()
}

// candidates is a table of all maps that passed their check.
func candidates(all []candidate, needs Needs, keys int) export.Table {
	t := export.Table{Columns: []string{"map", "reads/s", "writes/s", "p99 of a read", "staleness", "memory", "qualifies"}}
	for _, c := range all {
		would := "yes"
		if !c.meets(needs) {
			would = "no"
		}
		t.Rows = append(t.Rows, []string{c.Impl, number(c.Summary.Median), number(c.writes.Median), c.latency(), c.staleness(), c.memory(keys), would})
	}
	return t
}

// jsonAdvice is the form of advice as JSON. What was not measured is null.
type jsonAdvice struct {
	Advice  string          `json:"advice"` // the map to take
	Certain bool            `json:"certain"`
	Doubt   string          `json:"doubt"`
	Grade   results.Letter  `json:"grade"`
	Maps    []jsonCandidate `json:"maps"`
}

type jsonCandidate struct {
	Map        string   `json:"map"`
	Reads      float64  `json:"reads_per_sec"`
	Writes     float64  `json:"writes_per_sec"`
	Latency    *float64 `json:"read_p99_sec"`
	Overloaded bool     `json:"overloaded"`
	Staleness  *float64 `json:"stale_p99_sec"`
	Live       *float64 `json:"live_bytes_per_key"`
	WouldDo    bool     `json:"would_do"`
}

func advice(first candidate, all []candidate, doubt string, certain bool, needs Needs, grade results.Grade) jsonAdvice {
	known := func(s stat.Summary) *float64 {
		if s.N == 0 {
			return nil
		}
		return &s.Median
	}
	out := jsonAdvice{Advice: first.Impl, Certain: certain, Doubt: doubt, Grade: grade.Letter}
	for _, c := range all {
		m := jsonCandidate{
			Map: c.Impl, Reads: c.Summary.Median, Writes: c.writes.Median, Latency: known(c.read), Overloaded: c.late,
			Staleness: known(c.stale), Live: known(c.live), WouldDo: c.meets(needs),
		}
		if c.Fresh {
			m.Staleness = new(float64)
		}
		out.Maps = append(out.Maps, m)
	}
	return out
}

func candidateOf(run *analysis.Run, r *analysis.Row) candidate {
	c := candidate{Row: r, writes: r.Group.Summary(results.WritesPerSec), live: r.Group.Summary(results.LivePerKey)}
	for _, g := range run.AllGroups() {
		same := g.ID
		same.Kind, same.Load = results.Throughput, 0
		if same != r.Group.ID {
			continue
		}
		switch g.ID.Kind {
		case results.Staleness:
			c.stale = g.Summary(results.StaleAge(99))
			if !c.stale.Interval {
				for _, cell := range g.Cells {
					c.stale.Hi = max(c.stale.Hi, cell.Metrics[results.StaleAge(99)])
				}
			}
		case results.Latency:
			c.read = g.Summary(results.LatencyUnit(results.OfReads, 99))
			c.late = g.Summary(results.Reached).Median < results.Sustained
		}
	}
	return c
}

func (c candidate) latency() string {
	switch {
	case c.late:
		return "overloaded"
	case c.read.N == 0:
		return "not measured"
	}
	return duration(c.read.Median) + interval(c.read, duration)
}

func (c candidate) staleness() string {
	switch {
	case c.Fresh:
		return "never stale"
	case c.stale.N == 0:
		return "not measured"
	}
	return "p99 " + duration(c.stale.Median) + interval(c.stale, duration)
}

func (c candidate) memory(keys int) string {
	if c.live.N == 0 {
		return "not measured"
	}
	all := number(c.live.Median * float64(keys))
	if !strings.Contains(all, " ") {
		all += " "
	}
	return fmt.Sprintf("%.0f bytes per key, %sB in total", c.live.Median, all)
}
