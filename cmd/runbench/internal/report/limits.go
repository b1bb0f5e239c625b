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
func overview(standings []standing) string {
	type count struct {
		impl          string
		first, claims int
	}
	var counts []count
	fresh, ahead, behind := 0, 0, 0
	for _, s := range standings {
		rows, stale := s.contenders(freshOnly), s.contenders(staleOnly)
		if len(rows) == 0 {
			continue
		}
		fresh++
		i := slices.IndexFunc(counts, func(c count) bool { return c.impl == rows[0].impl })
		if i < 0 {
			i = len(counts)
			counts = append(counts, count{impl: rows[0].impl})
		}
		counts[i].first++
		if len(rows) > 1 && s.compare(rows[0], rows[1]).claim {
			counts[i].claims++
		}
		if len(stale) == 0 {
			continue
		}
		switch m := s.compare(stale[0], rows[0]); {
		case m.claim && m.Median > 1:
			ahead++
		case m.claim:
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
func limits(b *strings.Builder, set *analysis.Run, standings []standing) {
	b.WriteString("\n## What this run cannot tell\n\n")
	item := func(format string, args ...any) { fmt.Fprintf(b, "- "+format+"\n", args...) }
	procs, crowded, few, apart := 0, false, 0, 0
	for _, s := range standings {
		procs = max(procs, s.workload.Procs)
		crowded = crowded || s.workload.Goroutines() > s.workload.Procs
		if slices.ContainsFunc(s.rows, func(r row) bool { return !r.summary.Interval }) {
			few++
		}
		if rows := s.contenders(anyFreshness); len(rows) > 1 && !s.compare(rows[0], rows[1]).claim {
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
	if len(set.Groups(results.Staleness)) == 0 {
		item("How far reads lag behind: there are no staleness cells.")
	}
	if !slices.ContainsFunc(set.Cells, func(c results.Cell) bool {
		return c.Kind != results.Throughput && c.Kind != results.Staleness
	}) {
		item("How long a single operation takes: throughput hides pauses, and no latencies were measured.")
	}
	if set.Manifest.Environment.Dirty {
		item("What exactly was measured: the commit had changes on top of it.")
	}
	if set.Manifest.Environment.Checked {
		item("How fast the maps are: the build was a checked one, of -race or the tag invariants, and the times are those of the checks, too.")
	}
	if !set.Manifest.Complete && set.Manifest.Environment.Go != "" {
		item("What the missing cells would have shown: the run was not completed.")
	}
}
