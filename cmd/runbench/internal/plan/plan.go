// Package plan says what a run measures: which cells, how often, how long, and in what order. It
// reads and validates plans, and makes them from presets and from the axes of a command line. It
// measures nothing.
//
// # Words
//
//   - A cell is one map under one workload, measured once. In a throughput cell workers do their
//     operations as fast as they can. In a staleness cell one writer and several readers find out
//     how stale reads are. In a latency cell operations arrive at a share of the rate that the map
//     can keep up with, whether the map is ready for them or not.
//   - A block is one pass over all cells of a plan, which measures every cell once. Every second
//     block goes backwards (ABBA), so a machine that drifts favours no workload, and no map that is
//     measured at once. Cells are compared with those of the same block.
//   - A job is a cell in a block.
//   - A cohort is jobs that are measured together: the maps of one workload in one block.
//   - A slice is a stretch of measuring one map of a cohort. The maps of a cohort take turns.
//   - A set is as many blocks as the plan says, one after another in one process. There is a set
//     for each process of each link, and the links take turns. All of them are children of the
//     process that runs the plan. If a resumed campaign adds cells to a set that was cut short,
//     or if a map ends its process, the cells of the next process count as cells of the same one.
package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"doublebuf/results"
	"doublebuf/workloads"
)

// Plan says what is measured, and how. Its JSON form is the plan section of a manifest, and a plan
// file.
type Plan struct {
	Seed   uint64   `json:"seed"`   // for all random choices
	Blocks int      `json:"blocks"` // how often each cell is measured in a process
	Time   Duration `json:"time"`   // of a cell in a block; in a latency cell, of the closed loop
	Procs  int      `json:"procs"`  // GOMAXPROCS, of cells that have no other

	// Slice, if it is not 0, is how long a map is measured at a stretch. The throughput cells of
	// one workload are then measured together: a block builds all of their maps, and measures
	// them in turns of this length until each has had its Time. If it is 0, each cell is measured
	// at once.
	Slice Duration `json:"slice,omitempty"`

	// Extra is the number of extra blocks, which come after the others. An extra block has one
	// throughput workload. The run adds ExtraAtOnce of them at a time to the workload whose A/A
	// control they narrow most for their time. Its choice depends on the width of that interval, on
	// the number of blocks and on the number of maps, and on no difference between maps. Extra
	// needs one process and one link.
	Extra int `json:"extra,omitempty"`

	// LeftOut says what a preset left out, so that the run takes the time that it promises. "" is
	// nothing.
	LeftOut string `json:"left-out,omitempty"`

	// Memory is how much the maps that are measured together may keep alive, in MiB; 0 is
	// DefaultMemory. The maps of a workload that keep more alive are measured in groups, of two
	// maps or more.
	Memory int `json:"memory-mib,omitempty"`

	// Pin lists the processors to which the process is bound, as in 0-3,8; "" is all. With
	// PinWorkers worker i has a thread of its own, which is bound to the i-th of them. If there are
	// more workers than processors they begin again at the first.
	Pin        string `json:"pin,omitempty"`
	PinWorkers bool   `json:"pin-workers,omitempty"`

	// Prefill says who fills a map before it is measured, and so touches its memory first: ByOne,
	// or ByWorkers. "" is ByOne.
	Prefill string `json:"prefill,omitempty"`

	Links int `json:"links,omitempty"` // builds of the program; 0 is one: the program that runs
	Forks int `json:"forks,omitempty"` // processes of each link; 0 is one

	// TargetCI, if it is not 0, asks for narrow intervals. Sets are added, one for each link,
	// until the upper end of the interval of every lead is less than TargetCI above the lower end.
	// A set is not started if it would probably end later than Max after the start of the
	// measuring.
	TargetCI Percent  `json:"target-ci,omitempty"`
	Max      Duration `json:"max,omitempty"`

	// Trace is the input of the key types trace and prefix, of the distribution of its name, and of
	// the mix replay. It is nil if no cell has any of them.
	Trace *workloads.TraceInput `json:"trace,omitempty"`

	// LatencyBlocks is how many blocks of a process have cells of staleness and of latency: the
	// first ones; 0 is all. Such a cell takes longer than the slices of a throughput cell.
	LatencyBlocks int `json:"latency-blocks,omitempty"`

	// LatencyTime is the time for which operations arrive in a latency cell, after the closed loop.
	LatencyTime Duration `json:"latency-time,omitempty"`

	// Cells, Staleness and Latency are the cells of each kind, in the order of the first block.
	// Cells with the same keys and distribution should stand together, because they share what is
	// drawn for them.
	Cells     []Cell `json:"cells"`
	Staleness []Cell `json:"staleness,omitempty"`
	Latency   []Cell `json:"latency,omitempty"`
}

// The values of Prefill: one goroutine, or all workers of the cell, each a part of the keys.
const (
	ByOne     = "one"
	ByWorkers = "workers"
)

// Cell is a map and the workload that drives it. Either G goroutines each do the mix, or the mix
// has roles, and there are separate goroutines that read and that write. A staleness cell has at
// least one reader and one writer, which does not delete. A latency cell, and no other, has a Load.
type Cell struct {
	Impl    string `json:"impl"`
	Mix     string `json:"mix"`
	Dist    string `json:"dist"`
	KeyType string `json:"keytype"`
	Keys    int    `json:"keys"`
	G       int    `json:"g,omitempty"`
	Readers int    `json:"readers,omitempty"`
	Writers int    `json:"writers,omitempty"`
	Load    int    `json:"load,omitempty"`  // % of the closed-loop rate
	Procs   int    `json:"procs,omitempty"` // GOMAXPROCS; 0 is that of the plan
}

// Duration is a time.Duration whose text is like "100ms".
type Duration time.Duration

func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a time; want one like \"100ms\"", text)
	}
	*d = Duration(v)
	return nil
}

// Percent is a number of hundredths, whose text is like "2%".
type Percent float64

func (p Percent) String() string { return strconv.FormatFloat(float64(p), 'g', -1, 64) + "%" }

// MarshalText implements encoding.TextMarshaler.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Percent) UnmarshalText(text []byte) error {
	number, ok := strings.CutSuffix(string(text), "%")
	v, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(v >= 0 && v <= 1000) {
		return fmt.Errorf("%q is not a percentage; want one like \"2%%\"", text)
	}
	*p = Percent(v)
	return nil
}

// Job is a cell in a block of a plan.
type Job struct {
	Block         int // from 1, through all sets
	Process, Link int // from 1
	ID            results.ID
}

// Forked reports whether the cells are measured by several processes.
func (p Plan) Forked() bool { return p.Links > 1 || p.Forks > 1 }

// Sets returns how many sets the plan begins with.
func (p Plan) Sets() int { return max(1, p.Links) * max(1, p.Forks) }

// Jobs returns the jobs of a run without added sets, in order.
func (p Plan) Jobs() []Job { return p.JobsOf(0, p.Sets()) }

// JobsOf returns the jobs of the sets with numbers in [from, to), in order. Sets are numbered from
// 0 without end.
func (p Plan) JobsOf(from, to int) []Job {
	ids := p.ids()
	jobs := make([]Job, 0, len(ids)*p.Blocks*(to-from))
	for block := from*p.Blocks + 1; block <= to*p.Blocks; block++ {
		process, link := 1, 1
		if p.Forked() {
			set := (block - 1) / p.Blocks
			process, link = set+1, set%max(1, p.Links)+1
		}
		few := p.LatencyBlocks > 0 && (block-1)%p.Blocks >= p.LatencyBlocks
		for i := range ids {
			if block%2 == 0 {
				i = len(ids) - 1 - i
			}
			if few && ids[i].Kind != results.Throughput {
				continue
			}
			jobs = append(jobs, Job{block, process, link, ids[i]})
		}
	}
	return jobs
}

// ExtraAtOnce is how many extra blocks a workload gets at once. The last time there may be fewer.
const ExtraAtOnce = 4

// Workloads returns the throughput workloads, without a map, in the order of the first block.
func (p Plan) Workloads() (all []results.ID) {
	for _, id := range p.ids() {
		if w := id.Workload(); id.Kind == results.Throughput && !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	return all
}

// ExtraJobs returns the jobs of a block of one workload, after the blocks of all workloads.
func (p Plan) ExtraJobs(workload results.ID, block int) (jobs []Job) {
	for _, id := range p.ids() {
		if id.Workload() == workload {
			jobs = append(jobs, Job{block, 1, 1, id})
		}
	}
	return jobs
}

// ids returns the identities of all cells. Those that are measured together stand together.
func (p Plan) ids() (ids []results.ID) {
	place := map[results.ID]int{} // of the first cell of each workload
	for _, kind := range results.Kinds() {
		for _, c := range *p.List(kind) {
			id := c.ID(kind, p.Procs)
			if _, known := place[id.Workload()]; !known {
				place[id.Workload()] = len(place)
			}
			ids = append(ids, id)
		}
	}
	if p.Slice > 0 {
		slices.SortStableFunc(ids, func(a, b results.ID) int { return cmp.Compare(place[a.Workload()], place[b.Workload()]) })
	}
	return ids
}

// ID returns the identity of the cell in results. procs is the GOMAXPROCS of its plan.
func (c Cell) ID(kind results.Kind, procs int) results.ID {
	return results.ID{
		Kind: kind, Impl: c.Impl, Mix: c.Mix, Dist: c.Dist, KeyType: c.KeyType, Keys: c.Keys,
		Load: c.Load, G: c.G, Readers: c.Readers, Writers: c.Writers, Procs: cmp.Or(c.Procs, procs),
	}
}

// List returns the plan's list of cells of a kind.
func (p *Plan) List(kind results.Kind) *[]Cell {
	switch kind {
	case results.Staleness:
		return &p.Staleness
	case results.Latency:
		return &p.Latency
	}
	return &p.Cells
}

// All returns the cells of all kinds.
func (p Plan) All() []Cell { return slices.Concat(p.Cells, p.Staleness, p.Latency) }

// LeaveOut removes the cells with a type of keys from the plan. It reports whether there were any.
func (p *Plan) LeaveOut(keyType string) bool {
	n := len(p.All())
	for _, cells := range []*[]Cell{&p.Cells, &p.Staleness, &p.Latency} {
		*cells = slices.DeleteFunc(*cells, func(c Cell) bool { return c.KeyType == keyType })
	}
	return len(p.All()) < n
}

// Window returns the time for which operations arrive in a latency cell of the mix. A mix with a
// stall gets twice the time of the stall, so that the operations that have waited can be done.
func (p Plan) Window(mix workloads.Mix) time.Duration {
	if mix.Stalls {
		return max(time.Duration(p.LatencyTime), 2*workloads.StallTime)
	}
	return time.Duration(p.LatencyTime)
}

// Estimate returns about how long a run of the plan takes. It counts for each cell the measuring,
// the filling of the map, the garbage collection and the final-state check. It counts neither
// builds nor what TargetCI adds.
func (p Plan) Estimate() time.Duration {
	const process = 100 * time.Millisecond
	var total time.Duration
	if p.Forked() {
		total = time.Duration(p.Sets()) * process
	}
	for _, cohort := range p.Cohorts(p.Jobs()) {
		total += p.estimateCohort(cohort)
	}
	return total + p.EstimateExtra(p.Extra)
}

// EstimateExtra returns about how long that many extra blocks take. Those of the average workload
// take somewhat less: most go to workloads with many writes, which are slow. In 3 runs of quick on
// 2 processors the factor was 1.2.
func (p Plan) EstimateExtra(blocks int) time.Duration {
	const slow = 1.2
	workloads := p.Workloads()
	var all time.Duration
	for _, w := range workloads {
		all += p.estimateCohort(p.ExtraJobs(w, p.Blocks+1))
	}
	return time.Duration(slow * float64(all) / float64(max(1, len(workloads))) * float64(blocks))
}

// estimateCohort returns about how long the cells of a cohort take.
func (p Plan) estimateCohort(jobs []Job) (d time.Duration) {
	const fixed = 8 * time.Millisecond // a collection, and memory for the slices
	if p.Sliced(jobs[0].ID) {
		d = fixed
	}
	for _, j := range jobs {
		first := (j.Block-1)%p.Blocks == 0 && j.Block <= p.Sets()*p.Blocks
		d += p.estimate(j.ID, first)
	}
	return d
}

// estimate returns about how long a cell takes in a block. A cell that is measured in slices is
// measured at once too in the first block of a process.
func (p Plan) estimate(id results.ID, first bool) (d time.Duration) {
	const fixed, perKey = 40 * time.Millisecond, 400 * time.Nanosecond
	const perSlice, ofLane = 200 * time.Microsecond, 150 * time.Nanosecond
	const untilAll = 10 * time.Millisecond // have had a processor
	const auditing, swapping = 1, 8        // parts of the time of a cell, for judging answers
	if p.Sliced(id) {
		n, length := p.Slices(id)
		d = time.Duration(n)*(WarmUp(id)+length+perSlice) + time.Duration(id.Keys)*ofLane + time.Duration(p.Time)/swapping
		if shared(id) {
			d += untilAll
		}
		if !first {
			return d
		}
	}
	d += time.Duration(p.Time) + fixed + time.Duration(id.Keys)*perKey
	if id.Kind != results.Staleness {
		d += time.Duration(p.Time)/auditing + time.Duration(p.Time)/swapping
	}
	if id.Kind == results.Latency {
		mix, _ := workloads.FindMix(id.Mix)
		d += p.Window(mix)
	}
	return d
}
