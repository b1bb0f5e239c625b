package report

import (
	"fmt"
	"slices"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// limits adds what the run cannot show.
func limits(d *export.Document, run *analysis.Run) {
	var list export.List
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	procs, crowded, few, open := 0, false, 0, 0
	for _, s := range run.Standings {
		procs = max(procs, s.Workload.Procs)
		crowded = crowded || s.Workload.Goroutines() > s.Workload.Procs
		if slices.ContainsFunc(s.Rows, func(r *analysis.Row) bool { return !r.Summary.Interval }) {
			few++
		}
		if c := s.Contenders; len(c) > 1 && !s.Effect(c[0], c[1]).Conclusive {
			open++
		}
	}
	if procs > 0 {
		text := fmt.Sprintf("How the maps perform on more than %d processors, or on another machine.", procs)
		if crowded {
			text += " Cells with more goroutines than processors show how maps perform when processors are scarce, not how they scale."
		}
		list = append(list, text)
	}
	if few > 0 {
		add("How precise the figures of %s are: too few blocks for intervals; want %d or more.", workloads(few), stat.MinSamples)
	}
	if open > 0 {
		add("Which of the two fastest maps (stale reads included) is faster in %s: the effect is not conclusive.", workloads(open))
	}
	add("That a map is correct. Ok only means that its check and the final-state checks found no violation.")
	if len(run.Groups(results.Staleness)) == 0 {
		add("How stale reads are: there are no staleness cells.")
	}
	if !slices.ContainsFunc(run.Cells, func(c results.Cell) bool {
		return c.Kind != results.Throughput && c.Kind != results.Staleness
	}) {
		add("How long a single operation takes: throughput hides pauses, and no latencies were measured.")
	}
	m := run.Manifest
	if m.Environment.Dirty {
		add("What exactly was measured: the commit had uncommitted changes.")
	}
	if m.Environment.Checked {
		add("How fast the maps are: the build was a checked one (-race, or the tag invariants), so the times include the checks.")
	}
	if !m.Complete && m.Environment.Go != "" {
		add("What the missing cells would have shown: the run was not completed.")
	}
	d.Add(title("What this run cannot show"), list)
}
