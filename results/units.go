package results

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

	// Staleness of a read: how many writes were complete, when it was called, that
	// followed and included the oldest write of its key that it does not reflect; 0 if
	// it reflects the last.
	StaleMean = "stale-ops"
	StaleP50  = "stale-p50-ops"
	StaleP99  = "stale-p99-ops"
	StaleMax  = "stale-max-ops"
	// StaleShare is the share of the reads with a staleness above 0.
	StaleShare = "stale-share"
)

// Unit is a unit of metrics and what is to be known of it.
type Unit struct {
	Name   string
	Better string // "higher" or "lower"
	Doc    string
	// Aside marks counts that are usually zero. They stand in a comment before their
	// cell: as metrics, one zero median would take the geometric mean away from
	// benchstat's table, and to leave out zeros would leave a sample of the others.
	Aside bool
}

// Units lists every unit that a cell may have, in the order in which cells have them.
func Units(k Kind) []Unit {
	if k == Staleness {
		return stalenessUnits
	}
	return throughputUnits
}

var throughputUnits = []Unit{
	{Name: OpsPerSec, Better: "higher", Doc: "operations a second, of all workers together"},
	{Name: ReadsPerSec, Better: "higher", Doc: "reads a second"},
	{Name: WritesPerSec, Better: "higher", Doc: "writes a second"},
	{Name: PublishesPerSec, Better: "higher", Doc: "publishes a second"},
	{Name: Fairness, Better: "higher", Doc: "operations a second of the slowest worker over those of the fastest"},
	{Name: BytesPerOp, Better: "lower", Doc: "bytes allocated for each operation", Aside: true},
	{Name: AllocsPerOp, Better: "lower", Doc: "allocations for each operation", Aside: true},
	{Name: GCShare, Better: "lower", Doc: "share of processor time taken by garbage collection", Aside: true},
}

var stalenessUnits = []Unit{
	{Name: StaleMean, Better: "lower", Doc: "mean staleness of a read, in operations"},
	{Name: StaleP50, Better: "lower", Doc: "median staleness of a read, in operations"},
	{Name: StaleP99, Better: "lower", Doc: "99th percentile of the staleness of a read, in operations"},
	{Name: StaleMax, Better: "lower", Doc: "greatest staleness of a read, in operations"},
	{Name: StaleShare, Better: "lower", Doc: "share of reads that miss a completed write of their key"},
	{Name: ReadsPerSec, Better: "higher", Doc: "reads a second, slowed by the staleness loop"},
	{Name: WritesPerSec, Better: "higher", Doc: "writes a second, slowed by the staleness loop"},
	{Name: PublishesPerSec, Better: "higher", Doc: "publishes a second, slowed by the staleness loop"},
}
