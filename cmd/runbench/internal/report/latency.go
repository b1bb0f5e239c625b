package report

import (
	"fmt"
	"slices"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/results"
)

// latency adds how long operations take when they arrive at a given rate.
func latency(d *export.Document, run *analysis.Run) {
	groups := run.Groups(results.Latency)
	if len(groups) == 0 {
		return
	}
	d.Add(title("Latency"),
		export.Line("Operations arrive at a share of the closed-loop rate. A closed loop of the same workers reached this rate just before, and read the clock as often. Files and figures call it the capacity. The intended starts of the operations are a Poisson process, which is drawn before the clock starts. A latency lasts from the intended start of an operation to its end, so it includes the wait behind a slow operation. If a publish follows a write, the write ends when the publish ends. The latency of a publish begins at the end of its write."),
		export.Line(fmt.Sprintf("Every latency includes one clock reading, which took %s, and pacing: the delay until a waiting worker sees that an operation is due. A cell is overloaded if fewer than %.0f %% of its operations were done in time. Overloaded cells have no latencies. All values are medians over the other blocks, latencies with their 95 %% intervals.",
			seconds(groups[0].Summary(results.ClockCost)), 100*results.Sustained)))
	var loads, times export.Table
	flush := func() {
		d.Add(loads)
		if len(times.Rows) > 0 {
			d.Add(times)
		}
	}
	for i, g := range groups {
		if workload := run.Describe(g.ID); i == 0 || workload != run.Describe(groups[i-1].ID) || g.ID.Load != groups[i-1].ID.Load {
			if i > 0 {
				flush()
			}
			d.Add(export.Heading{Level: 3, Text: fmt.Sprintf("Latency at %d %%: %s", g.ID.Load, workload)})
			loads = export.Table{Columns: []string{"map", "verdict", "closed-loop rate, ops/s", "overloaded", "closed loop: mean", "closed loop: p99", "pacing: p50", "pacing: p99"}}
			times = export.Table{Columns: []string{"map", "latency of"}}
			for _, q := range results.Quantiles {
				times.Columns = append(times.Columns, results.QuantileName(q))
			}
		}
		loads.Rows = append(loads.Rows, loadRow(run, g))
		times.Rows = append(times.Rows, timeRows(g)...)
	}
	flush()
}

// loadRow is the row of a latency cell without its latencies.
func loadRow(run *analysis.Run, g *analysis.Group) []string {
	row := []string{
		g.ID.Impl, label(run.Verdict(g.ID.Impl)), number(g.Summary(results.Capacity).Median),
		fmt.Sprintf("%d of %d", g.Overloaded(), len(g.Cells)),
	}
	for _, unit := range []string{results.ClosedMean, results.ClosedP99, results.PaceP50, results.PaceP99} {
		row = append(row, seconds(g.Summary(unit)))
	}
	return row
}

// timeRows are the rows of latencies: of reads, writes and publishes, if there are any.
func timeRows(g *analysis.Group) (rows [][]string) {
	for _, of := range [][2]string{{results.OfReads, "reads"}, {results.OfWrites, "writes"}, {results.OfPublishes, "publishes"}} {
		row, any := []string{g.ID.Impl, of[1]}, false
		for _, q := range results.Quantiles {
			s := g.Latency(of[0], q)
			any = any || s.N > 0
			row = append(row, within(s, results.FormatSeconds))
		}
		if any {
			rows = append(rows, row)
		}
	}
	return rows
}

// costs are what a map uses besides time.
var costs = []struct {
	unit, column string
	format       func(*analysis.Group, string) string
}{
	{results.LivePerKey, "live, bytes per key", plainMedian},
	{results.MarkPerKey, "marking per key", secondsMedian},
	{results.BytesPerOp, "allocated bytes per operation", plainMedian},
	{results.AllocsPerOp, "allocations per operation", plainMedian},
	{results.GCShare, "collections, share of processors", shareMedian},
	{results.PauseMax, "longest pause", secondsMedian},
	{results.CPUPerOp, "processor time per operation", secondsMedian},
	{results.InstructionsPerOp, "instructions per operation", plainMedian},
	{results.CyclesPerOp, "cycles per operation", plainMedian},
	{results.CacheMissesPerOp, "cache misses per operation", plainMedian},
	{results.SwitchesPerOp, "context switches per million operations", millionMedian},
	{results.MigrationsPerOp, "migrations per million operations", millionMedian},
	{results.Fairness, "slowest over fastest worker", plainMedian},
}

func plainMedian(g *analysis.Group, unit string) string { return number(g.Summary(unit).Median) }
func millionMedian(g *analysis.Group, unit string) string {
	return number(1e6 * g.Summary(unit).Median)
}

func secondsMedian(g *analysis.Group, unit string) string { return seconds(g.Summary(unit)) }
func shareMedian(g *analysis.Group, unit string) string {
	return fmt.Sprintf("%.2g %%", 100*g.Summary(unit).Median)
}

// cost adds what maps use besides time.
func cost(d *export.Document, run *analysis.Run) {
	begun := false
	for _, s := range run.Standings {
		t := export.Table{Columns: []string{"map"}}
		used := costs[:0:0]
		for _, c := range costs {
			if slices.ContainsFunc(s.Rows, func(r *analysis.Row) bool { return r.Group.Summary(c.unit).N > 0 }) {
				used = append(used, c)
				t.Columns = append(t.Columns, c.column)
			}
		}
		for _, r := range s.Rows {
			row, any := []string{r.Impl}, false
			for _, c := range used {
				cell := ""
				if r.Group.Summary(c.unit).N > 0 {
					cell = c.format(r.Group, c.unit)
					any = any || c.unit != results.Fairness
				}
				row = append(row, cell)
			}
			if any {
				t.Rows = append(t.Rows, row)
			}
		}
		if len(t.Rows) == 0 {
			continue
		}
		if !begun {
			d.Add(title("Cost"), export.Line("What maps use besides time, as medians over the blocks. Live is the memory that the map keeps alive at rest, after the cell and two garbage collections. Marking is the processor time in which one collection marks this memory. Processor time is that of the whole process, user and kernel, so it includes spinning. A pause is a time for which a collection within the cell stopped all goroutines."))
			begun = true
		}
		d.Add(export.Heading{Level: 3, Text: "Cost of " + run.Describe(s.Workload)}, t)
	}
}
