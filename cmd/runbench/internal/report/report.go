// Package report says in words and tables what a run shows: a report, a summary for the terminal,
// and advice on which map to take. It reads everything from the analysis of the results, never
// from the run in progress. So a report can be written again at any time.
//
// # Words
//
//   - A workload is what maps are compared in: everything that identifies a cell except the map.
//   - A map is always fresh if it declares linearizability: no read of it is stale. A comparison of
//     such a map with another one says so.
//   - An effect is how much more of a unit one map has than another: the median over the blocks of
//     the ratio within a block. If there are several links or processes, it is a mean over them.
//   - An effect is conclusive if it is larger than the A/A limit of its workload and is not chance,
//     after Holm's correction for all effects of the report. See [analysis.Effect].
package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/results"
)

// Figure is a figure to show. Its paths are slash-separated and relative to the folder of the
// report.
type Figure struct {
	Title, Caption string
	Image, Table   string
	Answers        bool // it stands above the answers
}

// Document returns the report on a run. name is the run's. warnings are those of loading it.
func Document(name string, run *analysis.Run, warnings []results.Warning, figures []Figure) *export.Document {
	d := &export.Document{}
	heading(d, name, run, warnings)
	answers(d, run, figures)
	scaling(d, run)
	verdicts(d, run)
	addFigures(d, figures)
	staleness(d, run)
	latency(d, run)
	cost(d, run)
	floors(d, run)
	spreads(d, run)
	setting(d, run)
	machine(d, run)
	limits(d, run)
	ratios(d, run)
	d.Add(title("All throughput cells"))
	for _, s := range run.Standings {
		d.Add(export.Heading{Level: 3, Text: run.Describe(s.Workload)}, standing(s))
	}
	return d
}

func addFigures(d *export.Document, figures []Figure) {
	figures = slices.DeleteFunc(slices.Clone(figures), func(f Figure) bool { return f.Answers })
	if len(figures) == 0 {
		return
	}
	d.Add(title("Figures"))
	for _, f := range figures {
		f.add(d)
	}
}

// add adds a figure with its caption.
func (f Figure) add(d *export.Document) {
	d.Add(export.Line(fmt.Sprintf("![%s](%s)", f.Title, f.Image)), export.Line(fmt.Sprintf("%s ([data](%s))", f.Caption, f.Table)))
}

func heading(d *export.Document, name string, run *analysis.Run, warnings []results.Warning) {
	note := export.Note{Caveat(run)}
	if run.Grade.Letter != "" {
		note = append(note, fmt.Sprintf("Grade **%s**, see below.", run.Grade.Letter))
	}
	for _, warning := range warnings {
		note = append(note, fmt.Sprintf("Warning: %s.", warning))
	}
	d.Add(export.Heading{Level: 1, Text: "runbench " + name}, note)
}

// setting adds where and how the run was made.
func setting(d *export.Document, run *analysis.Run) {
	m := run.Manifest
	var list export.List
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if env := m.Environment; env.Go != "" {
		add("machine: %s, %s", env.MachineLabel(), env.Kernel)
		if t := m.Topology; t.Machine != "" {
			placed := "the system placed the workers"
			if t.Place != "" {
				placed = "workers were bound to processors, in the order of -place " + t.Place
			} else if pinned := pinnedTo(m.Plan); pinned != "" {
				placed = "workers were bound to the processors " + pinned + ", in this order"
			}
			add("topology: %s; %s", t.Machine, placed)
		}
		if m.NotCounted != "" {
			add("%s", m.NotCounted)
		}
		add("%s, %s", env.CommitLabel(), env.Date.Format("2006-01-02 15:04 UTC"))
		add("command: `%s`, seed %d", strings.Join(env.Command, " "), m.Seed)
	}
	for i, seed := range m.Layouts {
		add("link %d: built with `-ldflags=-randlayout=%d`", i+1, seed)
	}
	for _, input := range slices.Sorted(maps.Keys(m.Inputs)) {
		add("input: %s, %s", input, m.Inputs[input])
	}
	groups, least, most := 0, 0, 0
	for _, kind := range results.Kinds() {
		for _, g := range run.Groups(kind) {
			n := len(g.Cells)
			if groups++; groups == 1 || n < least {
				least = n
			}
			most = max(most, n)
		}
	}
	add("%d cells, each measured %s times", groups, between(least, most))
	list = append(list, method(m.Plan)...)
	if !m.Complete && m.Environment.Go != "" {
		add("**the run was not completed**: cells are missing")
	}
	d.Add(title("Machine and run"), list)
}

// pinnedTo returns the processors to which a plan binds workers, or "".
func pinnedTo(text json.RawMessage) string {
	var p struct {
		Pin        string
		PinWorkers bool `json:"pin-workers"`
	}
	if err := json.Unmarshal(text, &p); err != nil || !p.PinWorkers {
		return ""
	}
	return p.Pin
}

// method says how the cells of a plan were measured, as far as it differs from at once and equally
// often.
func method(text json.RawMessage) (list export.List) {
	var p struct {
		Time, Slice, Prefill string
		Extra                int
		LeftOut              string `json:"left-out"`
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return nil // an earlier plan, or none
	}
	if p.Slice != "" {
		list = append(list, fmt.Sprintf("each throughput cell was measured for %s, in slices of %s in which the maps of a workload took turns; slices were longer for slow operations and for more goroutines than processors, and mixes with a stall were measured at once", p.Time, p.Slice),
			"a map is charged for the collections that its own garbage would cause if it were alone; memory a key, the time to mark it and the pauses of collections were measured with each map alone, once in a process")
	}
	if p.LeftOut != "" {
		list = append(list, "left out, to stay within the time of the preset: "+p.LeftOut)
	}
	if p.Prefill == "workers" {
		list = append(list, "the workers filled the maps, each a part of the keys; maps that only one goroutine may write were filled by one")
	}
	if p.Extra > 0 {
		list = append(list, fmt.Sprintf("%d extra blocks went to the workloads where they narrowed the A/A control most", p.Extra))
	}
	return list
}

func between(least, most int) string {
	if least == most {
		return fmt.Sprint(least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

func verdicts(d *export.Document, run *analysis.Run) {
	t := export.Table{Columns: []string{"map", "level", "verdict", "why"}}
	for _, impl := range run.Maps() {
		v := run.Verdict(impl)
		why := v.Reason
		for _, e := range v.Evidence {
			why += "; " + evidence(e)
		}
		t.Rows = append(t.Rows, []string{impl, v.Level, label(v), why})
	}
	d.Add(title("Verdicts"), export.Line("Every map was checked before it was timed, at the level that it declares. The histories of a check have uint64 keys. Its other tests use every type of keys that the map has. The final state of the map was checked after every timed cell with writes."+judged(run)), t)
}

// judged says, in a sentence with a space before it, how many answers of the maps were judged;
// nothing if the run is older than that.
func judged(run *analysis.Run) string {
	answers, ops := 0.0, 0.0
	for _, c := range run.Cells {
		if n, ok := c.Metrics[results.Judged]; ok {
			answers, ops = answers+n, ops+float64(c.Ops)
		}
	}
	if answers == 0 {
		return ""
	}
	return fmt.Sprintf(" Workers judged %s answers of the maps, beside %s timed operations and among them.", strings.TrimSpace(number(answers)), strings.TrimSpace(number(ops)))
}

// evidence links to a file in the run's folder, and quotes a command or a cell.
func evidence(e string) string {
	if strings.ContainsAny(e, " =") {
		return "`" + e + "`"
	}
	return "[" + e + "](" + e + ")"
}

func staleness(d *export.Document, run *analysis.Run) {
	groups := run.Groups(results.Staleness)
	if len(groups) == 0 {
		return
	}
	d.Add(title("Staleness"), export.Line("A read may miss completed writes of its key: it is then stale. Its staleness counts all writes completed since the oldest one it misses. Its age is the time since that write was completed. Both are 0 if the read misses none. All values are medians over the blocks, staleness and ages with their 95 % intervals. Throughput was measured in other cells, with the same keys and the same numbers of readers and writers. In throughput cells half of the keys are in the map, and half of the writes delete. In staleness cells every key is in the map, and writes only set."))
	var t export.Table
	for i, g := range groups {
		if i == 0 || run.Describe(g.ID) != run.Describe(groups[i-1].ID) {
			if i > 0 {
				d.Add(t)
			}
			d.Add(export.Heading{Level: 3, Text: run.Describe(g.ID)})
			t = export.Table{Columns: []string{"map", "verdict", "mean", "p50", "p99", "max", "mean age", "p50 age", "p99 age", "max age", "stale reads", "reads/s", "writes/s"}}
		}
		t.Rows = append(t.Rows, staleRow(run, g))
	}
	d.Add(t)
}

func staleRow(run *analysis.Run, g *analysis.Group) []string {
	row := []string{g.ID.Impl, label(run.Verdict(g.ID.Impl))}
	for _, unit := range []string{results.StaleMean, results.StaleOps(50), results.StaleOps(99), results.StaleOps(100)} {
		row = append(row, within(g.Summary(unit), number))
	}
	for _, unit := range []string{results.StaleMeanAge, results.StaleAge(50), results.StaleAge(99), results.StaleAge(100)} {
		row = append(row, within(g.Summary(unit), results.FormatSeconds))
	}
	row = append(row, fmt.Sprintf("%.3g %%", 100*g.Summary(results.StaleShare).Median))
	timed := g.ID
	timed.Kind = results.Throughput
	for _, unit := range []string{results.ReadsPerSec, results.WritesPerSec} {
		cell := ""
		if t := run.Group(timed); t != nil {
			cell = number(t.Summary(unit).Median)
		}
		row = append(row, cell)
	}
	return row
}

// floors adds how much of a measurement is the cost of the harness.
func floors(d *export.Document, run *analysis.Run) {
	name, t := "", export.Table{Columns: []string{"workload", "floor, ns per operation", "fastest map, ns per operation"}}
	for _, s := range run.Standings {
		for _, r := range s.Rows {
			if !r.Floor {
				continue
			}
			name = r.Impl
			best := ""
			if len(s.Contenders) > 0 {
				best = nanoseconds(s.Contenders[0].Group.SecondsPerOp())
			}
			t.Rows = append(t.Rows, []string{run.Describe(s.Workload), nanoseconds(r.Group.SecondsPerOp()), best})
		}
	}
	if len(t.Rows) > 0 {
		d.Add(title("Harness floor"), export.Line(fmt.Sprintf("The floor is the cost of the harness itself, measured with the map %s, which does nothing. It is part of every figure in this report, and is not subtracted. Times are processor times of the whole process. If the system does not report them, they are times of the processors in use.", name)), t)
	}
}
