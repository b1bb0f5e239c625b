package lincheck

import "time"

// reduceLimit is how long reducing one history may take.
const reduceLimit = 3 * time.Second

// reduce returns a smaller history that breaks the same law as h, which is Illegal. It
// takes away only what a legal history can be without and stay legal, so that what is
// left is Illegal for the same reason and not because something is missing: keys with
// all that concerns them, reads, writes that nobody read, publishes without effect
// (delta debugging after Zeller and Hildebrandt, 2002).
func reduce(h *History) *History {
	deadline := time.Now().Add(reduceLimit)
	want := h.judge(judgeLimit)
	still := func(h *History) bool {
		v := h.judge(time.Until(deadline) / 4)
		return v.Outcome == Illegal && v.Checker == want.Checker
	}
	for before := h.size() + 1; h.size() < before && time.Now().Before(deadline); {
		before = h.size()
		h = h.withoutKeys(still)
		h = h.thin(h.unreadGuards(), still)
		h = h.thin(h.calls(isRead), still)
		h = h.thin(h.calls(h.unread), still)
		h = h.thin(h.calls(h.withoutEffect), still)
	}
	v := h.judge(judgeLimit)
	h.Verdict, h.Checker = v.Outcome, v.Checker
	return h
}

func (h *History) size() int { return len(h.Calls) + len(h.Guards) }

// thin removes as many of items as it can while still holds: chunks first, halving.
// Items are indexes of calls, and, beyond those, of guards.
func (h *History) thin(items []int, still func(*History) bool) *History {
	gone := map[int]bool{}
	for chunk := len(items); chunk > 0; chunk /= 2 {
		for i := 0; i < len(items); i += chunk {
			group := items[i:min(i+chunk, len(items))]
			if gone[group[0]] {
				continue
			}
			for _, item := range group {
				gone[item] = true
			}
			if !still(h.without(gone)) {
				for _, item := range group {
					delete(gone, item)
				}
			}
		}
	}
	return h.without(gone)
}

func (h *History) without(gone map[int]bool) *History {
	less := &History{Header: h.Header, Names: h.Names}
	for i := range h.Calls {
		if !gone[i] {
			less.Calls = append(less.Calls, h.Calls[i])
		}
	}
	for i := range h.Guards {
		if !gone[len(h.Calls)+i] {
			less.Guards = append(less.Guards, h.Guards[i])
		}
	}
	return less
}

// withoutKeys removes each key that it can.
func (h *History) withoutKeys(still func(*History) bool) *History {
	tried := map[Word]bool{}
	for _, c := range h.Calls {
		if c.Op == Publish || tried[c.Key] {
			continue
		}
		tried[c.Key] = true
		if less := h.withoutKey(c.Key); still(less) {
			h = less
		}
	}
	return h
}

func (h *History) withoutKey(key Word) *History {
	less := &History{Header: h.Header, Names: h.Names}
	for _, c := range h.Calls {
		if c.Op == Publish || c.Key != key {
			less.Calls = append(less.Calls, c)
		}
	}
	others := func(reads []Read) (kept []Read) {
		for _, r := range reads {
			if r.Key != key {
				kept = append(kept, r)
			}
		}
		return kept
	}
	for _, g := range h.Guards {
		g.Reads, g.All = others(g.Reads), others(g.All)
		less.Guards = append(less.Guards, g)
	}
	return less
}

// unreadGuards are all guards: nothing depends on one.
func (h *History) unreadGuards() []int {
	items := make([]int, len(h.Guards))
	for i := range items {
		items[i] = len(h.Calls) + i
	}
	return items
}

// calls returns the indexes of those calls for which ok holds.
func (h *History) calls(ok func(*Call) bool) []int {
	var items []int
	for i := range h.Calls {
		if ok(&h.Calls[i]) {
			items = append(items, i)
		}
	}
	return items
}

// isRead: the call changed nothing.
func isRead(c *Call) bool {
	switch c.Op {
	case Get:
		return true
	case LoadOrStore:
		return c.Did && c.Return != Never
	case LoadAndDelete:
		return !c.Result.Ok && c.Return != Never
	case CompareAndSwap, CompareAndDelete:
		return !c.Did && c.Return != Never
	}
	return false
}

// unread: the call is a write of which no call says that it saw it. Stamped guards may
// have seen any.
func (h *History) unread(w *Call) bool {
	if h.Claim.stamped() || w.Op != Set && w.Op != Delete {
		return false
	}
	value := Value{w.New, w.Op == Set}
	for i := range h.Calls {
		if c := &h.Calls[i]; c.Op != Publish && c.Key == w.Key && c.maySee(value) {
			return false
		}
	}
	return true
}

// maySee reports whether c's outcome can depend on its key having held value.
func (c *Call) maySee(value Value) bool {
	switch c.Op {
	case Get, Swap, LoadAndDelete:
		return c.Return != Never && c.Result == value
	case LoadOrStore:
		return c.Return == Never || c.Did && c.Result == value || !c.Did && !value.Ok
	case CompareAndSwap, CompareAndDelete:
		return c.Return == Never || !c.Did || value == Value{c.Old, true}
	}
	return false
}

// withoutEffect: in every order of effects, publish p makes nothing visible, or nobody
// reads after it. Stamped guards count publishes, so they need all.
func (h *History) withoutEffect(p *Call) bool {
	if p.Op != Publish || h.Claim.stamped() {
		return false
	}
	return h.noneReadsAfter(p) || h.publishedBefore(p)
}

func (h *History) noneReadsAfter(p *Call) bool {
	for i := range h.Calls {
		if c := &h.Calls[i]; c.Op == Get && c.Return >= p.Called {
			return false
		}
	}
	return true
}

// publishedBefore reports whether one publish that returned before p was called had to
// cover every write that p can: each had returned before that one was called, or was
// called after p returned.
func (h *History) publishedBefore(p *Call) bool {
	var q *Call // the last such publish to be called
	for i := range h.Calls {
		if c := &h.Calls[i]; c.Op == Publish && c.Return < p.Called {
			q = c
		}
	}
	for i := range h.Calls {
		c := &h.Calls[i]
		write := c.Op == Set || c.Op == Delete
		if write && c.Called <= p.Return && (q == nil || c.Return >= q.Called) {
			return false
		}
	}
	return true
}
