package results

import "strconv"

// Kind is what a cell measures. It is the base of the cell's benchmark name.
type Kind string

const (
	// Throughput cells time operations. They are in cells.txt.
	Throughput Kind = "Map"
	// Staleness cells measure how stale reads are, in a loop of their own. They are in
	// staleness.txt, because the zeros of linearizable maps would leave benchstat without a
	// geometric mean.
	Staleness Kind = "Staleness"
	// Latency cells measure how long operations take that arrive at a given rate, in an open loop.
	// They are in latency.txt.
	Latency Kind = "Latency"
)

// MaxLoad is the largest load of a latency cell, in % of the closed-loop rate.
const MaxLoad = 1000

// Kinds returns all kinds of cells, in the order in which a run's folder is read.
func Kinds() []Kind { return []Kind{Throughput, Staleness, Latency} }

// IsRate reports whether a unit counts operations a second. A slower machine lowers it for all maps
// alike.
func IsRate(unit string) bool {
	return unit == OpsPerSec || unit == ReadsPerSec || unit == WritesPerSec
}

// The units of metrics. They are tidy in the sense of golang.org/x/perf/benchunit
// (seconds and bytes, never ns or MB), so that a zero stays in its table.
const (
	OpsPerSec       = "ops/s"       // operations of all workers
	ReadsPerSec     = "read-ops/s"  // reads among them
	WritesPerSec    = "write-ops/s" // writes among them
	PublishesPerSec = "publishes/s" // publishes of all workers, on maps that publish
	Fairness        = "slowest/fastest"
	BytesPerOp      = "B/op"
	AllocsPerOp     = "allocs/op"
	GCShare         = "gc-share" // share of the cell's processor time that collections took, 0 to 1
	PauseShare      = "gc-pause-share"
	PauseMax        = "gc-pause-max-sec"
	CPUPerOp        = "cpu-sec/op" // of the whole process: a map that spins pays for it
	// Counted by the processor and by the kernel, for the whole process, where they offer it.
	InstructionsPerOp = "instructions/op"
	CyclesPerOp       = "cycles/op"
	CacheMissesPerOp  = "cache-misses/op"
	SwitchesPerOp     = "context-switches/op"
	MigrationsPerOp   = "migrations/op"
	// Of the map at rest, after the cell: the heap that it keeps alive after two collections, and
	// the processor time that a collection takes to mark it.
	LivePerKey = "live-B/key"
	MarkPerKey = "mark-sec/key"
	// Judged is how many answers of the map were judged, beside the operations that were timed and
	// among them.
	Judged = "judged-answers"

	// Staleness of a read. A read may miss completed writes of its key. Its staleness counts all
	// writes completed since the oldest one it misses. It is 0 if the read misses none.
	StaleMean = "stale-ops"
	// The same in seconds: how long that oldest write had been complete when the read was called.
	StaleMeanAge = "stale-sec"
	// StaleShare is the share of the reads with a staleness above 0.
	StaleShare = "stale-share"

	// Of a latency cell: what a closed loop did just before, what arrived in the open loop, and the
	// share of it that was done in time.
	Capacity   = "capacity-ops/s"
	Offered    = "offered-ops/s"
	Reached    = "reached"
	ClosedMean = "closed-mean-sec"
	ClosedP99  = "closed-p99-sec"
	// What the harness adds: the time to read the clock once, and the delay until a waiting worker
	// saw that its operation was due.
	ClockCost = "clock-sec"
	PaceP50   = "pace-p50-sec"
	PaceP99   = "pace-p99-sec"
)

// Sustained is the share of the operations due within a latency cell that must be done within it.
// With less, the cell is overloaded.
const Sustained = 0.95

// FormatSeconds writes a time with two or three digits and its unit.
func FormatSeconds(v float64) string {
	if v == 0 {
		return "0"
	}
	for _, u := range []struct {
		factor float64
		name   string
	}{{1e9, " ns"}, {1e6, " µs"}, {1e3, " ms"}} {
		if v*u.factor < 999.5 {
			return strconv.FormatFloat(v*u.factor, 'g', 3, 64) + u.name
		}
	}
	return strconv.FormatFloat(v, 'g', 3, 64) + " s"
}

// StaleQuantiles are the quantiles of staleness that are reported, in %. 100 is the maximum.
var StaleQuantiles = []float64{50, 90, 99, 99.9, 100}

// StaleOps is the unit of a quantile of staleness in operations.
func StaleOps(q float64) string { return "stale-" + QuantileName(q) + "-ops" }

// StaleAge is the unit of a quantile of staleness in seconds.
func StaleAge(q float64) string { return "stale-" + QuantileName(q) + "-sec" }

// What latencies are of.
const (
	OfReads     = "read"
	OfWrites    = "write"
	OfPublishes = "publish"
)

// Quantiles are the quantiles of latencies that are reported, in %. 100 is the maximum.
var Quantiles = []float64{50, 90, 99, 99.9, 99.99, 100}

// QuantileName is the name of a quantile in units: p50, p99.99, max.
func QuantileName(q float64) string {
	if q == 100 {
		return "max"
	}
	return "p" + strconv.FormatFloat(q, 'f', -1, 64)
}

// LatencyUnit is the unit of a quantile of a latency. what is OfReads, OfWrites or OfPublishes.
func LatencyUnit(what string, q float64) string { return what + "-" + QuantileName(q) + "-sec" }

// Unit is a unit of metrics.
type Unit struct {
	Name   string
	Better string // "higher" or "lower"
	Doc    string
	// Aside marks counts that are usually zero. They are written into a comment before their cell.
	// As metrics, a single zero median would leave benchstat without a geometric mean, and leaving
	// out the zeros would leave a biased sample.
	Aside bool
}

// Units lists every unit that a cell may have, in the order in which cells have them.
func Units(k Kind) []Unit {
	switch k {
	case Staleness:
		return stalenessUnits
	case Latency:
		return latencyUnits
	}
	return throughputUnits
}

var throughputUnits = []Unit{
	{Name: OpsPerSec, Better: "higher", Doc: "operations a second, of all workers together"},
	{Name: ReadsPerSec, Better: "higher", Doc: "reads a second"},
	{Name: WritesPerSec, Better: "higher", Doc: "writes a second"},
	{Name: PublishesPerSec, Better: "higher", Doc: "publishes a second"},
	{Name: Fairness, Better: "higher", Doc: "operations a second of the slowest worker over those of the fastest"},
	{Name: CPUPerOp, Better: "lower", Doc: "processor time of the process for each operation"},
	{Name: InstructionsPerOp, Better: "lower", Doc: "instructions of the process for each operation"},
	{Name: CyclesPerOp, Better: "lower", Doc: "processor cycles of the process for each operation"},
	{Name: LivePerKey, Better: "lower", Doc: "bytes that the map keeps alive for each entry, at rest"},
	{Name: BytesPerOp, Better: "lower", Doc: "bytes allocated for each operation", Aside: true},
	{Name: AllocsPerOp, Better: "lower", Doc: "allocations for each operation", Aside: true},
	{Name: GCShare, Better: "lower", Doc: "share of processor time taken by garbage collection", Aside: true},
	{Name: PauseShare, Better: "lower", Doc: "share of the time in which a collection had all goroutines stopped", Aside: true},
	{Name: PauseMax, Better: "lower", Doc: "longest time for which a collection had all goroutines stopped", Aside: true},
	{Name: MarkPerKey, Better: "lower", Doc: "processor time to mark the map in one collection, for each entry, at rest", Aside: true},
	{Name: CacheMissesPerOp, Better: "lower", Doc: "misses of the last-level cache for each operation", Aside: true},
	{Name: SwitchesPerOp, Better: "lower", Doc: "switches of a processor from one thread to another for each operation", Aside: true},
	{Name: MigrationsPerOp, Better: "lower", Doc: "moves of a thread to another processor for each operation", Aside: true},
	judgedUnit,
}

var stalenessUnits = append(staleQuantileUnits(), []Unit{
	{Name: StaleMean, Better: "lower", Doc: "mean staleness of a read, in operations"},
	{Name: StaleMeanAge, Better: "lower", Doc: "mean staleness of a read, in seconds"},
	{Name: StaleShare, Better: "lower", Doc: "share of reads that miss a completed write of their key"},
	{Name: ReadsPerSec, Better: "higher", Doc: "reads a second, slowed by the staleness loop"},
	{Name: WritesPerSec, Better: "higher", Doc: "writes a second, slowed by the staleness loop"},
	{Name: PublishesPerSec, Better: "higher", Doc: "publishes a second, slowed by the staleness loop"},
	judgedUnit,
}...)

var judgedUnit = Unit{Name: Judged, Better: "higher", Doc: "answers of the map that were judged", Aside: true}

func staleQuantileUnits() (units []Unit) {
	for _, q := range StaleQuantiles {
		units = append(units, Unit{Name: StaleOps(q), Better: "lower", Doc: QuantileName(q) + " of the staleness of a read, in operations"})
	}
	for _, q := range StaleQuantiles {
		units = append(units, Unit{Name: StaleAge(q), Better: "lower", Doc: QuantileName(q) + " of the staleness of a read, in seconds"})
	}
	return units
}

var latencyUnits = append([]Unit{
	{Name: Capacity, Better: "higher", Doc: "operations a second in a closed loop, which reads the clock as the open loop does"},
	{Name: Offered, Better: "higher", Doc: "operations a second that arrive: the load's share of the closed-loop rate"},
	{Name: Reached, Better: "higher", Doc: "share of the operations due within the cell that were done within it"},
	{Name: ClosedMean, Better: "lower", Doc: "mean time of an operation in the closed loop"},
	{Name: ClosedP99, Better: "lower", Doc: "99th percentile of the time of an operation in the closed loop"},
	{Name: ClockCost, Better: "lower", Doc: "time to read the clock once, which every latency includes"},
	{Name: PaceP50, Better: "lower", Doc: "median delay until a waiting worker sees that an operation is due, which its latency includes"},
	{Name: PaceP99, Better: "lower", Doc: "99th percentile of it"},
	judgedUnit,
}, quantileUnits()...)

func quantileUnits() (units []Unit) {
	for _, of := range []struct{ what, doc string }{
		{OfReads, "reads"},
		{OfWrites, "writes, with the publish that the policy prescribes after them"},
		{OfPublishes, "publishes, from the end of their write"},
	} {
		for _, q := range Quantiles {
			units = append(units, Unit{Name: LatencyUnit(of.what, q), Better: "lower", Doc: QuantileName(q) + " of the latency of " + of.doc})
		}
	}
	return units
}
