package results

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ID is what is measured: a map and the workload that drives it. It is comparable. Name and
// ParseName turn it into a benchmark name and back.
//
// A staleness cell and the throughput cell of the same workload differ only in Kind. A latency cell
// also has a Load.
type ID struct {
	Kind    Kind
	Impl    string // name of the map in the registry, such as dbuf-epoch-b64
	Mix     string // name of the mix of operations
	Dist    string // name of the distribution of keys
	KeyType string // name of the key type
	Keys    int    // number of distinct keys
	Load    int    // of latency cells: the rate of arrivals, in % of the measured closed-loop rate; else 0

	// Either G goroutines each do the whole mix, and Readers and Writers are 0. Or some goroutines
	// only read and others only write, and G is 0.
	G       int
	Readers int
	Writers int

	Procs int // GOMAXPROCS

	// Config is the file configuration of a benchmark of another program. Kind is then "", and Impl
	// is the name. Nothing else is known.
	Config Config
}

// Foreign reports whether id is a benchmark of another program.
func (id ID) Foreign() bool { return id.Kind == "" }

// Cell is the measurement of an ID in one block.
type Cell struct {
	ID
	// Block is the block of the plan in which the cell was measured, from 1. 0 means that the file
	// does not say it.
	Block int
	// Process and Link are the process and the link that measured the cell, each numbered from 1
	// within the run. 0 means that the file does not say it. Processes of different links have
	// different numbers.
	Process, Link int
	// Ops is the number of operations that all workers together finished within the cell.
	Ops int64
	// Metrics holds a value for each unit of Units that applies.
	Metrics map[string]float64
	// Fault says in one line why the cell's final-state check failed, or which answers of the map
	// were wrong. It is "" if there is nothing to say. The figures of a cell with a fault are
	// kept, and shown as failed.
	Fault string
}

// Goroutines returns the number of workers.
func (id ID) Goroutines() int { return id.G + id.Readers + id.Writers }

// Workload returns id without its map.
func (id ID) Workload() ID {
	id.Impl = ""
	return id
}

// Rate is the unit that says how fast id is: operations a second or, with separate readers and
// writers, reads a second, because a sum of both would say little about either.
func (id ID) Rate() string {
	if id.G == 0 && id.Readers > 0 {
		return ReadsPerSec
	}
	return OpsPerSec
}

// Name returns the benchmark name of id without the prefix "Benchmark":
//
//	Map/impl=dbuf-epoch-b64/mix=r99w1/dist=zipf0.99/keytype=uint64/keys=64Ki/g=2-2
//
// Separate readers and writers take the form r=1/w=1 instead of g=2. A latency cell has load=70
// before either. The number of processors always ends the name. Otherwise the end of a name like
// shard-32 would be read as that number. A benchmark of another program keeps the name that it came
// with.
func (id ID) Name() string {
	if id.Foreign() {
		if id.Procs == 1 {
			return id.Impl
		}
		return fmt.Sprintf("%s-%d", id.Impl, id.Procs)
	}
	workers := fmt.Sprintf("g=%d", id.G)
	if id.G == 0 {
		workers = fmt.Sprintf("r=%d/w=%d", id.Readers, id.Writers)
	}
	if id.Load != 0 {
		workers = fmt.Sprintf("load=%d/%s", id.Load, workers)
	}
	return fmt.Sprintf("%s/impl=%s/mix=%s/dist=%s/keytype=%s/keys=%s/%s-%d",
		id.Kind, id.Impl, id.Mix, id.Dist, id.KeyType, FormatKeys(id.Keys), workers, id.Procs)
}

// Validate reports the first reason why id cannot be a benchmark name.
func (id ID) Validate() error {
	if !slices.Contains(Kinds(), id.Kind) {
		return fmt.Errorf("kind %q: want one of %q", id.Kind, Kinds())
	}
	for _, part := range []struct{ key, value string }{
		{"impl", id.Impl}, {"mix", id.Mix}, {"dist", id.Dist}, {"keytype", id.KeyType},
	} {
		if part.value == "" || strings.ContainsFunc(part.value, unfitForName) {
			return fmt.Errorf("%s=%q: want letters, digits and . _ + -", part.key, part.value)
		}
	}
	roles := id.Readers + id.Writers
	switch {
	case id.Keys < 1:
		return fmt.Errorf("keys=%d: want 1 or more", id.Keys)
	case (id.Kind == Latency) != (id.Load > 0) || id.Load < 0 || id.Load > MaxLoad:
		return fmt.Errorf("load=%d: want 1 to %d %% of the closed-loop rate for a latency cell, and none for others", id.Load, MaxLoad)
	case id.G < 0 || id.Readers < 0 || id.Writers < 0 || (id.G == 0) == (roles == 0):
		return fmt.Errorf("g=%d, r=%d, w=%d: want either g, or r and w", id.G, id.Readers, id.Writers)
	case id.Procs < 1:
		return fmt.Errorf("GOMAXPROCS %d: want 1 or more", id.Procs)
	}
	return nil
}

func unfitForName(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._+-", r))
}

// ParseName is the inverse of ID.Name. Names of other Go benchmarks are refused.
func ParseName(name string) (ID, error) {
	rest, procs, ok := cutLast(name, "-")
	if !ok {
		return ID{}, fmt.Errorf("benchmark %q: want its GOMAXPROCS at the end, as in -2", name)
	}
	parts := strings.Split(rest, "/")
	id := ID{Kind: Kind(parts[0])}
	numbers := map[string]*int{"load": &id.Load, "g": &id.G, "r": &id.Readers, "w": &id.Writers}
	texts := map[string]*string{"impl": &id.Impl, "mix": &id.Mix, "dist": &id.Dist, "keytype": &id.KeyType}
	for _, part := range parts[1:] {
		key, value, _ := strings.Cut(part, "=")
		var err error
		switch {
		case texts[key] != nil:
			*texts[key] = value
		case numbers[key] != nil:
			*numbers[key], err = strconv.Atoi(value)
		case key == "keys":
			id.Keys, err = ParseKeys(value)
		default:
			err = fmt.Errorf("want impl, mix, dist, keytype, keys, load of a latency cell, and g or r and w")
		}
		if err != nil {
			return ID{}, fmt.Errorf("benchmark %q: in %q: %w", name, part, err)
		}
	}
	var err error
	if id.Procs, err = strconv.Atoi(procs); err == nil {
		err = id.Validate()
	}
	if err == nil && id.Name() != name {
		err = fmt.Errorf("want it spelt %q", id.Name())
	}
	if err != nil {
		return ID{}, fmt.Errorf("benchmark %q: %w", name, err)
	}
	return id, nil
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// Overloaded reports whether c is a latency cell whose operations arrived faster than the map could
// do them. It has no latencies, because they would have grown for as long as it lasted.
func (c Cell) Overloaded() bool { return c.Kind == Latency && c.Metrics[Reached] < Sustained }

// FormatKeys writes a number of keys in the shortest exact form: 64Ki, 1Mi, 10000.
func FormatKeys(n int) string {
	switch {
	case n > 0 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "Mi"
	case n > 0 && n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + "Ki"
	}
	return strconv.Itoa(n)
}

// ParseKeys reads what FormatKeys writes, and plain numbers.
func ParseKeys(s string) (int, error) {
	digits, unit := s, 1
	if d, ok := strings.CutSuffix(s, "Ki"); ok {
		digits, unit = d, 1<<10
	} else if d, ok := strings.CutSuffix(s, "Mi"); ok {
		digits, unit = d, 1<<20
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n < 1 || n > min(1<<40, math.MaxInt)/unit {
		return 0, fmt.Errorf("%q is not a number of keys: want one like 10000, 64Ki or 1Mi", s)
	}
	return n * unit, nil
}

const twinSuffix = ".twin"

// Twin returns the name under which the A/A control measures a map a second time.
func Twin(impl string) string { return impl + twinSuffix }

// Original returns the map that a name belongs to, and whether the name is that of a twin.
func Original(impl string) (original string, twin bool) { return strings.CutSuffix(impl, twinSuffix) }
