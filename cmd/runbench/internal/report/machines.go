package report

import (
	"fmt"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/results"
)

// Machines returns the report on several runs. It says how far maps scale on each machine, in what
// order they are, and where the orders differ.
func Machines(machines []analysis.Machine, figures []Figure) *export.Document {
	d := &export.Document{Data: machineData(machines)}
	var names []string
	for _, m := range machines {
		names = append(names, m.Name)
	}
	d.Add(export.Heading{Level: 1, Text: "runbench " + strings.Join(names, ", ")})
	t := export.Table{Columns: []string{"run", "machine", "topology", "program", "grade", "A/A limit"}}
	for _, m := range machines {
		env := m.Manifest.Environment
		limit := "none"
		if m.Control.Limit > 0 {
			limit = analysis.Percent(m.Control.Limit)
		}
		t.Rows = append(t.Rows, []string{m.Name, env.MachineLabel(), m.Manifest.Topology.Machine, env.CommitLabel(), string(m.Grade.Letter), limit})
	}
	d.Add(t)
	if one := analysis.OneMachine(machines); one != "" {
		d.Add(export.Line(one))
	}
	shared := analysis.OnAll(machines)
	differing(d, machines, shared)
	scalingOf(d, machines)
	d.Add(title("Orders of maps"), export.Line("The fastest map is on the left. Between two neighbours, > says that the difference is conclusive, and ≈ that it is not. Maps that failed a check are left out."))
	for _, o := range shared {
		t := export.Table{Columns: []string{"run", "order"}}
		for i, s := range o.Standings {
			if s != nil {
				t.Rows = append(t.Rows, []string{machines[i].Name, order(s)})
			}
		}
		d.Add(export.Heading{Level: 3, Text: analysis.Describe(o.Workload)}, t)
	}
	addFigures(d, figures)
	return d
}

// order writes the maps of a workload in their order.
func order(s *analysis.Standing) string {
	text := ""
	for i, r := range s.Contenders {
		if i > 0 {
			sign := " ≈ "
			if s.Effect(s.Contenders[i-1], r).Conclusive {
				sign = " > "
			}
			text += sign
		}
		text += r.Impl
	}
	return text
}

// differing lists where two machines have another order of two maps.
func differing(d *export.Document, machines []analysis.Machine, shared []analysis.OnMachines) {
	type pair struct {
		first, second string
		on            [2]int
	}
	var pairs []pair
	in := map[pair]int{} // workloads
	t := export.Table{Columns: []string{"workload", "maps", "on", "effect", "on", "effect"}}
	unsure := 0
	for _, o := range shared {
		for _, x := range o.Differences() {
			if !x.Conclusive() {
				unsure++
				continue
			}
			p := pair{x.First, x.Second, x.On}
			if in[p]++; in[p] == 1 {
				pairs = append(pairs, p)
			}
			t.Rows = append(t.Rows, []string{
				analysis.Describe(o.Workload), x.First + " over " + x.Second,
				machines[x.On[0]].Name, effect(x.Effects[0]), machines[x.On[1]].Name, effect(x.Effects[1]),
			})
		}
	}
	d.Add(title("Where the orders differ"))
	var list export.List
	for _, p := range pairs {
		list = append(list, fmt.Sprintf("%s is faster than %s on %s, and slower on %s, in %d of the %d workloads that both have",
			export.Strong(p.first, true), p.second, machines[p.on[0]].Name, machines[p.on[1]].Name, in[p], common(shared, p.on)))
	}
	if len(pairs) == 0 {
		d.Add(export.Line(fmt.Sprintf("In the %d workloads that the runs share, no pair of maps conclusively changes its order between machines.", len(shared))))
	} else {
		d.Add(export.Line("These orders differ: both effects are conclusive."), list, export.Gap{}, t)
	}
	if unsure > 0 {
		d.Add(export.Line(fmt.Sprintf("In %d cases the medians change their order, but not conclusively.", unsure)))
	}
}

// common returns how many of the workloads both machines have.
func common(shared []analysis.OnMachines, on [2]int) (n int) {
	for _, o := range shared {
		if o.Standings[on[0]] != nil && o.Standings[on[1]] != nil {
			n++
		}
	}
	return n
}

// scalingOf says how far each map scales on each machine, for the curves that two of them have.
func scalingOf(d *export.Document, machines []analysis.Machine) {
	var workloads []results.ID
	verdicts := map[results.ID]map[string][]string{} // by map; one for each machine
	impls := map[results.ID][]string{}
	on := map[results.ID]map[int]bool{}
	for i, m := range machines {
		for _, c := range m.Curves() {
			if isFloor(m.Map(c.Impl)) || len(c.Points) < 3 || c.Workload.Procs > 0 && c.Workload.Procs != m.Procs() {
				continue
			}
			w := c.Workload
			if w.Procs > 0 {
				w.Procs = 1 // it varied goroutines
			}
			if verdicts[w] == nil {
				workloads = append(workloads, w)
				verdicts[w], on[w] = map[string][]string{}, map[int]bool{}
			}
			if verdicts[w][c.Impl] == nil {
				impls[w] = append(impls[w], c.Impl)
				verdicts[w][c.Impl] = make([]string, len(machines))
			}
			verdicts[w][c.Impl][i], on[w][i] = c.Verdict(), true
		}
	}
	begun := false
	for _, w := range workloads {
		if len(on[w]) < 2 {
			continue
		}
		if !begun {
			d.Add(title("How far maps scale"))
			begun = true
		}
		t := export.Table{Columns: []string{"map"}}
		for _, m := range machines {
			t.Columns = append(t.Columns, m.Name)
		}
		for _, impl := range impls[w] {
			t.Rows = append(t.Rows, append([]string{impl}, verdicts[w][impl]...))
		}
		d.Add(export.Heading{Level: 3, Text: scaled(w, nil)}, t)
	}
}

// The form of the report on several machines as JSON.
type (
	jsonMachines struct {
		Runs        []string         `json:"runs"`
		Differences []jsonDifference `json:"differences"` // of the order of two maps
	}
	jsonDifference struct {
		Workload   string     `json:"workload"`
		Maps       [2]string  `json:"maps"`
		On         [2]string  `json:"on"`     // runs
		Ratios     [2]float64 `json:"ratios"` // of the first map to the second, on each
		Conclusive bool       `json:"conclusive"`
	}
)

func machineData(machines []analysis.Machine) jsonMachines {
	out := jsonMachines{Differences: []jsonDifference{}}
	for _, m := range machines {
		out.Runs = append(out.Runs, m.Name)
	}
	for _, o := range analysis.OnAll(machines) {
		for _, x := range o.Differences() {
			out.Differences = append(out.Differences, jsonDifference{
				analysis.Describe(o.Workload),
				[2]string{x.First, x.Second},
				[2]string{machines[x.On[0]].Name, machines[x.On[1]].Name},
				[2]float64{x.Effects[0].Median, x.Effects[1].Median},
				x.Conclusive(),
			})
		}
	}
	return out
}
