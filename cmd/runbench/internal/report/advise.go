package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// candidate is a map that advice may be about, in one workload.
type candidate struct {
	*analysis.Row
	writes stat.Summary // a second, beside the reads
	stale  stat.Summary // 99th percentile of the staleness of a read, in seconds; of a fresh map 0
	read   stat.Summary // 99th percentile of the latency of a read, in seconds
	late   bool         // it could not keep up when that was measured
	live   stat.Summary // bytes that are kept alive for each key
}

// Needs is what a map must do to be advised.
type Needs struct {
	Staleness time.Duration // of 99 in 100 reads, at most
	Writes    float64       // a second beside the reads, at least
}

// meets reports whether c does, as far as intervals tell; without one no block may speak
// against the staleness, and the median counts for the writes.
func (c candidate) meets(n Needs) bool {
	return (c.Fresh || c.stale.N > 0 && c.stale.Hi <= n.Staleness.Seconds()) && c.writes.Lo >= n.Writes
}

// Advise writes which map to take of those that were measured in the first workload of set with
// readers and writers of their own: the one that reads most of those that passed their check and
// meet the needs. It reports whether that map is ahead of the next one as a claim.
func Advise(w io.Writer, run *analysis.Run, needs Needs) (certain bool, err error) {
	i := slices.IndexFunc(run.Standings, func(s *analysis.Standing) bool { return s.Workload.Readers > 0 })
	if i < 0 {
		return false, fmt.Errorf("no cell with readers and writers of their own: nothing to advise on")
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
		return false, fmt.Errorf("of %d maps that passed their check none has reads that are stale by at most %v and %.3g writes a second beside them", len(all), needs.Staleness, needs.Writes)
	}

	var b strings.Builder
	first := fit[0]
	fmt.Fprintf(&b, "\nadvice: %s\n\n", first.Impl)
	c := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(c, "  workload\t%s\n", analysis.Describe(s.Workload))
	fmt.Fprintf(c, "  reads\t%s a second%s\n", number(first.Summary.Median), interval(first.Summary, number))
	enough := "any rate"
	if needs.Writes > 0 {
		enough = number(needs.Writes)
	}
	fmt.Fprintf(c, "  writes\t%s a second beside them%s; %s will do\n", number(first.writes.Median), interval(first.writes, number), enough)
	fmt.Fprintf(c, "  p99 of a read\t%s\n", first.latency())
	fmt.Fprintf(c, "  staleness\t%s; %v will do\n", first.staleness(), needs.Staleness)
	fmt.Fprintf(c, "  memory\t%s\n", first.memory(s.Workload.Keys))
	doubt := "there is no other map that would do"
	certain = true
	if len(fit) > 1 {
		certain = s.Effect(first.Row, fit[1].Row).Conclusive
		doubt = fmt.Sprintf("against %s: %s", fit[1].Impl, effect(s.Effect(first.Row, fit[1].Row)))
		var alike []string
		for _, c := range fit[2:] {
			if !s.Effect(first.Row, c.Row).Conclusive {
				alike = append(alike, c.Impl)
			}
		}
		if !certain && len(alike) > 0 {
			doubt += "; nor can it be told from " + strings.Join(alike, ", ")
		}
	}
	fmt.Fprintf(c, "  doubt\t%s\n", doubt)
	if g := run.Grade; g.Letter != "" {
		fmt.Fprintf(c, "  \tgrade of the run: %s\n", g.Letter)
	}
	c.Flush()

	b.WriteString("\n")
	fmt.Fprintln(c, "map\treads/s\twrites/s\tp99 of a read\tstaleness\tmemory\twould do")
	for _, m := range all {
		would := "yes"
		if !m.meets(needs) {
			would = "no"
		}
		fmt.Fprintf(c, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.Impl, number(m.Summary.Median), number(m.writes.Median), m.latency(), m.staleness(), m.memory(s.Workload.Keys), would)
	}
	c.Flush()
	_, err = io.WriteString(w, b.String())
	return certain, err
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
	return fmt.Sprintf("%.0f bytes a key, %sB in all", c.live.Median, all)
}

// duration writes seconds as a time of three digits.
func duration(seconds float64) string {
	d := time.Duration(math.Round(seconds * 1e9))
	unit := time.Duration(1)
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit).String()
}
