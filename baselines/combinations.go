package baselines

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// combination is a double buffer with one value of each option. It is there to be checked, not to
// be measured.
type combination struct {
	strategy strategy.Kind
	table    tableOption
	wait     time.Duration // MaxWait; 0 = none
	writer   writerOption
	shared   bool // it is read without handles
	more     bool // it has a capacity, a stall report and a watch
}

type tableOption struct {
	name string
	kind table.Kind
}

// writerOption is a kind of writer and its publish policy.
type writerOption struct {
	kind  string
	every int // as in kv.Policy
}

// The kinds of writers.
const (
	oneWriter     = "one"    // a WriteHandle, in one goroutine
	lockedWriters = "locked" // a Locked
	groupWriters  = "group"  // a Group
	ownWriters    = "own"    // a Writers, each goroutine with a log of its own
)

var (
	tableOptions  = []tableOption{{"builtin", table.Builtin}, {"flat", table.Flat}}
	waitOptions   = []time.Duration{0, 20 * time.Microsecond, time.Millisecond} // the writer spins for the short one, and sleeps in the long one
	writerOptions = []writerOption{{oneWriter, 1}, {oneWriter, 64}, {lockedWriters, 1}, {lockedWriters, 64}, {groupWriters, 0}, {ownWriters, 64}}
)

// combinations returns all combinations that there are. Those that it leaves out have no level or
// no constructor:
//
//   - Only some strategies let a map be read without handles; Share returns an error for the
//     others.
//   - A Group under a strategy of the level per-handle has neither that level, because it does not
//     publish on demand, nor a higher one.
//   - Under a strategy that collects garbage for each publish, a publish for each write takes
//     longer than a check may.
func combinations() (all []combination) {
	both := []bool{false, true}
	for _, k := range strategy.All() {
		for _, t := range tableOptions {
			for _, wait := range waitOptions {
				for _, w := range writerOptions {
					for _, shared := range both {
						for _, more := range both {
							perWrite := w.every <= 1
							if shared && !k.HandleFree || k.PerHandle && w.kind == groupWriters || k.Collects && perWrite {
								continue
							}
							all = append(all, combination{k, t, wait, w, shared, more})
						}
					}
				}
			}
		}
	}
	return all
}

// values names the value of each option.
func (c combination) values() []string {
	reader, more := "handles", ""
	if c.shared {
		reader = "shared"
	}
	if c.more {
		more = "more"
	}
	return []string{c.strategy.Name, c.table.name, waitName(c.wait), c.writer.name(), reader, more}
}

func waitName(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return "wait" + strings.Replace(d.String(), "µ", "u", 1)
}

func (w writerOption) name() string {
	if w.kind == groupWriters {
		return w.kind
	}
	return fmt.Sprintf("%s-b%d", w.kind, w.every)
}

// name is "dbuf" and the values, as in dbuf+epoch+flat+wait20us+locked-b64+handles.
func (c combination) name() string {
	named := slices.DeleteFunc(c.values(), func(v string) bool { return v == "" })
	return kv.DoubleBuffer + "+" + strings.Join(named, "+")
}

// Combinations returns entries of double buffers with options that no entry of All has. The first
// ones, of which there are pairs, have each pair of values of two options that can be combined.
// They are drawn by seed. All other combinations follow, in an order that is drawn too.
func Combinations(seed uint64) (entries []kv.Entry, pairs int) {
	all := combinations()
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	pairs = coverPairs(all, combination.values)
	for _, c := range all {
		entries = append(entries, c.entry())
	}
	return entries, pairs
}

// entry returns the entry of c. It has keys of few types, so that its check is short.
func (c combination) entry() kv.Entry {
	e := kv.Entry{
		Name: c.name(), Doc: "double buffer with these options",
		Level: kv.Linearizable, Caps: buffered | kv.BoundedLag, Policy: kv.Policy{Every: c.writer.every},
		Identity: variation(c.strategy.Name, c.table.name, c.writer.kind),
		Collects: c.strategy.Collects, Instead: c.strategy.Ready,
		Uint64: makeCombined[uint64, uint64](c),
	}
	switch c.writer.kind {
	case groupWriters:
		e.Caps = grouped
	case ownWriters:
		e.Caps |= kv.OwnLogs
	}
	switch {
	case c.strategy.PerHandle:
		e.Level = kv.PerHandle
	case c.writer.every > 1:
		e.Level = kv.Atomic
	}
	if c.shared && c.writer.kind != groupWriters {
		e.Caps |= kv.Passes
	}
	if c.wait > 0 {
		e.Caps &^= kv.BoundedLag
	}
	if c.strategy.OneGoroutine {
		e.Caps &^= kv.Concurrent
	}
	if c.writer.kind == oneWriter {
		e.Caps &^= kv.Writes
	}
	if !c.strategy.Collects {
		e.String = makeCombined[string, uint64](c)
	}
	return e
}

// options returns the options of c, but for the capacity.
func (c combination) options() []hashmap.Option {
	options := []hashmap.Option{hashmap.WithStrategy(c.strategy.New), hashmap.WithTable(c.table.kind)}
	if c.wait > 0 {
		options = append(options, hashmap.WithMaxWait(c.wait))
	}
	if c.more {
		options = append(options, hashmap.WithStallReport(100*time.Microsecond, func(strategy.Stall) {}), hashmap.WithWatch(func() {}))
	}
	return options
}

// makeCombined makes the maps of c.
func makeCombined[K, V comparable](c combination) func(capacity int) kv.Map[K, V] {
	return func(capacity int) kv.Map[K, V] {
		if c.more {
			capacity = max(capacity, 1000)
		}
		switch {
		case c.writer.kind == groupWriters:
			g := groupWriter[K, V]{hashmap.NewGroup[K, V](append(c.options(), hashmap.WithCapacity(capacity))...)}
			if c.shared {
				return freeGroup[K, V]{g, mustShare(g.Share())}
			}
			return group[K, V]{g}
		case c.writer.kind == oneWriter:
			w := hashmap.New[K, V](append(c.options(), hashmap.WithCapacity(capacity))...)
			if c.shared {
				return freeSole[K, V]{sole[K, V]{w}, mustShare(w.Share())}
			}
			return soleMap[K, V]{sole[K, V]{w}}
		case c.writer.kind == ownWriters:
			m := newOwnLogs[K, V](c.options())(capacity).(*ownLogs[K, V])
			if c.shared {
				return freeOwnLogs[K, V]{m.ownLog, m.all, mustShare(m.all.Share())}
			}
			return m
		case c.shared:
			return newFree[K, V](c.options())(capacity)
		}
		return newDoubleBuffer[K, V](c.options())(capacity)
	}
}
