package lincheck

import (
	"math"
	"slices"
	"time"
)

// reduceLimit is how long reducing one history may take.
const reduceLimit = 3 * time.Second

// reduce returns a smaller history that breaks the same law as h, which is Illegal. It
// takes away only what a legal history can be without and stay legal, so that what is
// left is Illegal for the same reason and not because something is missing: keys with
// all that concerns them, reads, writes that nobody read, publishes without effect, and
// what came before a moment at which the state is known (delta debugging after Zeller
// and Hildebrandt, 2002).
func reduce(h *History) *History {
	deadline := time.Now().Add(reduceLimit)
	want := h.judge(judgeLimit)
	h = h.without(nil) // the caller's is left as it is
	still := func(h *History) bool {
		v := h.judge(time.Until(deadline) / 4)
		return v.Outcome == Illegal && v.Checker == want.Checker
	}
	for before := h.size() + 1; h.size() < before && time.Now().Before(deadline); {
		before = h.size()
		h = h.withoutKeys(still)
		h = h.withoutPast(still)
		h = h.thin(h.unreadGuards(), still)
		h = h.withoutEnd(still)
		h = h.withoutBeginning(still)
		h = h.thin(h.calls(isRead), still)
		h = h.thin(h.calls(h.unread), still)
		h = h.thin(h.calls(h.withoutEffect), still)
	}
	v := h.judge(judgeLimit)
	h.Verdict, h.Checker, h.Note = v.Outcome, v.Checker, v.Reason
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
	for key := range h.keys() {
		if less := h.withoutKey(key); still(less) {
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
	seen, first := false, true
	for i := range h.Calls {
		c := &h.Calls[i]
		if c == w || c.Op == Publish || c.Key != w.Key {
			continue
		}
		seen = seen || c.maySee(value)
		first = first && (c.Op == Get || c.Called > w.Return)
	}
	return !seen || first && w.Op == Delete // from nothing, which is what there is at first
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

// withoutPast removes what came before the latest moment at which the state of the one
// key of h is known: after a write, or after a publish and the last write before it,
// that nothing overlaps. Earlier writes that were seen later stay: they show that what
// was read is stale, and not from nowhere.
func (h *History) withoutPast(still func(*History) bool) *History {
	if h.Claim.stamped() || len(h.keys()) != 1 {
		return h
	}
	latest := int64(math.MinInt64) // of the returns so far
	var moments [][2]int           // the write and the first call after it that stays
	write := -1                    // the last, if it overlaps nothing
	for i := range h.Calls {
		c := &h.Calls[i]
		alone := c.Called > latest && (i+1 == len(h.Calls) || h.Calls[i+1].Called > c.Return)
		latest = max(latest, c.Return)
		isWrite := c.Op == Set || c.Op == Delete
		switch {
		case isWrite && !alone:
			write = -1
		case isWrite:
			write = i
			if h.Claim == ClaimLinearizable {
				moments = append(moments, [2]int{i, i + 1})
			}
		case c.Op == Publish && alone && write >= 0:
			moments = append(moments, [2]int{write, i})
		}
	}
	for _, m := range slices.Backward(moments) {
		if less := h.since(m[0], m[1]); still(less) {
			return less
		}
	}
	return h
}

// withoutEnd removes what came after all that shows the breach: calls that were called when
// every call before them had returned, or, of stamped guards, publishes of later versions than
// all guards have, with the writes that they make visible.
func (h *History) withoutEnd(still func(*History) bool) *History {
	latest, version := int64(math.MinInt64), uint64(0)
	newest := uint64(0) // that a guard has
	for i := range h.Guards {
		newest = max(newest, h.Guards[i].Version)
	}
	for i := range h.Calls {
		c := &h.Calls[i]
		mayEnd := c.Called > latest
		if h.Claim.stamped() {
			mayEnd = version >= newest
		}
		if mayEnd {
			less := h.without(nil)
			if less.Calls = less.Calls[:i]; still(less) {
				return less
			}
		}
		latest = max(latest, c.Return)
		if c.Op == Publish {
			version++
		}
	}
	return h
}

// withoutBeginning removes, of stamped guards, the publishes of versions that all guards are
// past. What they made visible is then so from the first publish on that is left.
func (h *History) withoutBeginning(still func(*History) bool) *History {
	if !h.Claim.stamped() || len(h.Guards) == 0 {
		return h
	}
	from := uint64(math.MaxUint64)
	for i := range h.Guards {
		from = min(from, h.Guards[i].Version)
	}
	less := &History{Header: h.Header, Names: h.Names, Guards: h.Guards}
	for _, c := range h.Calls {
		if c.Op == Publish && less.From+1 < from {
			less.From++
			continue
		}
		less.Calls = append(less.Calls, c)
	}
	if less.From > h.From && still(less) {
		return less
	}
	return h
}

// since returns h with only those of the calls before the one at from that are the
// one at write, or sets of a value that is seen from there on.
func (h *History) since(write, from int) *History {
	gone := map[int]bool{}
	for i := range h.Calls[:from] {
		w := &h.Calls[i]
		seen := slices.ContainsFunc(h.Calls[from:], func(c Call) bool { return c.maySee(Value{w.New, true}) })
		gone[i] = i != write && !(seen && w.Op == Set)
	}
	return h.without(gone)
}

func (h *History) keys() map[Word]bool {
	keys := map[Word]bool{}
	for i := range h.Calls {
		if h.Calls[i].Op != Publish {
			keys[h.Calls[i].Key] = true
		}
	}
	return keys
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
		if write && c.Called <= p.Return && (q == nil || c.Return >= q.Called-int64(h.Slack)) {
			return false
		}
	}
	return true
}
