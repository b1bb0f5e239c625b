package strategy

import "doublebuf/impl/atomicx"

// Leaf opens guards that a look-up needs for itself alone, one at a time. It tells of them
// apart from other guards, by words that need not count: one for each index of a copy, which
// holds the mark of the copy while the leaf is open there, and else zero. So the store is of
// a value that is at hand, where an addition to the count of the copy that is just readable
// would have to wait for that to be loaded: a leaf is opened in the copy that was readable
// last time, and then looks, as any guard does, whether it still is. That makes 1 ns of 12. The
// calls are small enough to be inlined.
//
// The words are atomic ones or plain ones, as the strategy has it.
//
// A leaf that is closed wakes nobody: it is open for a look-up only, so that the writer who
// finds it open looks again a little later. To find out whether he sleeps would make another 0.3 ns.
//
//	if !l.TryOpen() { copy = l.Reopen() } // else copy remains that of the last time, first none
//	…
//	l.Close()
type Leaf struct {
	atomic   *atomicx.Uint32 // the word of guess, if it is an atomic one
	plain    *plainMark      // the word of guess otherwise
	readable *atomicx.Pointer[Copy]
	guess    *Copy
	mark     uint32 // of guess
	words    leafWords
}

// leafWords are the words of a leaf, by index: one of the two is nil.
type leafWords struct {
	atomic *[2]atomicx.Uint32
	plain  *[2]plainMark
}

// mark names the copy of a generation, and no other with its index of the last two billion. It is
// never zero.
func mark(generation uint32) uint32 { return generation<<1 | 1 }

// LeafOf returns the leaf of r, if its strategy has leaves. It is the reader's only one and must not
// be copied once it is used.
func LeafOf(r Reader) (l Leaf, ok bool) {
	switch r := r.(type) {
	case *epochReader:
		l.readable, l.words.atomic = &r.epoch.readable, &r.leaf
	case *asymmetricReader:
		l.readable, l.words.plain = &r.owner.readable, &r.leaf
	default:
		return l, false
	}
	l.atomic, l.plain = l.words.of(0)
	return l, true
}

// of returns the word of an index.
func (w leafWords) of(index int) (atomic *atomicx.Uint32, plain *plainMark) {
	if w.atomic != nil {
		return &w.atomic[index], nil
	}
	return nil, &w.plain[index]
}

// TryOpen opens a guard in the copy that the last Reopen returned, if that is still
// readable; else, and before the first Reopen, it returns false and must be followed by it.
// The arguments are those at epochReader.Open and asymmetricReader.Open: the word stands before the
// readable copy is looked at, and it tells the generation, so that a writer who waits for a
// successor of the guess does not take the one for the other.
func (l *Leaf) TryOpen() bool {
	if l.plain != nil {
		l.plain.Store(l.mark)
	} else {
		l.atomic.Store(l.mark)
	}
	return l.readable.Load() == l.guess
}

// Reopen ends the opening of a guard and returns the copy that it pins. As in
// epochReader.reopen both words stand before the readable copy is looked at for the last time. If
// it is a third one, then either the guess was detached long ago, which is so once at most, or a copy
// was detached meanwhile. Only then all begins again.
func (l *Leaf) Reopen() *Copy {
	for {
		a := l.guess
		b := l.readable.Load()
		l.aim(b)
		l.TryOpen()
		switch c := l.readable.Load(); {
		case c == b:
			l.clear(1 - b.Index)
			return b
		case c == a && a.Index != b.Index:
			l.clear(b.Index)
			l.aim(a)
			return a
		}
	}
}

// aim makes c the guess.
func (l *Leaf) aim(c *Copy) {
	l.guess, l.mark = c, mark(c.generation)
	l.atomic, l.plain = l.words.of(c.Index)
}

func (l *Leaf) clear(index int) {
	if atomic, plain := l.words.of(index); atomic != nil {
		atomic.Store(0)
	} else {
		plain.Store(0)
	}
}

// Copy returns the copy in which TryOpen opens a guard, or nil before the first Reopen.
func (l *Leaf) Copy() *Copy { return l.guess }

// Close closes the guard. Whatever was looked at under it has been seen before: nothing comes
// after an atomic store that stands before it, and on x86-TSO no store before an earlier load.
func (l *Leaf) Close() {
	if l.plain != nil {
		l.plain.Store(0)
	} else {
		l.atomic.Store(0)
	}
}
