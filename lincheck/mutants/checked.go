package mutants

// Checked are the mutants that are run as whole programs, each with the checkers that were
// meant to catch it. Those whose name is that of one in Explored are the same change.
//
// The last ones are caught by nothing but the sum check of a timed cell: they need more keys,
// operations, publishes or goroutines than a short history has.
var Checked = []Case{
	{explored("1 the writer does not wait"), []Kill{history("dbuf-epoch-b64"), soak("dbuf-epoch-b64"), invariant("dbuf-epoch-b64")}},
	{explored("4 last handle skipped by the scan"), []Kill{history("dbuf-epoch-b64"), soak("dbuf-epoch-b64")}},
	{explored("6 swap before the batch is applied"), []Kill{history("dbuf-epoch-b64"), soak("dbuf-epoch-b64")}},
	{Mutant{
		"8 the flag is never flipped", epoch,
		"	e.readable.Store(next)\n	e.swaps++\n", "	e.swaps++\n",
	}, []Kill{history("dbuf-epoch-b64"), porcupine("dbuf-epoch-b64"), soak("dbuf-epoch-b64")}},
	{Mutant{
		"11 guard leaked", "impl/hashmap/hashmap.go",
		"	v, ok := g.Get(key)\n	g.Release()\n", "	v, ok := g.Get(key)\n",
	}, []Kill{liveness("dbuf-counted-b64")}},
	{Mutant{
		"20 the copy and the count are read by two operations", refcount,
		"	c, _ := r.find(r.word.Add(1))\n", "	word := r.word.Load()\n	r.word.Add(1)\n	c, _ := r.find(word)\n",
	}, []Kill{history("dbuf-refcount-b64"), soak("dbuf-refcount-b64")}},
	{explored("21 the last reader is not turned"), []Kill{history("dbuf-refcount-b64"), porcupine("dbuf-refcount-b64"), soak("dbuf-refcount-b64")}},
	{Mutant{
		"23 atomic is claimed, and handles are turned one by one", registry,
		`configuration("dbuf-refcount-b64", "the same, published every 64 writes", kv.PerHandle,`,
		`configuration("dbuf-refcount-b64", "the same, published every 64 writes", kv.Atomic,`,
	}, []Kill{history("dbuf-refcount-b64"), porcupine("dbuf-refcount-b64")}},
	{Mutant{
		"24 waterline off by one: the last operation below it is not replayed", log,
		"	below := w.below\n", "	below := w.below[:max(0, len(w.below)-1)]\n",
	}, []Kill{history("dbuf-epoch-b64"), porcupine("dbuf-epoch-b64"), soak("dbuf-epoch-b64"), invariant("dbuf-epoch-b64")}},
	{Mutant{
		"24 waterline off by one: the last operation stays above it", log,
		"		w.raise(done)\n", "		w.raise(max(0, done-1))\n",
	}, []Kill{invariant("dbuf-epoch-b64")}},
	{Mutant{
		"26 replay reordered", log,
		"	below := w.below\n", "	below := slices.Clone(w.below)\n	slices.Reverse(below)\n",
	}, []Kill{history("dbuf-epoch-b64"), porcupine("dbuf-epoch-b64"), soak("dbuf-epoch-b64"), invariant("dbuf-epoch-b64")}},
	{Mutant{
		"27 log cut while the second copy is behind", log,
		"	w.behind = true\n", "	w.caughtUp()\n",
	}, []Kill{history("dbuf-epoch-b64"), porcupine("dbuf-epoch-b64"), soak("dbuf-epoch-b64"), invariant("dbuf-epoch-b64")}},
	{Mutant{
		"28 a user's function is run on both copies", "impl/hashmap/op.go",
		`		c.resolve = nil
		o.kind = opResolved
	}
	o.ApplySecond(t)
}

// ApplySecond implements [buffers.Operation].
func (o *op[K, V]) ApplySecond(t *table.Table[K, V]) {
	switch o.kind {
	case opInsert:
		t.Set(o.key, o.value)
	case opRemove:
		t.Delete(o.key)
	case opClear:
		t.Clear()
	case opFunc:
		panic("law L3 is broken: a function has come to a copy unresolved")
`,
		`		o.kind = opResolved
		defer func() { o.kind, c.sets, c.removes = opFunc, nil, nil }()
	}
	o.ApplySecond(t)
}

// ApplySecond implements [buffers.Operation].
func (o *op[K, V]) ApplySecond(t *table.Table[K, V]) {
	switch o.kind {
	case opInsert:
		t.Set(o.key, o.value)
	case opRemove:
		t.Delete(o.key)
	case opClear:
		t.Clear()
	case opFunc:
		o.ApplyFirst(t)
`,
	}, []Kill{tests("./impl/hashmap")}},
	{Mutant{
		"29 what Retain removed is replayed by its number, not by key", "impl/hashmap/op.go",
		"			t.Delete(k)\n", "			n := 0\n			for other := range t.All() {\n				if k = other; n == len(o.change.removes)/2 {\n					break\n				}\n				n++\n			}\n			t.Delete(k)\n",
	}, []Kill{history("dbuf-epoch-b64"), tests("./impl/hashmap")}},
	{Mutant{
		"30 after a panic half-way the writer goes on", log,
		"	w.err = ErrPoisoned // unless all goes well\n", "",
	}, []Kill{tests("./impl/buffers")}},
	{Mutant{
		"31 one count for both copies: chained guards starve the writer", epoch,
		"		if countHeld(&r.count[e.old.Index], sleep) {\n", "		if countHeld(&r.count[e.old.Index], sleep) || countHeld(&r.count[1-e.old.Index], sleep) {\n",
	}, []Kill{soak("dbuf-epoch-b64"), liveness("dbuf-epoch-b64")}},
	{Mutant{
		"35 a count of one bit overflows", epoch,
		"	awaited = 1 << 31\n", "	awaited = 1 << 1\n",
	}, []Kill{history("dbuf-epoch-b64"), soak("dbuf-epoch-b64")}},
	{Mutant{
		"40 version stamped after the swap", raw,
		"	w.writer.version = w.version\n	atomicx.EndWrite(w.writer)\n	w.readable, w.writer = w.writer, w.readable\n	w.strategy.StartSwap(&w.readable.Copy)\n",
		"	atomicx.EndWrite(w.writer)\n	w.readable, w.writer = w.writer, w.readable\n	w.strategy.StartSwap(&w.readable.Copy)\n	w.readable.version = w.version\n",
	}, []Kill{history("dbuf-epoch-b64"), soak("dbuf-epoch-b64")}},
	{Mutant{
		"41 two writers without a lock", "impl/hashmap/locked.go",
		"	l.mu.Lock()\n	defer l.mu.Unlock()\n	l.w.Insert(key, value)\n", "	l.w.Insert(key, value)\n",
	}, []Kill{porcupine("dbuf-epoch-b64"), race("TestBattery/dbuf-epoch-b64/uint64/concurrent$"), cell("dbuf-epoch-b64", "-mix", "write-only")}},
	{Mutant{
		"43 RWMutex map reading without its lock", "baselines/rwmutex.go",
		"	m.mu.RLock()\n	v, ok := m.m[key]\n	m.mu.RUnlock()\n", "	v, ok := m.m[key]\n",
	}, []Kill{porcupine("rwmutex"), race("TestBattery/rwmutex/uint64/concurrent$")}},
	{Mutant{
		"44 compare-and-swap as a load and then a store", "baselines/syncmap.go",
		"	return m.m.CompareAndSwap(key, old, new)\n", "	if v, ok := m.m.Load(key); !ok || v != any(old) {\n		return false\n	}\n	m.m.Store(key, new)\n	return true\n",
	}, []Kill{porcupine("syncmap")}},
	{Mutant{
		"45 collector: a guard refers to the data without the token", raw,
		"	return ReadGuard[T]{h.opened(s), h, s}\n",
		"	bare := &slot[T]{Copy: strategy.Copy{Index: s.Index, Guards: s.Guards}, data: s.data, version: s.version, opened: s.opened}\n	return ReadGuard[T]{h.opened(bare), h, bare}\n",
	}, []Kill{history("dbuf-collector-b64"), soak("dbuf-collector-b64", "-hang", "1m"), collectorTests()}},
	{explored("47 a group answers before it publishes"), []Kill{porcupine("dbuf-group")}},
	{Mutant{
		"48 an entry is lost when a table grows", "impl/table/flat.go",
		"	for i := range old.slots {\n", "	lost := false\n	for i := range old.slots {\n		if !lost && !old.empty(uint64(i)) {\n			lost = true\n			continue\n		}\n",
	}, []Kill{history("dbuf-flat-b64"), cell("dbuf-flat-b64", "-mix", "rapid-grow")}},
	{explored("49 the detached copy is used again"), []Kill{history("dbuf-maxwait-b64"), soak("dbuf-maxwait-b64")}},
	{Mutant{
		"50 collector: the token is tiny, and shares its block with another that lives", "impl/strategy/collector.go",
		"func (s *collector) publish(c *Copy) {\n	c.token = atomicx.NewToken(c, s.tell, s.swaps)\n",
		"var alive []*byte\n\nfunc (s *collector) publish(c *Copy) {\n	token, found, version := new(byte), s.found, s.swaps\n	alive = append(alive, new(byte))\n	runtime.SetFinalizer(token, func(*byte) { found.unreachable(version) })\n",
	}, []Kill{check(Liveness, "dbuf-collector-b64", "-hang", "15s")}}, // its publishes take collections

	{Mutant{
		"51 a flat table of 4,096 slots or more loses an entry as it grows", "impl/table/flat.go",
		"	for i := range old.slots {\n", "	lost := len(old.slots) < 4096\n	for i := range old.slots {\n		if !lost && !old.empty(uint64(i)) {\n			lost = true\n			continue\n		}\n",
	}, onlyCell("dbuf-flat-b64", "-mix", "rapid-grow")},
	{Mutant{
		"52 what stands 8 slots or more behind a gap is not moved into it", "impl/table/flat.go",
		"		if (i-home)&f.last >= (i-gap)&f.last {\n", "		if d := (i - gap) & f.last; d < 8 && (i-home)&f.last >= d {\n",
	}, onlyCell("dbuf-flat-b64", "-mix", "rapid-grow", "-keytype", "string", "-keys", "64Ki")},
	{Mutant{
		"53 a log of 2,048 operations takes no more", log,
		"	w.above = append(w.above, op)\n", "	if len(w.above) < 2048 {\n		w.above = append(w.above, op)\n	}\n",
	}, onlyCell("dbuf-epoch-b4096", "-mix", "write-only")},
	{Mutant{
		"54 one batch in 255 is not replayed", log,
		"	w.behind = true\n", "	w.behind = w.Version()%255 != 254\n	if !w.behind {\n		w.caughtUp()\n	}\n",
	}, onlyCell("dbuf-epoch-b64", "-mix", "write-only", "-keys", "1Mi", "-dist", "uniform")},
	{Mutant{
		"55 a group forgets the ninth request of a batch", "impl/hashmap/group.go",
		"	for _, r := range batch {\n		switch {\n", "	for i, r := range batch {\n		if i == 8 {\n			continue\n		}\n		switch {\n",
	}, onlyCell("dbuf-group", "-mix", "write-only", "-g", "64", "-keys", "1Mi", "-dist", "uniform")},
	{Mutant{
		"56 the clone of a map of 1,000 entries or more lacks one", "impl/table/table.go",
		"	return Table[K, V]{m: maps.Clone(t.m)}\n", "	clone := maps.Clone(t.m)\n	for k := range clone {\n		if len(clone) >= 1000 {\n			delete(clone, k)\n		}\n		break\n	}\n	return Table[K, V]{m: clone}\n",
	}, onlyCell("dbuf-maxwait-b64", "-mix", "walk-roles", "-readers", "2", "-writers", "1")},
	{Mutant{
		"57 a shard of 256 entries or more deletes none", "baselines/sharded.go",
		"{ m.shard(key).Delete(key) }", "{\n	if s := m.shard(key); s.Len() < 256 {\n		s.Delete(key)\n	}\n}",
	}, onlyCell("sharded", "-mix", "write-only")},
}

const (
	registry = "baselines/doublebuffer.go"
	log      = "impl/buffers/op.go"
	raw      = "impl/buffers/raw.go"
)

// collectorTests runs those that have collections come while a guard is in use.
func collectorTests() Kill {
	k := tests("./impl/hashmap")
	k.args = append(k.args, "-test.run=^TestCollector")
	return k
}

// Absent are the mutants of the list that have no place here, with the reason.
var Absent = []struct{ Name, Why string }{
	{"25 an operation applied twice on the second copy", "equivalent: to set, to delete, to clear and what a function came to are idempotent, in a row and as a whole replay, for the last operation on a key decides"},
	{"33 Close of the writer without the wait that a publish makes", "not expressible: Close does not wait; it leaves the copy to its readers and the garbage collector"},
	{"42 removal by value equality on the second copy", "not expressible: nothing is removed by value; Retain's outcome is kept as keys"},
}
