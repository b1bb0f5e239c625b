package mutants

// Explored are the mutants that the schedule explorer must catch in strategies and in
// what stands on them, each with a program of package lincheck/explore/programs that
// shows it. Those whose numbers are 36 to 39, and 46, must be found with store buffers, and not without.
var Explored = []struct {
	Mutant
	Program string
}{
	{Mutant{
		"1 the writer does not wait", epoch,
		"	return e.opts.wait(", "	e.pending = e.pending[:0]\n	return nil\n	return e.opts.wait(",
	}, "guards"},
	{Mutant{
		"2 no re-read after the count is raised", epoch,
		"	if r.epoch.readable.Load() != c {\n", "	if false {\n",
	}, "guards"},
	{Mutant{
		"2 no second re-read after the other count", epoch,
		"	c := r.epoch.readable.Load()\n	r.release", "	c := &Copy{Index: 1 - index}\n	if now := r.epoch.readable.Load(); now.Index == c.Index {\n		c = now\n	} else {\n		c = r.epoch.old\n	}\n	r.release",
	}, "guards"},
	{Mutant{
		"2 a leaf trusts its guess", leaf,
		"{ return l.readable.Load() == l.guess }", "{ return l.guess != nil }",
	}, "look-ups"},
	{Mutant{
		"2 a look-up of an integer trusts its guess", "impl/hashmap/hashmap.go",
		"	if !r.leaf.Mark() || !r.leaf.IsReadable() {\n", "	if !r.leaf.Mark() {\n",
	}, "a look-up of an integer in a flat table"},
	{Mutant{
		"2 a reader tries until no swap comes between", epoch,
		"		c = r.reopen(c.Index, n)\n",
		"		for _ = n; r.epoch.readable.Load() != c; {\n			r.Close(c)\n			c = r.epoch.readable.Load()\n			r.count[c.Index].Add(1)\n		}\n",
	}, "guards"},
	{Mutant{
		"3 count of the wrong copy", epoch,
		"	index, leaf := e.old.Index,", "	index, leaf := 1-e.old.Index,",
	}, "guards"},
	{Mutant{
		"3 the count of leaves is overlooked", epoch,
		"			h = silent\n", "			h = free\n",
	}, "look-ups"},
	{Mutant{
		"4 last handle skipped by the scan", epoch,
		"	for _, r := range e.readers { // which", "	for _, r := range e.readers[:len(e.readers)-1] { // which",
	}, "guards"},
	{Mutant{
		"5 list of handles taken before the swap", epoch,
		"	e.readable.Store(next)\n	e.swaps++\n", "	defer func() { e.readable.Store(next) }()\n	e.swaps++\n",
	}, "guards"},
	{Mutant{
		"6 swap before the batch is applied", "impl/buffers/op.go",
		"	if _, err := w.Apply(cancel); err != nil {\n		return err\n	}\n	if invariants",
		"	if err := w.delay.FinishSwap(cancel); err != nil {\n		return err\n	}\n	t := w.delay.Writer()\n	w.replay(t)\n	defer w.apply(t)\n	if invariants",
	}, "TryPublish beside readers"},
	{Mutant{
		"7 a guard re-reads the shared flag as it closes", epoch,
		"func (r *epochReader) Close(c *Copy) {", "func (r *epochReader) Close(c *Copy) {\n	c = r.epoch.readable.Load()\n",
	}, "guards"},
	{Mutant{
		"9 a parity instead of a count, nested guards", epoch,
		"		counted := r.count[index].Load() & guardBits\n", "		counted := r.count[index].Load() & 1\n",
	}, "nested guards"},
	{Mutant{
		"10 guard released twice", "lincheck/explore/programs/strategies.go",
		"	x.AtMost(s.CloseSteps, g.Release)\n", "	x.AtMost(s.CloseSteps, g.Release)\n	g.Release()\n",
	}, "guards"},
	{Mutant{
		"12 handle registered outside the lock", epoch,
		"	e.mu.Lock()\n	defer e.mu.Unlock()\n	for i, g",
		"	list := e.readers\n	defer func() {\n		e.mu.Lock()\n		e.readers = append(list, r)\n		e.mu.Unlock()\n	}()\n	for i, g",
	}, "handles opened and closed while the writer publishes"},
	{Mutant{
		"13 Close removes the wrong slot", roster,
		"	l.readers[g.index] = l.readers[last]\n", "",
	}, "handles opened and closed while the writer publishes"},
	{Mutant{
		"14 slot freed while a guard is open", roster,
		"		if r.idle() {\n", "		if true {\n",
	}, "a handle closed with a guard open"},
	{Mutant{
		"15 registry lock held while waiting", epoch,
		"	return e.opts.wait(", "	e.mu.Lock()\n	defer e.mu.Unlock()\n	return e.opts.wait(",
	}, "a handle closed with a guard open"},
	{Mutant{
		"16 no re-check between about to sleep and sleep", epoch,
		"		n = count.Or(awaited) | awaited\n", "		count.Or(awaited)\n",
	}, "guards"},
	{Mutant{
		"16 a writer waits to be woken by a look-up", "impl/strategy/wait.go",
		"			if h == silent {\n", "			if false {\n",
	}, "look-ups"},
	{Mutant{
		"17 check, then wait", epoch,
		"		n = count.Or(awaited) | awaited\n", "		n |= awaited\n		count.Store(n)\n",
	}, "guards"},
	{Mutant{
		"18 only the last registered reader wakes", epoch,
		"func (r *epochReader) wake() {", "func (r *epochReader) wake() {\n	if r.index < len(r.epoch.readers)-1 {\n		return\n	}\n",
	}, "guards"},
	{Mutant{
		"22 a guard takes the writer's copy", epoch,
		"	c := r.epoch.readable.Load()\n	n :=", "	if r.epoch.old != nil {\n		r.count[r.epoch.old.Index].Add(1)\n		return r.epoch.old\n	}\n	c := r.epoch.readable.Load()\n	n :=",
	}, "guards"},
	{Mutant{
		"32 TryPublish swaps without waiting", epoch,
		"func (e *epoch) TryFinish() bool {", "func (e *epoch) TryFinish() bool {\n	e.pending = e.pending[:0]\n",
	}, "TryPublish beside readers"},
	{Mutant{
		"34 a nested guard is opened without a count", epoch,
		"func (r *epochReader) Open() *Copy {\n",
		"func (r *epochReader) Open() *Copy {\n	if !r.idle() {\n		return r.epoch.readable.Load()\n	}\n",
	}, "nested guards"},
	{Mutant{
		"49 the detached copy is used again", "impl/buffers/raw.go",
		"	w.writer = newSlot(w.writer.Index, data)\n", "	w.writer.data = data\n",
	}, "a copy is detached"},
	{Mutant{
		"49 the end of a guard in a detached copy counts in its successor", epoch,
		"		if uint32(n/generationUnit) != generation {\n", "		if false {\n",
	}, "a copy is detached"},
	{Mutant{
		"49 a guard is opened with a count that was taken away", epoch,
		"	if uint32(counts[c.Index]/generationUnit) != c.generation {\n", "	if false {\n",
	}, "a copy is detached"},
	{Mutant{
		"49 the end of a guard in a detached copy is taken off its successor's", counted,
		"in != nil && in != c {\n", "false && in != nil {\n",
	}, "a copy is detached"},
	{Mutant{
		"49 the end of a guard in a detached copy is taken off the plain count of its successor", asymmetric,
		"	if uint32(n/generationUnit) != c.generation {\n		return true\n", "	if false {\n		return true\n",
	}, "a copy is detached"},
	{Mutant{
		"49 a leaf keeps the mark of a detached copy", leaf,
		"	l.guess, l.mark = name, mark(name.generation)\n", "	l.guess, l.mark = name, mark(0)\n",
	}, "a copy is detached under look-ups"},
	{Mutant{
		"19 a reader's part of the residual is told after the reader is turned", refcount,
		"			r.left.Store(word)\n			if r.word.CompareAndSwap(word, next.key()*keyUnit) {\n",
		"			if r.word.CompareAndSwap(word, next.key()*keyUnit) {\n				r.left.Store(word)\n",
	}, "guards"},
	{Mutant{
		"21 the last reader is not turned", refcount,
		"	for _, r := range s.readers {\n", "	for _, r := range s.readers[:len(s.readers)-1] {\n",
	}, "guards"},
	{Mutant{
		"16 a caller of a group sleeps without another look for a leader", group,
		"			if g.led.Load() {\n", "			if true {\n",
	}, "two writers in a group"},
	{Mutant{
		"17 a leader of a group goes without a look at who has come", group,
		"	if top := g.waiting.Load(); top != nil && top", "	if top := g.waiting.Load(); false && top",
	}, "two writers in a group"},
	{Mutant{
		"47 a group answers before it publishes", group,
		"	g.commit(batch, err)\n	g.answer", "	defer g.commit(append([]*request[K, V](nil), batch...), err)\n	g.answer",
	}, "two writers in a group"},
	{Mutant{
		"49 a guard takes the successor for its own copy", refcount,
		"c.key() == key {\n", "true {\n",
	}, "a copy is detached"},
	{Mutant{
		"2 a counted leaf trusts its guess", refcount,
		"	return uint32(l.seen/keyUnit) == key\n", "	return key != 1<<32-1\n",
	}, "look-ups"},
	{Mutant{
		"19 a counted leaf is closed in the copy that its reader was turned to", refcount,
		"{ return l.word.CompareAndSwap(l.seen, l.seen-1) }", "{\n	l.word.Add(^uint64(0))\n	return true\n}",
	}, "look-ups"},
	{Mutant{
		"49 a counted leaf takes the successor for its own copy", refcount,
		"	return uint32(l.seen/keyUnit) == key\n", "	return key != 1<<32-1 && (uint32(l.seen/keyUnit)^key)&1 == 0\n",
	}, "a copy is detached under look-ups"},
	{Mutant{
		"2 a visit does not look again", indicator,
		"	return v, c, i.readable.Load() == c\n", "	return v, c, true\n",
	}, "look-ups"},
	{Mutant{
		"2 a visit goes on from the wrong count", indicator,
		"return v.at.reopen(c.Index, 0) }", "return v.at.reopen(1-c.Index, 0) }",
	}, "look-ups"},
	{Mutant{
		"4 a stripe leaves the list when nobody is there", indicator,
		"		readers[i] = s.NewReader(\"a goroutine without a handle\")\n",
		"		readers[i] = s.NewReader(\"a goroutine without a handle\")\n		readers[i].Unregister()\n",
	}, "guards"},
	{Mutant{
		"16 the last visit of those who share a stripe wakes nobody", indicator,
		"&(awaited|guardBits) == awaited {\n", "&(awaited|guardBits) == awaited|1 {\n",
	}, "look-ups"},
	{Mutant{
		"2 no second look after the count is raised", counted,
		"		if s.readable.Load() == c {\n", "		if true {\n",
	}, "guards"},
	{Mutant{
		"2 the second look comes before the count is raised", counted,
		"		c.shared.Add(1)\n		if s.readable.Load() == c {\n",
		"		current := s.readable.Load() == c\n		c.shared.Add(1)\n		if current {\n",
	}, "guards"},
	{Mutant{
		"16 the last guard wakes nobody", counted,
		"	if c.shared.Add(-n)&(awaited|guardBits) == awaited {\n", "	if c.shared.Add(-n); false {\n",
	}, "guards"},
	{Mutant{
		"2 no re-read after the plain count is raised", asymmetric,
		"	if now := r.owner.readable.Load(); now != c {\n", "	if now := r.owner.readable.Load(); false {\n",
	}, "one guard"},
	{Mutant{
		"36 a plain opening store without membarrier", asymmetric,
		"	s.swaps++\n	membarrier()\n", "	s.swaps++\n",
	}, "one guard"},
	{Mutant{
		"37 membarrier after the scan", asymmetric,
		"	s.swaps++\n	membarrier()\n", "	s.swaps++\n	defer membarrier()\n",
	}, "one guard"},
	{Mutant{
		"38 the error of membarrier ignored", asymmetric,
		"	if err := atomicx.Membarrier(); err != nil {\n", "	if err := atomicx.Membarrier(); false {\n",
	}, "membarriers are refused"},
	{Mutant{
		"39 no membarrier before parking", asymmetric,
		"			r.awaited.Store(uint32(s.old.Index) + 1)\n		}\n		membarrier()\n", "			r.awaited.Store(uint32(s.old.Index) + 1)\n		}\n",
	}, "one guard"},
	{Mutant{
		"46 adaptive: mode changed without a grace period", adaptive,
		"	if name.of == nil {\n		membarrier()\n", "	if name.of == nil && s.swaps == 1 {\n		membarrier()\n",
	}, "a look-up under a plain name again"},
	{Mutant{
		"46 adaptive: no fence under a fenced name", adaptive,
		"	n := r.fence()\n", "	n := r.fences.Load()\n",
	}, "one guard, three publishes"},
	{Mutant{
		"46 adaptive: no fence before the last look", asymmetric,
		"		if r.owner.fencing {\n", "		if false {\n",
	}, "one guard, three publishes"},
	{Mutant{
		"46 adaptive: no fence in a leaf", leaf,
		"		return !reached(l.atomic.Add(1), l.limit)\n", "		return !reached(l.atomic.Load(), l.limit)\n",
	}, "a look-up under a fenced name"},
}

const (
	adaptive   = "impl/strategy/adaptive.go"
	asymmetric = "impl/strategy/asymmetric.go"
	counted    = "impl/strategy/counted.go"
	epoch      = "impl/strategy/epoch.go"
	group      = "impl/hashmap/group.go"
	indicator  = "impl/strategy/indicator.go"
	leaf       = "impl/strategy/leaf.go"
	refcount   = "impl/strategy/refcount.go"
	roster     = "impl/strategy/roster.go"
)
