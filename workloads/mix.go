package workloads

import "slices"

// Kind is the kind of an operation.
type Kind uint8

const (
	Get Kind = iota
	Set
	Delete
)

// Mix is a mixture of operations, in per mille of them.
//
// Writes are one half sets and one half deletes. Whatever the distribution of keys, a
// key that is written is then there half of the time, so that a map which holds half of
// the key set at the start stays at that size, half of the gets find their key (under
// zipf somewhat more, see Holds), and sets insert as often as they overwrite.
type Mix struct {
	Name string
	Doc  string

	Gets, Sets, Deletes int // per mille; of the writers' operations if Roles
	Fill                int // per mille of the key set that are in the map at the start

	// Roles: readers and writers are separate goroutines. Readers only get; the shares
	// are those of the writers.
	Roles bool
	// FirstSeen: the first step of the tape with a given key is a set and all others
	// are gets; the shares above do not apply.
	FirstSeen bool
}

var mixes = []Mix{
	{Name: "read-only", Gets: 1000, Fill: 500, Doc: "gets; half of the keys are there, as in the mixes with writes"},
	{Name: "read-hits", Gets: 1000, Fill: 1000, Doc: "gets; every key is there"},
	{Name: "r99w1", Gets: 990, Sets: 5, Deletes: 5, Fill: 500, Doc: "99 % gets; sets and deletes in equal parts"},
	{Name: "r95w5", Gets: 950, Sets: 25, Deletes: 25, Fill: 500, Doc: "95 % gets; sets and deletes in equal parts"},
	{Name: "r90w10", Gets: 900, Sets: 50, Deletes: 50, Fill: 500, Doc: "90 % gets; sets and deletes in equal parts"},
	{Name: "r75w25", Gets: 750, Sets: 125, Deletes: 125, Fill: 500, Doc: "75 % gets; sets and deletes in equal parts"},
	{Name: "r50w50", Gets: 500, Sets: 250, Deletes: 250, Fill: 500, Doc: "50 % gets; sets and deletes in equal parts"},
	{Name: "write-only", Sets: 500, Deletes: 500, Fill: 500, Doc: "sets and deletes in equal parts"},
	{Name: "roles", Sets: 500, Deletes: 500, Fill: 500, Roles: true, Doc: "readers get; writers set and delete in equal parts"},
	{Name: "first-seen", FirstSeen: true, Doc: "a key is set where the tape names it first and got wherever it comes again; the map starts empty"},
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
	kinds := make([]Kind, kindsLen)
	sets := kindsLen * m.Sets / 1000
	deletes := kindsLen * m.Deletes / 1000
	if m.Gets == 0 {
		deletes = kindsLen - sets
	}
	for i := range kinds[:sets] {
		kinds[i] = Set
	}
	for i := range kinds[sets : sets+deletes] {
		kinds[sets+i] = Delete
	}
	random(seed, seedOfKinds).Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	return kinds
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
