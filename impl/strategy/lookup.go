package strategy

import (
	"math"

	"doublebuf/impl/atomicx"
)

// Lookup is a lookup guard: a guard for one lookup alone. A reader has at most one open at a time.
// It opens in the cached copy, which was readable at the last lookup. Then the reader checks, as
// for any guard, that this copy is still readable. The calls are small enough to be inlined
// (impl/DESIGN.md, "The inliner"):
//
//	strategy    words of the guard         open                     then close
//	epoch       two, atomic                Announce and Validate    Retract
//	asymmetric  two, plain                 Announce and Validate    Retract
//	adaptive    two, plain, and a fence    Announce and Validate    Retract
//	refcount    the reader's word          TryCount                 TryClose
//
// They open a guard in the copy that the last Reopen returned. If one returns false, because that
// copy is not readable any more, or before the first Reopen, Reopen opens the guard. Under
// adaptive Announce also returns false when the reader has reached the limit of fences. If
// TryClose returns false, CloseMoved closes the guard. Under the other strategies TryClose is
// Retract. Under refcount (Tags returns false):
//
//	if !l.TryCount() { copy = l.Reopen() } // otherwise copy is that of the last Reopen
//	…
//	if !l.TryClose() { l.CloseMoved() }
//
// S1 holds by the two-counts argument (see epochReader.Open), in the form that it has for each
// strategy: the word is stored before the readable copy is loaded. The word holds the generation.
// So a writer that waits for a successor of the cached copy does not confuse the two. For refcount
// see countedLookup.
//
// Two words means one for each index of a copy. A word holds the tag of the copy while the guard is
// open there, and otherwise 0. So opening stores a value that the reader already has. To raise the
// count of the readable copy, the reader would first have to load which copy that is. Under
// adaptive a fence follows the store if the cached copy is known by its fenced name. Closing does
// not wake the writer. The guard is open for one lookup only, so a writer that finds it open looks
// again a little later.
//
// Under refcount, the addition to the reader's word returns the copy that the guard is in. So a
// lookup guard is counted like any other. The tag is the key of the cached copy. Closing subtracts
// again, if the word has not changed.
//
// BenchmarkGet and BenchmarkGuard of package hashmap measure lookup guards and other guards.
type Lookup struct {
	atomic   *atomicx.Uint32 // the word of the cached copy, if it is atomic, or the count of fences
	plain    *plainTag       // the word of the cached copy, if it is plain
	counted  countedLookup   // otherwise
	readable *atomicx.Pointer[Copy]
	cached   atomicx.Pointer[Copy] // the cached copy, by its name, or nil; see Uncache
	tag      uint32                // of the cached copy, or its key
	limit    uint32                // of fences, if cached is a fenced name
	words    *lookupWords
	claimed  atomicx.Bool // the reader or the writer is changing the cache, see Uncache
}

// lookupWords are the words that a Lookup needs when it opens in another copy than the last time:
// the words by index, or the reader. Two of atomic, plain and refcount are nil.
type lookupWords struct {
	atomic   *[2]atomicx.Uint32
	plain    *[2]plainTag
	fences   *atomicx.Uint32 // beside plain
	refcount *refcountReader
	onDetach func(uncache func(Generations) bool) // or nil, see Uncaches
}

// tagOf returns the tag of the copy of a generation. No two of the last two billion copies of one
// index have the same tag. It is never 0.
func tagOf(generation uint32) uint32 { return generation<<1 | 1 }

// Init makes the zero Lookup l the lookup guard of r. It returns false if the strategy has none. A
// reader has only one.
func (l *Lookup) Init(r Reader) bool {
	switch r := r.(type) {
	case *epochReader:
		l.readable, l.words = &r.epoch.readable, &lookupWords{atomic: &r.lookup, onDetach: r.epoch.onDetach(r)}
	case *asymmetricReader:
		// fences are used under adaptive only
		l.readable = &r.owner.readable
		l.words = &lookupWords{plain: &r.lookup, fences: &r.fences, onDetach: r.owner.onDetach(r)}
	case *refcountReader:
		l.counted.word, l.words = &r.word, &lookupWords{refcount: r}
		l.tag = math.MaxUint32 // no copy has this key for a long time: nothing is cached yet
		return true
	default:
		return false
	}
	l.atomic, l.plain = l.words.of(new(Copy))
	return true
}

// of returns the word of a copy of that name, and for a fenced name the count of fences too.
func (w *lookupWords) of(name *Copy) (atomic *atomicx.Uint32, plain *plainTag) {
	switch {
	case w.atomic != nil:
		return &w.atomic[name.Index], nil
	case name.fenced():
		return w.fences, &w.plain[name.Index]
	}
	return nil, &w.plain[name.Index]
}

// Tags reports whether to call Announce, Validate and Retract, or TryCount and TryClose, as under
// refcount.
func (l *Lookup) Tags() bool { return l.counted.word == nil }

// TryCount opens a guard under refcount, or returns false.
func (l *Lookup) TryCount() bool { return l.counted.tryOpen(l.tag) }

// Announce begins to open a guard. It stores the tag. It returns false if the reader has reached
// the limit of fences.
func (l *Lookup) Announce() bool {
	if l.atomic == nil {
		l.plain.Store(l.tag)
	} else if l.plain == nil {
		l.atomic.Store(l.tag)
	} else {
		l.plain.Store(l.tag)
		return !reached(l.atomic.Add(1), l.limit)
	}
	return true
}

// Validate follows Announce. It reports whether the guard is open: whether the cached copy is still
// readable.
func (l *Lookup) Validate() bool { return l.readable.Load() == l.cached.Load() }

// Reopen ends the opening of a guard that the other calls began, and returns the copy that the
// guard pins. As in steps (d) and (e) of the two-counts argument, both words are stored before
// the readable copy is loaded for the last time. Opening begins again if that load returns
// neither the cached name nor the one that was loaded first. That happens only in these cases:
//
//  1. The cached copy was detached before. That happens once at most.
//  2. A copy was detached meanwhile.
//  3. One of the two copies had its other name at the first load. The name changes once for each
//     swap, and while both words are stored there are at most two swaps.
//
// Under refcount TryCount has counted the guard already. If the lookup guard Uncaches, Reopen may
// be called only between Claim and Unclaim.
func (l *Lookup) Reopen() *Copy {
	if r := l.words.refcount; r != nil {
		c, seen := r.find(l.counted.seen)
		l.cached.Store(c)
		l.counted.seen, l.tag = seen, uint32(c.key())
		return c
	}
	a := l.cached.Load()
	if a != nil && a.fenced() && reached(l.atomic.Load(), l.limit) {
		l.readable.CompareAndSwap(a, a.itself())
	}
	for {
		b := l.readable.Load()
		l.aim(b)
		l.Announce()
		switch c := l.readable.Load(); {
		case c == b:
			l.clear(1 - b.Index)
			return b.itself()
		case c == a && a.Index != b.Index:
			l.clear(b.Index)
			l.aim(a)
			return a.itself()
		}
		a = b
	}
}

// aim makes the copy of that name the cached copy.
func (l *Lookup) aim(name *Copy) {
	l.cached.Store(name)
	l.tag = tagOf(name.generation)
	l.atomic, l.plain = l.words.of(name)
	if name.fenced() {
		l.limit = fenceLimit(l.atomic.Load())
	}
}

func (l *Lookup) clear(index int) {
	if l.words.atomic != nil {
		l.words.atomic[index].Store(0)
	} else {
		l.words.plain[index].Store(0)
	}
}

// Copy returns the copy in which Validate or TryCount opens a guard. Reopen must have been called
// before.
func (l *Lookup) Copy() *Copy { return l.cached.Load().itself() }

// TryClose closes the guard, or returns false, and CloseMoved must follow. Everything that is read
// under the guard is read before the close. No load moves behind an atomic store or
// compare-and-swap that follows it. On x86-TSO no store overtakes an earlier load.
func (l *Lookup) TryClose() bool {
	if l.counted.word != nil {
		return l.counted.tryClose()
	}
	l.Retract()
	return true
}

// Retract is TryClose in fewer instructions. It also takes back an Announce.
func (l *Lookup) Retract() {
	if l.plain != nil {
		l.plain.Store(0)
	} else {
		l.atomic.Store(0)
	}
}

// CloseMoved ends the closing of a guard if the reader was moved to the other copy meanwhile, or
// has opened or closed another guard. Both happen under refcount only.
func (l *Lookup) CloseMoved() { l.words.refcount.Close(l.cached.Load()) }

// Close closes the guard.
func (l *Lookup) Close() {
	if !l.TryClose() {
		l.CloseMoved()
	}
}
