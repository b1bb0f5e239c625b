package mutants

// Explored are the mutants that the schedule explorer must catch in the strategy epoch
// and in what stands on it, each with a program of package lincheck/explore/programs that
// shows it.
var Explored = []struct {
	Mutant
	Program string
}{
	{Mutant{
		"1 the writer does not wait", epoch,
		"	return wait(&e.parker", "	e.pending = e.pending[:0]\n	return nil\n	return wait(&e.parker",
	}, "guards"},
	{Mutant{
		"2 no re-read after the count is raised", epoch,
		"	if r.epoch.version.Load()&1 != c {\n", "	if false {\n",
	}, "guards"},
	{Mutant{
		"2 no second re-read after the other count", epoch,
		"	version = r.epoch.version.Load()\n", "	version = 1 - c\n",
	}, "guards"},
	{Mutant{
		"2 a leaf trusts its guess", epoch,
		"	return l.version.Load() == l.guess\n", "	return true\n",
	}, "look-ups"},
	{Mutant{
		"2 a reader tries until no swap comes between", epoch,
		"		c = r.reopen(&r.count, c) & 1\n",
		"		for r.epoch.version.Load()&1 != c {\n			r.Close(int(c))\n			c = 1 - c\n			r.count[c].Add(1)\n		}\n",
	}, "guards"},
	{Mutant{
		"3 count of the wrong copy", epoch,
		"		if r.guards(old) != 0 {\n", "		if r.guards(1-old) != 0 {\n",
	}, "guards"},
	{Mutant{
		"3 the count of leaves is overlooked", epoch,
		"		if guards || leaf {\n", "		if guards || leaf && false {\n",
	}, "look-ups"},
	{Mutant{
		"4 last handle skipped by the scan", epoch,
		"	for i := 0; i < len(e.readers); {\n", "	for i := 0; i < len(e.readers)-1; {\n",
	}, "guards"},
	{Mutant{
		"5 list of handles taken before the swap", epoch,
		"	e.version.Store(e.version.Load() + 1)\n", "	defer func() { e.version.Store(e.version.Load() + 1) }()\n",
	}, "guards"},
	{Mutant{
		"6 swap before the batch is applied", "impl/buffers/op.go",
		"	if _, err := w.Apply(cancel); err != nil {\n		return err\n	}\n	if invariants",
		"	if err := w.delay.FinishSwap(cancel); err != nil {\n		return err\n	}\n	t := w.delay.Writer()\n	w.replay(t)\n	defer w.apply(t)\n	if invariants",
	}, "TryPublish beside readers"},
	{Mutant{
		"7 a guard re-reads the shared flag as it closes", epoch,
		"func (r *epochReader) Close(copy int) {\n", "func (r *epochReader) Close(copy int) {\n	copy = int(r.epoch.version.Load() & 1)\n",
	}, "guards"},
	{Mutant{
		"9 a parity instead of a count, nested guards", epoch,
		"	return r.count[copy].Load()&^awaited +", "	return r.count[copy].Load()&1 +",
	}, "nested guards"},
	{Mutant{
		"10 guard released twice", "lincheck/explore/programs/strategies.go",
		"	x.AtMost(s.CloseSteps, g.Release)\n", "	x.AtMost(s.CloseSteps, g.Release)\n	g.Release()\n",
	}, "guards"},
	{Mutant{
		"12 handle registered outside the lock", epoch,
		"	e.mu.Lock()\n	defer e.mu.Unlock()\n	if r.name == \"\" {",
		"	list := e.readers\n	defer func() {\n		e.mu.Lock()\n		e.readers = append(list, r)\n		e.mu.Unlock()\n	}()\n	if r.name == \"\" {",
	}, "handles opened and closed while the writer publishes"},
	{Mutant{
		"13 Close removes the wrong slot", epoch,
		"	e.readers[r.index] = e.readers[last]\n", "",
	}, "handles opened and closed while the writer publishes"},
	{Mutant{
		"14 slot freed while a guard is open", epoch,
		"	r.left = true\n	if r.guards(0)+r.guards(1) == 0 {\n", "	r.left = true\n	if true {\n",
	}, "a handle closed with a guard open"},
	{Mutant{
		"15 registry lock held while waiting", epoch,
		"	return wait(&e.parker", "	e.mu.Lock()\n	defer e.mu.Unlock()\n	return wait(&e.parker",
	}, "a handle closed with a guard open"},
	{Mutant{
		"16 no re-check between about to sleep and sleep", epoch,
		"		n = count.Or(awaited) | awaited\n", "		count.Or(awaited)\n",
	}, "guards"},
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
		"	c := r.epoch.version.Load() & 1\n", "	c := (r.epoch.version.Load() + 1) & 1\n	r.count[c].Add(1)\n	return int(c)\n",
	}, "guards"},
	{Mutant{
		"32 TryPublish swaps without waiting", epoch,
		"func (e *epoch) TryFinish() bool {", "func (e *epoch) TryFinish() bool {\n	e.pending = e.pending[:0]\n",
	}, "TryPublish beside readers"},
	{Mutant{
		"34 a nested guard is opened without a count", epoch,
		"func (r *epochReader) Open() (copy int) {\n",
		"func (r *epochReader) Open() (copy int) {\n	if r.guards(0)+r.guards(1) > 0 {\n		return int(r.epoch.version.Load() & 1)\n	}\n",
	}, "nested guards"},
}

const epoch = "impl/strategy/epoch.go"
