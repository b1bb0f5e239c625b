package strategy

import (
	"math"

	"doublebuf/impl/atomicx"
)

// Leaf opens guards that a look-up needs for itself alone, one at a time, by calls that are small
// enough to be inlined. It is opened in the copy that was readable last time, and then it is seen, as for any
// guard, whether it still is.
//
// Under epoch, asymmetric and adaptive the writer tells leaves apart from other guards, by words that need not count: one for
// each index of a copy, which holds the mark of the copy while the leaf is open there, and
// else zero. So the store is of a value that is at hand, where an addition to the count of the copy that is
// just readable would have to wait for that to be loaded. That makes 1 ns of 12. The words
// are atomic ones or plain ones, as the strategy has it, or plain ones with a fence behind the store, as the
// name of the copy has it, see adaptive. Such a leaf wakes nobody when it is closed: it
// is open for a look-up only, so that the writer who finds it open looks again a little later. To
// find out whether he sleeps would make another 0.3 ns.
//
// Under refcount the addition to the own word tells which copy the guard is in, and the leaf is a guard like any
// other. What it saves is what follows from the copy being that of the last time: the mark is the key, and to close it
// is to take the addition back, if the word is what it was.
//
//	if !l.TryOpen() { copy = l.Reopen() } // else copy remains that of the last time, first none
//	…
//	if !l.TryClose() { l.CloseTurned() }
type Leaf struct {
	atomic   *atomicx.Uint32 // the word of guess, if it is an atomic one, or what is added to for a fence
	plain    *plainMark      // the word of guess, if it is a plain one
	counted  countedLeaf     // otherwise
	readable *atomicx.Pointer[Copy]
	guess    *Copy  // a name
	mark     uint32 // of guess, or its key
	limit    uint32 // of fences, if guess is a fenced name
	words    *leafWords
}

// leafWords are what a Leaf needs when it is opened in another copy than the last time: the words by
// index, or the reader. Two of atomic, plain and refcount are nil.
type leafWords struct {
	atomic   *[2]atomicx.Uint32
	plain    *[2]plainMark
	fences   *atomicx.Uint32 // beside plain
	refcount *refcountReader
}

// mark names the copy of a generation, and no other with its index of the last two billion. It is
// never zero.
func mark(generation uint32) uint32 { return generation<<1 | 1 }

// LeafOf returns the leaf of r, if its strategy has leaves. It is the reader's only one and must not
// be copied once it is used.
func LeafOf(r Reader) (l Leaf, ok bool) {
	switch r := r.(type) {
	case *epochReader:
		l.readable, l.words = &r.epoch.readable, &leafWords{atomic: &r.leaf}
	case *asymmetricReader:
		l.readable, l.words = &r.owner.readable, &leafWords{plain: &r.leaf, fences: &r.fences} // which are not used without fenced names
	case *refcountReader:
		l.counted.word, l.words = &r.word, &leafWords{refcount: r}
		l.mark = math.MaxUint32 // no copy's key, for long: there is no guess yet
		return l, true
	default:
		return l, false
	}
	l.atomic, l.plain = l.words.of(new(Copy))
	return l, true
}

// of returns the word of a copy of that name, and for a fenced one also that for fences.
func (w *leafWords) of(name *Copy) (atomic *atomicx.Uint32, plain *plainMark) {
	switch {
	case w.atomic != nil:
		return &w.atomic[name.Index], nil
	case name.fenced():
		return w.fences, &w.plain[name.Index]
	}
	return nil, &w.plain[name.Index]
}

// TryOpen opens a guard in the copy that the last Reopen returned, if that is still
// readable; else, and before the first Reopen, it returns false and must be followed by it.
// The arguments are those at epochReader.Open, asymmetricReader.Open and adaptive: the word stands before the
// readable copy is looked at, and it tells the generation, so that a writer who waits for a
// successor of the guess does not take the one for the other. For refcount's see countedLeaf. Where so many guards
// have been opened with a fence that there are to be no more, it returns false too.
//
// It is TryMark or TryCount. Who wants it inlined calls Mark and IsReadable, or TryCount.
func (l *Leaf) TryOpen() bool {
	if l.Marks() {
		return l.TryMark()
	}
	return l.TryCount()
}

// Marks reports whether TryMark and Unmark may be called, as they may not under refcount, or TryCount.
func (l *Leaf) Marks() bool { return l.counted.word == nil }

// TryCount is TryOpen under refcount.
func (l *Leaf) TryCount() bool { return l.counted.tryOpen(l.mark) }

// TryMark is TryOpen under another strategy.
func (l *Leaf) TryMark() bool { return l.Mark() && l.IsReadable() }

// Mark is the first half of TryMark: it stores the mark, and returns false if too many fences were needed.
func (l *Leaf) Mark() bool {
	if l.atomic == nil {
		l.plain.Store(l.mark)
	} else if l.plain == nil {
		l.atomic.Store(l.mark)
	} else {
		l.plain.Store(l.mark)
		return !reached(l.atomic.Add(1), l.limit)
	}
	return true
}

// IsReadable is the second half of TryMark.
func (l *Leaf) IsReadable() bool { return l.readable.Load() == l.guess }

// Reopen ends the opening of a guard and returns the copy that it pins. As in
// epochReader.reopen both words stand before the readable copy is looked at for the last time. If
// it is a third one, then either the guess was detached long ago, which is so once at most, or a copy
// was detached meanwhile, or one of the two had its other name when it was looked at before, which
// changes once for each swap, of which there are two at most while both words stand. Only then all begins
// again. Under refcount TryOpen has counted the guard already.
func (l *Leaf) Reopen() *Copy {
	if r := l.words.refcount; r != nil {
		l.guess, l.counted.seen = r.find(l.counted.seen)
		l.mark = uint32(l.guess.key())
		return l.guess
	}
	if g := l.guess; g != nil && g.fenced() && reached(l.atomic.Load(), l.limit) {
		l.readable.CompareAndSwap(g, g.itself())
	}
	for {
		a := l.guess
		b := l.readable.Load()
		l.aim(b)
		l.TryMark()
		switch c := l.readable.Load(); {
		case c == b:
			l.clear(1 - b.Index)
			return b.itself()
		case c == a && a.Index != b.Index:
			l.clear(b.Index)
			l.aim(a)
			return a.itself()
		}
	}
}

// aim makes the copy of that name the guess.
func (l *Leaf) aim(name *Copy) {
	l.guess, l.mark = name, mark(name.generation)
	l.atomic, l.plain = l.words.of(name)
	if name.fenced() {
		l.limit = fenceLimit(l.atomic.Load())
	}
}

func (l *Leaf) clear(index int) {
	if l.words.atomic != nil {
		l.words.atomic[index].Store(0)
	} else {
		l.words.plain[index].Store(0)
	}
}

// Copy returns the copy in which TryOpen opens a guard. Reopen has been called before.
func (l *Leaf) Copy() *Copy { return l.guess.itself() }

// TryClose closes the guard, unless it returns false and must be followed by CloseTurned. Whatever was looked at
// under it has been seen before: nothing comes after an atomic store or compare-and-swap that stands
// before it, and on x86-TSO no store before an earlier load.
func (l *Leaf) TryClose() bool {
	if l.counted.word != nil {
		return l.counted.tryClose()
	}
	l.Unmark()
	return true
}

// Unmark is TryClose in fewer instructions; it also takes back a Mark.
func (l *Leaf) Unmark() {
	if l.plain != nil {
		l.plain.Store(0)
	} else {
		l.atomic.Store(0)
	}
}

// CloseTurned ends the closing of a guard when the reader was turned meanwhile, which is only under refcount, or has
// opened or closed another guard.
func (l *Leaf) CloseTurned() { l.words.refcount.Close(l.guess) }

// Close closes the guard.
func (l *Leaf) Close() {
	if !l.TryClose() {
		l.CloseTurned()
	}
}
