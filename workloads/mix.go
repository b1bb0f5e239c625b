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
	Modify  // a get and a set of one key
	Scan    // a walk over at most ScanLength entries, in the map's own order
	Clear   // removes all entries
	Retain  // removes the entries with an odd value
	GetMany // reads Mix.KeysPerRead keys, not the key of the step
)

// StallTime is how long the stalled reader of a mix with Stalls keeps its walk open.
const StallTime = time.Second

// ScanLength is the largest number of entries that a Scan visits.
const ScanLength = 50

// Writes reports whether operations of the kind change the map.
func (k Kind) Writes() bool { return k != Get && k != Scan && k != GetMany }

// Mix is a mixture of operations, as shares in per mille.
//
// In a mix with deletes, the share of the keys that the map holds tends to the share of the sets
// among sets and deletes, under every distribution. Most mixes begin with that fill, and so the
// fill stays constant. In a mix with as many sets as deletes the map holds half of the key set.
// Half of the gets then find their key (under zipf somewhat more, see Holds), and sets insert as
// often as they overwrite.
//
// The manifest of a run holds the definitions of its mixes, in JSON.
type Mix struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`

	// Shares in per mille; of the writers' operations if Roles.
	Gets     int `json:"gets,omitempty"`
	Sets     int `json:"sets,omitempty"`
	Deletes  int `json:"deletes,omitempty"`
	Modifies int `json:"modifies,omitempty"`
	Scans    int `json:"scans,omitempty"`
	// Fill is the share of the key set that the map holds at the start, in per mille.
	Fill int `json:"fill,omitempty"`

	// Clears and Retains are numbers of operations in one round of the kinds, not shares,
	// because each of them concerns the whole map. They replace other operations.
	Clears  int `json:"clears,omitempty"`
	Retains int `json:"retains,omitempty"`

	// KeysPerRead, if it is not 0, makes each get of a worker a GetMany: one operation, which reads
	// so many keys. They are the next ones of the tape, and must be of one version.
	KeysPerRead int `json:"keys_per_read,omitempty"`

	// Burst is the number of writes in a row. With 0 writes are placed at random, one by one.
	Burst int `json:"burst,omitempty"`
	// Roles separates readers and writers into different goroutines. Readers only get. The
	// shares are those of the writers.
	Roles bool `json:"roles,omitempty"`
	// Walks makes readers walk over the whole map instead of getting. Each walk is an operation.
	Walks bool `json:"walks,omitempty"`
	// Stalls adds a reader beside the workers. It begins to walk over the map and stays at the
	// first entry for StallTime, or until the cell ends.
	Stalls bool `json:"stalls,omitempty"`
	// FirstSeen makes the first step with a given key a set, and all others gets. The shares
	// above do not apply.
	FirstSeen bool `json:"first_seen,omitempty"`
	// Replay takes the kinds from a trace, in its order. The shares above do not apply.
	Replay bool `json:"replay,omitempty"`
	// Window moves a window over the keys: sets insert new keys and deletes remove the oldest.
	// One in latestStep operations is a set, and one is a delete. Fill does not apply.
	Window bool `json:"window,omitempty"`
	// Misses replaces each key that the map holds at the start by the next one that it does not
	// hold.
	Misses bool `json:"misses,omitempty"`
}

var mixes = []Mix{
	{Name: "read-only", Gets: 1000, Fill: 500, Doc: "gets; half of the keys are there, as in the mixes with writes"},
	{Name: "read-hits", Gets: 1000, Fill: 1000, Doc: "gets; every key is there"},
	{Name: "read-misses", Gets: 1000, Fill: 500, Misses: true, Doc: "gets; half of the keys are there, but no get finds its key"},
	{Name: "r99w1", Gets: 990, Sets: 5, Deletes: 5, Fill: 500, Doc: "99 % gets; sets and deletes in equal parts"},
	{Name: "r95w5", Gets: 950, Sets: 25, Deletes: 25, Fill: 500, Doc: "95 % gets; sets and deletes in equal parts"},
	{Name: "r95w5-bursts", Gets: 950, Sets: 25, Deletes: 25, Fill: 500, Burst: 64, Doc: "95 % gets; sets and deletes in equal parts, 64 writes in a row"},
	{Name: "r95w5-stall", Gets: 950, Sets: 25, Deletes: 25, Fill: 500, Stalls: true, Doc: "r95w5 beside a reader that begins to walk over the map and stays at the first entry for a second"},
	{Name: "r90w10", Gets: 900, Sets: 50, Deletes: 50, Fill: 500, Doc: "90 % gets; sets and deletes in equal parts"},
	{Name: "r75w25", Gets: 750, Sets: 125, Deletes: 125, Fill: 500, Doc: "75 % gets; sets and deletes in equal parts"},
	{Name: "r50w50", Gets: 500, Sets: 250, Deletes: 250, Fill: 500, Doc: "50 % gets; sets and deletes in equal parts"},
	{Name: "write-only", Sets: 500, Deletes: 500, Fill: 500, Doc: "sets and deletes in equal parts"},
	{Name: "roles", Sets: 500, Deletes: 500, Fill: 500, Roles: true, Doc: "readers get; writers set and delete in equal parts"},
	{Name: "walk-roles", Sets: 500, Deletes: 500, Fill: 500, Roles: true, Walks: true, Doc: "readers walk over the whole map, each walk is one operation; writers set and delete in equal parts; only maps with the capability snapshot compete"},
	{Name: "version2", Gets: 950, Sets: 25, Deletes: 25, Fill: 500, KeysPerRead: 2, Doc: "95 % reads of 2 keys that must be of one version, each read is one operation; sets and deletes in equal parts; only maps with the capability snapshot compete"},
	{Name: "version10", Gets: 950, Sets: 25, Deletes: 25, Fill: 500, KeysPerRead: 10, Doc: "as version2, with 10 keys"},
	{Name: "version100", Gets: 950, Sets: 25, Deletes: 25, Fill: 500, KeysPerRead: 100, Doc: "as version2, with 100 keys"},
	{Name: "version2-roles", Sets: 500, Deletes: 500, Fill: 500, Roles: true, KeysPerRead: 2, Doc: "readers read 2 keys that must be of one version, each read is one operation; writers set and delete in equal parts; only maps with the capability snapshot compete"},
	{Name: "version10-roles", Sets: 500, Deletes: 500, Fill: 500, Roles: true, KeysPerRead: 10, Doc: "as version2-roles, with 10 keys"},
	{Name: "version100-roles", Sets: 500, Deletes: 500, Fill: 500, Roles: true, KeysPerRead: 100, Doc: "as version2-roles, with 100 keys"},
	{Name: "first-seen", FirstSeen: true, Doc: "the first occurrence of a key is a set, all later ones are gets; the map starts empty"},
	{Name: "replay", Replay: true, Doc: "the gets, sets and deletes of a trace in its order, again and again (with -trace); each step goes to the next worker in turn; at the start the map holds the keys that the trace gets or deletes before it sets them"},
	{Name: "clear", Gets: 500, Sets: 500, Clears: 1, Doc: "50 % gets, 50 % sets; each worker clears the map every 131,071 operations; the map starts empty"},
	{Name: "retain", Gets: 500, Sets: 500, Fill: 1000, Retains: 1, Doc: "50 % gets, 50 % sets; each worker removes the entries with an odd value every 131,071 operations"},
	{Name: "read-heavy", Gets: 980, Sets: 10, Deletes: 10, Fill: 500, Doc: "from libcuckoo and bustle: 98 % gets; inserts and removes in equal parts"},
	{Name: "exchange", Gets: 100, Sets: 500, Deletes: 400, Fill: 556, Doc: "from libcuckoo and bustle: 10 % gets, 40 % inserts and 10 % updates (both are sets here), 40 % removes"},
	{Name: "rapid-grow", Gets: 50, Sets: 900, Deletes: 50, Doc: "from libcuckoo and bustle: 5 % gets, 80 % inserts and 10 % updates (both are sets here), 5 % removes; the map starts empty; use the distribution sequential, and more keys than are set in the time"},
	{Name: "ycsb-a", Gets: 500, Sets: 500, Fill: 1000, Doc: "YCSB A: 50 % reads, 50 % updates; every key is there"},
	{Name: "ycsb-b", Gets: 950, Sets: 50, Fill: 1000, Doc: "YCSB B: 95 % reads, 5 % updates; every key is there"},
	{Name: "ycsb-c", Gets: 1000, Fill: 1000, Doc: "YCSB C: reads; every key is there"},
	{Name: "ycsb-d", Gets: 900, Sets: 50, Deletes: 50, Window: true, Doc: "YCSB D, for the distribution latest: for each insert of a new key 18 reads (19 in YCSB) and a delete of the oldest key, which keeps the size constant"},
	{Name: "ycsb-e", Scans: 900, Sets: 50, Deletes: 50, Window: true, Doc: "YCSB E: as ycsb-d, with scans of 50 entries instead of reads; the entries come in any order; only maps with the capability snapshot compete"},
	{Name: "ycsb-f", Gets: 500, Modifies: 500, Fill: 1000, Doc: "YCSB F: 50 % reads, 50 % read-modify-writes (a read and a write of one key, not atomic)"},
}

// Mixes returns all mixes. Those with more reads come first.
func Mixes() []Mix { return slices.Clone(mixes) }

// FindMix returns the mix of that name.
func FindMix(name string) (Mix, bool) {
	i := slices.IndexFunc(mixes, func(m Mix) bool { return m.Name == name })
	if i < 0 {
		return Mix{}, false
	}
	return mixes[i], true
}

// ReadOnly reports whether the mix has no writes. Maps without concurrent writes can run it.
func (m Mix) ReadOnly() bool { return m.Gets == 1000 }

// OneVersion reports whether the reads of the mix are of several keys: walks, or of KeysPerRead
// keys. Only on maps with the capability kv.Snapshot is each of them of one version.
func (m Mix) OneVersion() bool { return m.KeysPerRead > 0 || m.Walks || m.Scans > 0 }

// Needs returns the capabilities that a map needs for the mix. It leaves out kv.Concurrent and
// kv.Writes.
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

// Holds reports whether the map holds the key at position i of the key set at the start. The fill
// is spread evenly over the positions, and so over hot and cold keys alike. A fill of 500 is every
// second key from position 0 on, which is the hottest position of zipf.
func (m Mix) Holds(i int) bool {
	upTo := func(i int) int { return (i*m.Fill + 999) / 1000 }
	return upTo(i) < upTo(i+1)
}

// kindsLen is the length of a round of kinds. It is a prime, so that every kind of operation meets
// every key as both sequences repeat, for all tapes whose length is not a multiple of it. It is
// too long for branch predictors to learn the sequence, and short enough to stay in the
// second-level cache.
const kindsLen = 131071

// Kinds returns the sequence of kinds for a tape. index holds the position of each step's key in
// the key set. The shares are exact to 1 in kindsLen.
func (m Mix) Kinds(index []uint32, seed uint64) []Kind {
	if m.FirstSeen {
		return firstSeen(index)
	}
	kinds := m.single(seed)
	for i, k := range kinds {
		if k == Get && m.KeysPerRead > 0 {
			kinds[i] = GetMany
		}
	}
	return kinds
}

// single returns the kinds as if each get were of one key.
func (m Mix) single(seed uint64) []Kind {
	shares := map[Kind]int{Get: m.Gets, Set: m.Sets, Delete: m.Deletes, Modify: m.Modifies, Scan: m.Scans}
	most := Get // the most frequent kind, which also gets what rounding leaves
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
