package strategy

// Generations are those of the copies that are in use, by index.
type Generations [2]uint32

// detached reports whether the copy of that name, which has been readable, was detached.
func (g Generations) detached(name *Copy) bool { return name.generation != g[name.Index] }

// Uncaches reports whether the writer clears the cache of the handle when it has detached the
// cached copy. Otherwise an idle handle would keep that copy alive. It does so under the strategies
// whose lookup guards have tags, with a MaxWait. Then OnDetach must be called before the first
// lookup, and each Reopen needs Claim.
func (l *Lookup) Uncaches() bool { return l.words.onDetach != nil }

// OnDetach makes uncache the function by which the writer clears the cache. uncache calls
// l.Uncache, and returns true if it need not be called again for the copies detached so far. It is
// called with the lock of the registry held, and must not keep the handle alive. It is not called
// any more when Unregister has returned.
func (l *Lookup) OnDetach(uncache func(Generations) bool) { l.words.onDetach(uncache) }

// Claim lets the reader change its cache, until Unclaim. It returns false if the writer is clearing
// the cache. The reader must not wait for that (law S3). It retracts, and opens another guard.
func (l *Lookup) Claim() bool { return !l.Uncaches() || l.claimed.CompareAndSwap(false, true) }

// Unclaim ends Claim.
func (l *Lookup) Unclaim() {
	if l.Uncaches() {
		l.claimed.Store(false)
	}
}

// Uncache is called by the writer. If the cached copy was detached, it clears the cache: it calls
// clear for what the handle keeps of that copy, and forgets the copy itself. If the reader is in
// the way, it leaves the cache as it is, and returns false.
//
// Let c be the copy that it forgets, and call the handle's part of the cache the fields. The reader
// writes the fields between Claim and Unclaim. It reads them under a lookup guard in the cached
// copy. No read or write of the reader races with clear, and no read finds cleared fields:
//
//  1. Writes. Both sides hold the claim while they write the fields or the cached copy. So one
//     claim ends before the other begins.
//  2. Reads under a guard in c. The last load that opened this guard returned c, and the tag was
//     stored before it. A detached copy is never readable again, so that load came before the swap
//     away from c. The writer looks for the tag after that swap, and does not find it. So it finds
//     what the reader stored later, when it closed this guard or after that. The reads come before
//     that store.
//  3. Reads under a guard in another copy. That copy was then the cached one, and the writer
//     finds c in its place. So a claim of the reader that changed the cached copy lies between
//     the reads and clear, on whichever side the reads are. If the reads come after clear, the
//     fields were written again under that claim.
//  4. Reads after clear without such a claim. There are none: the cached copy is nil, which is
//     never readable. So the next lookup reopens, which needs the claim, and writes the fields.
//
// Under asymmetric and adaptive the tag is a plain word, and case 2 has other reasons. The writer
// finds the tag of an open guard as it does when it waits: see asymmetricReader.Open, and adaptive
// for swaps without a membarrier. The reads come before the store that closes the guard, see
// asymmetricReader.Close. The stores of clear come after the writer's load of the tag, since an x86
// processor does no store before an earlier load.
//
// If Uncache returns true, the handle caches no copy that was detached so far, and never will. A
// claim that begins later caches a copy that is readable then, or the one that was cached before.
func (l *Lookup) Uncache(g Generations, clear func()) bool {
	if !l.claimed.CompareAndSwap(false, true) {
		return false
	}
	c := l.cached.Load()
	open := false
	if c != nil && g.detached(c) {
		if open = l.words.tag(c.Index) == tagOf(c.generation); !open {
			clear()
			l.cached.Store(nil)
		}
	}
	l.claimed.Store(false)
	return !open
}

// tag returns the tag that is stored in the word of that index.
func (w *lookupWords) tag(index int) uint32 {
	if w.atomic != nil {
		return w.atomic[index].Load()
	}
	return w.plain[index].Load()
}

// onDetach returns what Lookup.OnDetach calls for r, or nil if no copy is ever detached.
func (p *perReader[R]) onDetach(r R) func(uncache func(Generations) bool) {
	if p.opts.MaxWait == 0 {
		return nil
	}
	return func(uncache func(Generations) bool) {
		p.mu.Lock()
		defer p.mu.Unlock()
		r.registered().uncache = uncache
	}
}

// uncache clears the caches of all handles that have cached a detached copy. Some readers may be in
// the way; the next swap tries again. mu is held.
func (p *perReader[R]) uncache() {
	p.retry = false
	for _, r := range p.readers {
		if f := r.registered().uncache; f != nil && !f(p.generations) {
			p.retry = true
		}
	}
}
