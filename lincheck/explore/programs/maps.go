//go:build explore

package programs

import (
	"slices"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/table"
	"doublebuf/lincheck/explore"
)

// MapProgram is a program over the whole map.
type MapProgram struct {
	Name string
	Make func(Strategy) explore.Program
	// Timeouts is the number of sleeps of each goroutine that may end by their timeouts.
	Timeouts int
	// Large is set if the program can be exhausted in a minute only for strategies that are Large.
	Large bool
	// Fails is set if the program must fail: it shows what is not promised. PerHandle says that it
	// must fail only for strategies of the level per-handle.
	Fails, PerHandle bool
	// Few is set if the program has so few executions that it can be exhausted for any strategy.
	Few bool
	// Bounded is set if the program cannot be exhausted in a minute for any strategy.
	Bounded bool
}

// Maps are the programs over the whole map, with its table, log, buffers and strategy.
var Maps = []MapProgram{
	{Name: "lookups", Make: lookups, Large: true},
	{Name: "lookups under a guard", Make: lookupsUnderGuard, Large: true},
	{Name: "versions in real time", Make: realTime, Fails: true, PerHandle: true},
	{Name: "versions across clones", Make: acrossClones, Fails: true, PerHandle: true},
	{Name: "TryPublish beside readers", Make: tryPublish, Large: true},
	{Name: "nested guards", Make: nestedGuards},
	{Name: "handles opened and closed while the writer publishes", Make: handlesComeAndGo},
	{Name: "a handle closed with a guard open", Make: closedUnderGuard},
	{Name: "the writer closes", Make: writerCloses, Large: true},
	{Name: "a publish is given up", Make: publishCancelled},
	{Name: "operations of all kinds", Make: operations},
	{Name: "two writers in a group", Make: group},
	{Name: "two writers under a lock", Make: underLock},
	{Name: "two writers with logs of their own", Make: ownLogs(2, 1, true)},
	{Name: "two writers that never wait", Make: ownLogs(2, 2, false), Bounded: true},
	{Name: "two writers leave nothing behind", Make: leftBehind(2, 2)},
	{Name: "three writers leave nothing behind", Make: leftBehind(3, 1), Bounded: true},
	{Name: "a writer beside a close", Make: closesBeside(handOverAndWait)},
	{Name: "a writer that publishes itself beside a close", Make: closesBeside(publishAlone)},
	{Name: "a publish of a log of its own is given up", Make: cancelledAlone, Bounded: true},
	{Name: "a session reads its own writes", Make: readsOwn(true)},
	{Name: "a reader that is not paired with a writer", Make: readsOwn(false), Fails: true},
	{Name: "a flush beside a writer", Make: flushesBeside, Bounded: true},
	{Name: "a copy is detached", Make: detached, Timeouts: 1},
	{Name: "a copy is detached under lookups", Make: detachedUnderLookups, Timeouts: 1},
	{Name: "a copy is detached under two readers", Make: detachedUnderTwo, Timeouts: 1, Bounded: true},
	{Name: "a cache is cleared beside lookups", Make: uncached(), Timeouts: 1},
	{Name: "a cache is cleared beside lookups of integers", Make: uncached(flat), Timeouts: 1},
	{Name: "a handle is made while a copy is detached", Make: madeAroundDetach, Timeouts: 1},
	{Name: "a handle is closed while its copy is detached", Make: closedAroundDetach, Timeouts: 1},
	{Name: "the writer closes after a copy is detached", Make: writerClosesAroundDetach, Timeouts: 1},
	{Name: "operations around a detach", Make: appliedAroundDetach, Timeouts: 1},
	{Name: "membarriers are refused", Make: refused},
	{Name: "a lookup by the cached copy", Make: cachedLookups(0, 1, 2)},
	{Name: "lookups by the cached copy", Make: cachedLookups(0, 2, 3)},
	{Name: "a lookup under a fenced name", Make: cachedLookups(1, 1, 2)},
	{Name: "a lookup under a plain name again", Make: cachedLookups(2, 1, 2)},
	{Name: "a lookup of an integer in a flat table", Make: cachedLookups(0, 1, 2, flat), Few: true},
	{Name: "lookups of integers in a flat table", Make: cachedLookups(0, 2, 3, flat), Few: true},
	{Name: "lookups of integers that come and go", Make: missing, Few: true},
	{Name: "a lookup in a slot that gets another key", Make: changesHands, Few: true},
	{Name: "a lookup of an integer under a fenced name", Make: cachedLookups(1, 1, 2, flat), Few: true},
}

// world is the map of a program. Its writer sets key 1 to the number of the version and key 2 to
// twice that number. So every guard can check that it sees one version.
type world struct {
	x      *explore.Exec
	w      *hashmap.WriteHandle[int, int]
	shared *hashmap.Shared[int, int] // or nil, if readers have handles
	n      int                       // publishes called for
}

// reader is what a goroutine reads through: a handle or a Shared.
type reader interface {
	Get(key int) (int, bool)
	Read() hashmap.ReadGuard[int, int]
}

// reader returns a new reader for one goroutine.
func (w *world) reader() reader {
	if w.shared != nil {
		return w.shared
	}
	return w.w.NewReadHandle()
}

func newWorld(x *explore.Exec, s Strategy, options ...hashmap.Option) *world {
	w := &world{x: x, w: hashmap.New[int, int](slices.Concat([]hashmap.Option{hashmap.WithTable(table.Builtin), hashmap.WithStrategy(s.New)}, options)...)}
	x.Name("map", w.w)
	if s.HandleFree {
		var err error
		w.shared, err = w.w.Share()
		w.must(err)
	}
	return w
}

func (w *world) write() {
	w.n++
	w.w.Insert(1, w.n)
	w.w.Insert(2, 2*w.n)
}

func (w *world) publish() {
	w.write()
	w.must(w.w.Publish())
}

func (w *world) must(err error) {
	if err != nil {
		w.x.Failf("%v", err)
	}
}

// look checks the content that the guard sees, and returns its version. It fails if the version is
// older than last.
func (w *world) look(g hashmap.ReadGuard[int, int], last uint64) uint64 {
	v := g.Version()
	one, _ := g.Get(1)
	two, _ := g.Get(2)
	if uint64(one) != v || uint64(two) != 2*v {
		w.x.Failf("a guard of version %d sees %d and %d", v, one, two)
	}
	if v < last {
		w.x.Failf("a guard of version %d after one of %d", v, last)
	}
	return v
}

// readers starts n readers. Each opens two guards.
func (w *world) readers(n int) {
	for range n {
		r := w.reader()
		w.x.Go("reader", func() {
			last := uint64(0)
			for range 2 {
				g := r.Read()
				last = w.look(g, last)
				g.Release()
			}
		})
	}
}

// get looks up one key without a guard and returns the version that it saw.
func (w *world) get(r reader, key int, last uint64) uint64 {
	v, _ := r.Get(key)
	if v%key != 0 || uint64(v/key) < last {
		w.x.Failf("a lookup of key %d sees %d after version %d", key, v, last)
	}
	return uint64(v / key)
}
