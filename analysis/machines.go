package analysis

import (
	"cmp"
	"fmt"
	"slices"

	"doublebuf/results"
)

// Machine is one of several runs that are compared. Each is of another machine, or of the same one.
type Machine struct {
	Name string // unique among them, such as the name of the run's folder
	*Run
}

// OneMachine returns a sentence if all runs are known to be of one machine; else "".
func OneMachine(machines []Machine) string {
	first := machines[0].Manifest.Environment
	for _, m := range machines {
		e := m.Manifest.Environment
		if e.Go == "" || e.CPU != first.CPU || e.Processors != first.Processors || e.GOARCH != first.GOARCH || e.Kernel != first.Kernel {
			return ""
		}
	}
	return fmt.Sprintf("All runs are of one machine, as far as they say (%s, %d processors). What differs here are the runs, not machines.", first.CPU, first.Processors)
}

// Procs returns the largest GOMAXPROCS of the cells of r.
func (r *Run) Procs() (procs int) {
	for _, g := range r.groups {
		procs = max(procs, g.ID.Procs)
	}
	return procs
}

// The numbers of workers of a shared workload that follow the machine.
const (
	AllProcessors  = -1 - iota // as many as processors
	TwiceAll                   // twice as many
	AllButOne                  // one less than processors
	HalfProcessors             // half as many
)

// shared returns what a workload is on all machines: without the map and GOMAXPROCS. If its workers
// follow the processors, it returns a second one that says so. So two machines of 2 and of 64
// processors share the workload with as many goroutines as processors.
func shared(id results.ID) []results.ID {
	procs := id.Procs
	id.Impl, id.Procs = "", 0
	follows := id
	switch {
	case procs < 2:
	case id.G == procs:
		follows.G = AllProcessors
	case id.G == 2*procs:
		follows.G = TwiceAll
	case id.G > 0:
	case id.Readers == id.Writers && id.Readers == procs/2 && procs > 3:
		follows.Readers, follows.Writers = HalfProcessors, HalfProcessors
	case id.Readers == procs-1 && id.Writers == 1 && procs > 2:
		follows.Readers = AllButOne
	}
	if follows == id {
		return []results.ID{id}
	}
	return []results.ID{id, follows}
}

// sharedWorkers names workers that follow the machine.
func sharedWorkers(w results.ID) string {
	switch {
	case w.G == AllProcessors:
		return "as many goroutines as processors"
	case w.G == TwiceAll:
		return "twice as many goroutines as processors"
	case w.Readers == HalfProcessors:
		return "readers on a half of the processors, writers on the other"
	}
	return "readers on all processors but one, and a writer"
}

// OnMachines is a workload that several machines share.
type OnMachines struct {
	Workload  results.ID  // without the map and GOMAXPROCS; its workers may follow the machine
	Standings []*Standing // of each machine; nil of those without it
}

// OnAll returns the throughput workloads that two of the machines have at least, in the order in
// which they were measured. Mixes of one name that are defined differently are different workloads.
// In a run with several GOMAXPROCS only the cells with the largest one count.
func OnAll(machines []Machine) (all []OnMachines) {
	type key struct {
		results.ID
		mix string
	}
	at := map[key]int{}
	for m, run := range machines {
		for _, s := range run.Standings {
			if s.Workload.Procs != run.Procs() {
				continue
			}
			mix, _ := run.Mix(s.Workload.Mix)
			mix.Doc = ""
			for _, w := range shared(s.Workload) {
				k := key{w, fmt.Sprint(mix)}
				i, known := at[k]
				if !known {
					i = len(all)
					at[k] = i
					all = append(all, OnMachines{Workload: w, Standings: make([]*Standing, len(machines))})
				}
				if all[i].Standings[m] == nil {
					all[i].Standings[m] = s
				}
			}
		}
	}
	return slices.DeleteFunc(all, func(o OnMachines) bool { return !o.several() })
}

// several reports whether two machines have the workload. If its workers follow the machine, the
// two must have different numbers of processors: otherwise the list has it with its numbers.
func (o OnMachines) several() bool {
	procs := map[int]bool{}
	n := 0
	for _, s := range o.Standings {
		if s != nil {
			n++
			procs[s.Workload.Procs] = true
		}
	}
	follows := o.Workload.G < 0 || o.Workload.Readers < 0
	return n > 1 && (!follows || len(procs) > 1)
}

// Difference is a pair of maps whose order differs between two machines.
type Difference struct {
	First, Second string    // the maps
	On            [2]int    // indices of machines: First is faster on the first, and Second on the second
	Effects       [2]Effect // of First over Second, on each
}

// Conclusive reports whether both orders are conclusive.
func (d Difference) Conclusive() bool { return d.Effects[0].Conclusive && d.Effects[1].Conclusive }

// Differences returns the pairs of maps whose order differs between two machines: for each pair of
// machines, those that are conclusive first.
func (o OnMachines) Differences() (all []Difference) {
	for i, a := range o.Standings {
		for j := i + 1; a != nil && j < len(o.Standings); j++ {
			if b := o.Standings[j]; b != nil {
				all = append(all, differences(a, b, i, j)...)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Difference) int {
		rank := map[bool]int{true: 0, false: 1}
		return cmp.Compare(rank[a.Conclusive()], rank[b.Conclusive()])
	})
	return all
}

func differences(a, b *Standing, i, j int) (all []Difference) {
	for x, fast := range a.Contenders {
		for _, slow := range a.Contenders[x+1:] {
			fastB, slowB := b.Row(fast.Impl), b.Row(slow.Impl)
			if fastB == nil || slowB == nil || !slices.Contains(b.Contenders, fastB) || !slices.Contains(b.Contenders, slowB) {
				continue
			}
			d := Difference{First: fast.Impl, Second: slow.Impl, On: [2]int{i, j}, Effects: [2]Effect{a.Effect(fast, slow), b.Effect(fastB, slowB)}}
			if d.Effects[0].Median > 1 && d.Effects[1].Median < 1 {
				all = append(all, d)
			}
		}
	}
	return all
}
