package report

import (
	"fmt"
	"slices"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// overview counts in how many workloads which map is first, and how often that is a claim.
func overview(standings []*analysis.Standing) string {
	type count struct {
		impl          string
		first, claims int
	}
	var counts []count
	fresh, ahead, behind := 0, 0, 0
	for _, s := range standings {
		rows, stale := s.Fresh, s.Stale
		if len(rows) == 0 {
			continue
		}
		fresh++
		i := slices.IndexFunc(counts, func(c count) bool { return c.impl == rows[0].Impl })
		if i < 0 {
			i = len(counts)
			counts = append(counts, count{impl: rows[0].Impl})
		}
		counts[i].first++
		if len(rows) > 1 && s.Effect(rows[0], rows[1]).Conclusive {
			counts[i].claims++
		}
		if len(stale) == 0 {
			continue
		}
		switch e := s.Effect(stale[0], rows[0]); {
		case e.Conclusive && e.Median > 1:
			ahead++
		case e.Conclusive:
			behind++
		}
	}
	if fresh == 0 {
		return ""
	}
	slices.SortStableFunc(counts, func(a, b count) int { return b.first - a.first })
	var firsts []string
	for _, c := range counts {
		firsts = append(firsts, fmt.Sprintf("**%s** in %d of %d (with a claim in %d)", c.impl, c.first, fresh, c.claims))
	}
	return fmt.Sprintf("First of the maps whose reads are never stale, by workloads: %s. The first of those whose reads may be stale is ahead of it, with a claim, in %d, and behind it in %d.\n\n",
		strings.Join(firsts, "; "), ahead, behind)
}

func workloadsOf(n int) string {
	if n == 1 {
		return "one workload"
	}
	return fmt.Sprintf("%d workloads", n)
}

// limits says what set cannot tell.
func limits(b *strings.Builder, run *analysis.Run, standings []*analysis.Standing) {
	b.WriteString("\n## What this run cannot tell\n\n")
	item := func(format string, args ...any) { fmt.Fprintf(b, "- "+format+"\n", args...) }
	procs, crowded, few, apart := 0, false, 0, 0
	for _, s := range standings {
		procs = max(procs, s.Workload.Procs)
		crowded = crowded || s.Workload.Goroutines() > s.Workload.Procs
		if slices.ContainsFunc(s.Rows, func(r *analysis.Row) bool { return !r.Summary.Interval }) {
			few++
		}
		if rows := s.Contenders; len(rows) > 1 && !s.Effect(rows[0], rows[1]).Conclusive {
			apart++
		}
	}
	if procs > 0 {
		text := fmt.Sprintf("How the maps do on more than %d processors, or on another machine.", procs)
		if crowded {
			text += " Where there are more goroutines than processors the figures show how maps do in a crowd, not how they scale."
		}
		item("%s", text)
	}
	if few > 0 {
		item("How sure the figures of %s are: there are too few repetitions for intervals; want %d or more.", workloadsOf(few), stat.MinSamples)
	}
	if apart > 0 {
		item("Which of the first two maps is the faster in %s: the margin is no claim.", workloadsOf(apart))
	}
	item("That a map is right: Ok says that its check found no fault in what it recorded, and the sum check none in the contents.")
	if len(run.Groups(results.Staleness)) == 0 {
		item("How far reads lag behind: there are no staleness cells.")
	}
	if !slices.ContainsFunc(run.Cells, func(c results.Cell) bool {
		return c.Kind != results.Throughput && c.Kind != results.Staleness
	}) {
		item("How long a single operation takes: throughput hides pauses, and no latencies were measured.")
	}
	if run.Manifest.Environment.Dirty {
		item("What exactly was measured: the commit had changes on top of it.")
	}
	if run.Manifest.Environment.Checked {
		item("How fast the maps are: the build was a checked one, of -race or the tag invariants, and the times are those of the checks, too.")
	}
	if !run.Manifest.Complete && run.Manifest.Environment.Go != "" {
		item("What the missing cells would have shown: the run was not completed.")
	}
}
