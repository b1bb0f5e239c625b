package workloads

import (
	"slices"
	"time"

	"doublebuf/baselines/kv"
)

// Kind is the kind of an operation.
type Kind uint8

const (
	Get Kind = iota
	Set
	Delete
	Modify // a get and a set of one key
	Scan   // a walk over ScanLength entries, wherever the map begins
	Clear  // of the whole map
	Retain // of all entries but those with an odd value
)

// StallTime is how long the reader of a mix that Stalls stays where it is.
const StallTime = time.Second

// ScanLength is how many entries a Scan sees at most.
const ScanLength = 50

// Writes reports whether operations of the kind change the map.
func (k Kind) Writes() bool { return k != Get && k != Scan }

// Mix is a mixture of operations, in per mille of them.
//
// Where there are deletes, the share of the keys that are there comes, whatever their
// distribution, to that of the sets among sets and deletes: so much is the fill of most
// mixes, which therefore stays as it is. In mixes with as many sets as deletes a map holds
// half of the key set, half of the gets find their key (under zipf somewhat more, see Holds),
// and sets insert as often as they overwrite.
type Mix struct {
	Name string
	Doc  string

	Gets, Sets, Deletes, Modifies, Scans int // per mille; of the writers' operations if Roles
	Fill                                 int // per mille of the key set that are in the map at the start

	// Clears and Retains are no shares but how many of them there are in a round of the
	// kinds, in place of other operations, since each concerns the whole map.
	Clears, Retains int

	// Burst: writes come so many in a row; 0 is one by one, wherever chance puts them.
	Burst int
	// Roles: readers and writers are separate goroutines. Readers only get; the shares
	// are those of the writers.
	Roles bool
	// Walks: readers do not get but walk over the whole map; each walk is an operation.
	Walks bool
	// Stalls: beside the workers a reader begins to walk over the map, and stays at the first
	// entry for StallTime, or until the cell ends.
	Stalls bool
	// FirstSeen: the first step of the tape with a given key is a set and all others
	// are gets; the shares above do not apply.
	FirstSeen bool
	// Replay: the kinds are those of a trace, in its order; the shares above do not
	// apply.
	Replay bool
	// Window: the sets insert new keys and the deletes remove the oldest ones: a window
	// that moves over the keys. There must be as many of the one as of the other, one in
	// latestStep operations. Fill does not apply.
	Window bool
	// Misses: a step whose key the map holds at the start has the next one that it does
	// not hold instead.
	Misses bool
}

var mixes = []Mix{
	{Name: "read-only", Gets: 1000, Fill: 500, Doc: "gets; half of the keys are there, as in the mixes with writes"},
	{Name: "read-hits", Gets: 1000, Fill: 1000, Doc: "gets; every key is there"},
	{Name: "read-misses", Gets: 1000, Fill: 500, Misses: true, Doc: "gets; half of the keys are there, but never the one that is asked for"},
	{Name: "r99w1", Gets: 990, Sets: 5, Deletes: 5, Fill: 500, Doc: "99 % gets; sets and deletes in equal parts"},
	{Name: "r95w5", Gets: 950, Sets: 25, Deletes: 25, Fill: 500, Doc: "95 % gets; sets and deletes in equal parts"},
	{Name: "r95w5-bursts", Gets: 950, Sets: 25, Deletes: 25, Fill: 500, Burst: 64, Doc: "the same, but writes come 64 in a row"},
	{Name: "r95w5-stall", Gets: 950, Sets: 25, Deletes: 25, Fill: 500, Stalls: true, Doc: "the same as r95w5, beside a reader that begins to walk over the map and stays at the first entry for a second"},
	{Name: "r90w10", Gets: 900, Sets: 50, Deletes: 50, Fill: 500, Doc: "90 % gets; sets and deletes in equal parts"},
	{Name: "r75w25", Gets: 750, Sets: 125, Deletes: 125, Fill: 500, Doc: "75 % gets; sets and deletes in equal parts"},
	{Name: "r50w50", Gets: 500, Sets: 250, Deletes: 250, Fill: 500, Doc: "50 % gets; sets and deletes in equal parts"},
	{Name: "write-only", Sets: 500, Deletes: 500, Fill: 500, Doc: "sets and deletes in equal parts"},
	{Name: "roles", Sets: 500, Deletes: 500, Fill: 500, Roles: true, Doc: "readers get; writers set and delete in equal parts"},
	{Name: "walk-roles", Sets: 500, Deletes: 500, Fill: 500, Roles: true, Walks: true, Doc: "readers walk over the whole map, a walk being one operation; writers set and delete in equal parts"},
	{Name: "first-seen", FirstSeen: true, Doc: "a key is set where the tape names it first and got wherever it comes again; the map starts empty"},
	{Name: "replay", Replay: true, Doc: "gets, sets and deletes of a trace in its order (with -trace), each step by the next worker in turn, round and round; at the start a map holds what the trace gets or deletes before it sets it"},
	{Name: "clear", Gets: 500, Sets: 500, Clears: 1, Doc: "50 % gets, 50 % sets, and the map is cleared every 131,071 operations of a worker; it starts empty"},
	{Name: "retain", Gets: 500, Sets: 500, Fill: 1000, Retains: 1, Doc: "50 % gets, 50 % sets, and what has an odd value is dropped every 131,071 operations of a worker"},
	{Name: "read-heavy", Gets: 980, Sets: 10, Deletes: 10, Fill: 500, Doc: "libcuckoo's and bustle's: 98 % gets; inserts and removes in equal parts"},
	{Name: "exchange", Gets: 100, Sets: 500, Deletes: 400, Fill: 556, Doc: "libcuckoo's and bustle's: 10 % gets, 40 % inserts and 10 % updates, which are both sets here, 40 % removes"},
	{Name: "rapid-grow", Gets: 50, Sets: 900, Deletes: 50, Doc: "libcuckoo's and bustle's: 5 % gets, 80 % inserts and 10 % updates, which are both sets here, 5 % removes; the map starts empty: take more keys than are set in the time, and the distribution sequential"},
	{Name: "ycsb-a", Gets: 500, Sets: 500, Fill: 1000, Doc: "YCSB's: 50 % reads, 50 % updates; every key is there"},
	{Name: "ycsb-b", Gets: 950, Sets: 50, Fill: 1000, Doc: "YCSB's: 95 % reads, 5 % updates; every key is there"},
	{Name: "ycsb-c", Gets: 1000, Fill: 1000, Doc: "YCSB's: reads; every key is there"},
	{Name: "ycsb-d", Gets: 900, Sets: 50, Deletes: 50, Window: true, Doc: "YCSB's, with the distribution latest: for each insert of a new key 18 reads (19 in YCSB's) and, so that the map keeps its size, a delete of the oldest"},
	{Name: "ycsb-e", Scans: 900, Sets: 50, Deletes: 50, Window: true, Doc: "the same with scans instead of reads, of 50 entries, in no order, since these maps have none"},
	{Name: "ycsb-f", Gets: 500, Modifies: 500, Fill: 1000, Doc: "YCSB's: 50 % reads, 50 % reads with a write of the same key, which are not one atomic operation"},
}

// Mixes returns all mixes, those with more reads first.
func Mixes() []Mix { return slices.Clone(mixes) }

// FindMix returns the mix of that name.
func FindMix(name string) (Mix, bool) {
	i := slices.IndexFunc(mixes, func(m Mix) bool { return m.Name == name })
	if i < 0 {
		return Mix{}, false
	}
	return mixes[i], true
}

// ReadOnly reports whether the mix has no writes, so that maps without concurrent
// writes can run it.
func (m Mix) ReadOnly() bool { return m.Gets == 1000 }

// Needs returns the capabilities without which a map cannot run the mix, but for those that
// concern who may read and write at once.
func (m Mix) Needs() (c kv.Caps) {
	if m.Walks || m.Scans > 0 || m.Stalls {
		c |= kv.Range
	}
	if m.Clears > 0 {
		c |= kv.Clears
	}
	if m.Retains > 0 {
		c |= kv.Retains
	}
	return c
}

// Holds reports whether a map holds the key at position i of its key set at the start.
// The fill is spread evenly over the positions, hence over hot and cold keys alike:
// with a fill of 500 every second one from position 0 on, which is the hottest of zipf.
func (m Mix) Holds(i int) bool {
	upTo := func(i int) int { return (i*m.Fill + 999) / 1000 }
	return upTo(i) < upTo(i+1)
}

// kindsLen is a prime, so that for tapes of any length but its multiples every kind of
// operation meets every key when both go round. It is long enough that no processor
// learns the sequence by heart, and short enough to stay in the second-level cache.
const kindsLen = 131071

// Kinds returns the sequence of kinds that goes with the tape whose steps have the keys
// at positions index of the key set. Its shares are exact to 1 in kindsLen.
func (m Mix) Kinds(index []uint32, seed uint64) []Kind {
	if m.FirstSeen {
		return firstSeen(index)
	}
	shares := map[Kind]int{Get: m.Gets, Set: m.Sets, Delete: m.Deletes, Modify: m.Modifies, Scan: m.Scans}
	most := Get // which makes up for what rounding leaves
	for k := Get; k <= Scan; k++ {
		if shares[k] > shares[most] {
			most = k
		}
	}
	var writes, others []Kind
	add := func(k Kind, n int) {
		if k.Writes() {
			writes = append(writes, slices.Repeat([]Kind{k}, n)...)
		} else {
			others = append(others, slices.Repeat([]Kind{k}, n)...)
		}
	}
	add(Clear, m.Clears)
	add(Retain, m.Retains)
	for k := Get; k <= Scan; k++ {
		if k != most {
			add(k, kindsLen*shares[k]/1000)
		}
	}
	add(most, kindsLen-len(writes)-len(others))

	r := random(seed, seedOfKinds)
	if m.Burst == 0 {
		kinds := append(writes, others...)
		r.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
		return kinds
	}
	r.Shuffle(len(writes), func(i, j int) { writes[i], writes[j] = writes[j], writes[i] })
	bursts := slices.Collect(slices.Chunk(writes, m.Burst))
	bursts = slices.AppendSeq(bursts, slices.Chunk(others, 1))
	r.Shuffle(len(bursts), func(i, j int) { bursts[i], bursts[j] = bursts[j], bursts[i] })
	return slices.Concat(bursts...)
}

func firstSeen(index []uint32) []Kind {
	kinds := make([]Kind, len(index))
	seen := make([]bool, slices.Max(index)+1)
	for i, k := range index {
		if !seen[k] {
			seen[k] = true
			kinds[i] = Set
		}
	}
	return kinds
}
