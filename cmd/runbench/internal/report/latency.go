package report

import (
	"fmt"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// latency says how long operations took that arrived at a given rate.
func latency(b *strings.Builder, run *analysis.Run) {
	groups := run.Groups(results.Latency)
	if len(groups) == 0 {
		return
	}
	clock := groups[0].Summary(results.ClockCost)
	fmt.Fprintf(b, "\n## Latency\n\nOperations arrive at a share of the capacity, which is what a closed loop of the same workers did just before; it reads the clock as often. Each has an intended start, of a Poisson process drawn before the clock starts, and its latency lasts from there to its end: what waits behind a slow operation counts with its waiting. A write has ended when the publish after it has, if it has one; the latency of a publish begins at the end of its write. Reading the clock took %s, which every latency includes; pacing is how late workers that waited saw that an operation was due, and is included too. A cell in which less than %.0f %% of the operations were done in time is overloaded and has no latencies. Medians over the blocks that were not.\n",
		seconds(clock), 100*results.Sustained)
	var loads, times [][]string
	flush := func() {
		table(b, loads)
		if len(times) > 1 {
			b.WriteString("\n")
			table(b, times)
		}
	}
	for i, g := range groups {
		if title := analysis.Describe(g.ID); i == 0 || title != analysis.Describe(groups[i-1].ID) || g.ID.Load != groups[i-1].ID.Load {
			flush()
			fmt.Fprintf(b, "\n### Latency at %d %%: %s\n\n", g.ID.Load, title)
			loads = [][]string{{"map", "verdict", "capacity, ops/s", "overloaded", "closed loop: mean", "p99", "pacing: p50", "p99"}}
			times = [][]string{{"map", "latency of"}}
			for _, q := range results.Quantiles {
				times[0] = append(times[0], results.QuantileName(q))
			}
		}
		v := run.Verdict(g.ID.Impl)
		row := []string{
			g.ID.Impl, bold(Label(v), v.Outcome != results.Ok), number(g.Summary(results.Capacity).Median),
			fmt.Sprintf("%d of %d", g.Overloaded(), len(g.Cells)),
		}
		for _, unit := range []string{results.ClosedMean, results.ClosedP99, results.PaceP50, results.PaceP99} {
			row = append(row, seconds(g.Summary(unit)))
		}
		loads = append(loads, row)
		for _, what := range []string{results.OfReads, results.OfWrites, results.OfPublishes} {
			row, any := []string{g.ID.Impl, what + "s"}, false
			if what == results.OfPublishes {
				row[1] = "publishes"
			}
			for _, q := range results.Quantiles {
				s := g.Latency(what, q)
				any = any || s.N > 0
				row = append(row, seconds(s))
			}
			if any {
				times = append(times, row)
			}
		}
	}
	flush()
}

// seconds writes the median of a time; nothing if there is none.
func seconds(s stat.Summary) string {
	if s.N == 0 {
		return ""
	}
	return results.FormatSeconds(s.Median)
}

// cost says what maps take beside time.
func cost(b *strings.Builder, standings []*analysis.Standing) {
	heading := []string{
		"map", "live, bytes a key", "marking, a key", "allocated, bytes an operation", "allocations an operation",
		"collections, share of processors", "longest pause", "processor time an operation", "slowest over fastest worker",
	}
	units := []string{
		results.LivePerKey, results.MarkPerKey, results.BytesPerOp, results.AllocsPerOp,
		results.GCShare, results.PauseMax, results.CPUPerOp, results.Fairness,
	}
	inSeconds := map[string]bool{results.MarkPerKey: true, results.PauseMax: true, results.CPUPerOp: true}
	begun := false
	for _, s := range standings {
		rows := [][]string{heading}
		for _, r := range s.Rows {
			row, costs := []string{r.Impl}, 0
			for _, unit := range units {
				cell := ""
				switch v := r.Group.Summary(unit); {
				case v.N == 0:
				case inSeconds[unit]:
					cell = seconds(v)
				case unit == results.GCShare:
					cell = fmt.Sprintf("%.2g %%", 100*v.Median)
				default:
					cell = number(v.Median)
				}
				if cell != "" && unit != results.Fairness {
					costs++
				}
				row = append(row, cell)
			}
			if costs > 0 {
				rows = append(rows, row)
			}
		}
		if len(rows) == 1 {
			continue
		}
		if !begun {
			b.WriteString("\n## Cost\n\nWhat maps take beside time, by medians over the blocks. Live is what the map keeps alive after the cell, at rest and after two collections, and marking is the processor time that one collection takes for it. Processor time is that of the whole process, user and kernel: a map that spins pays for it. A pause is of all goroutines, by a collection within the cell.\n")
			begun = true
		}
		fmt.Fprintf(b, "\n### Cost of %s\n\n", analysis.Describe(s.Workload))
		table(b, rows)
	}
}
