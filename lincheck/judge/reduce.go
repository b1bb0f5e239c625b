package judge

import (
	"math"
	"slices"
	"time"

	"doublebuf/lincheck/history"
)

// reduceLimit is how long reducing one history may take.
const reduceLimit = 3 * time.Second

// reduce returns a smaller history that breaks the same law as h, which is Illegal. It
// takes away only what a legal history can be without and stay legal, so that what is
// left is Illegal for the same reason and not because something is missing: keys with
// all that concerns them, reads, writes that nobody read, publishes without effect, and
// what came before a moment at which the state is known (delta debugging after Zeller
// and Hildebrandt, 2002).
func Reduce(h *history.History) *history.History {
	deadline := time.Now().Add(reduceLimit)
	want := judgeWithin(h, judgeLimit)
	h = without(h, nil) // the caller's is left as it is
	still := func(h *history.History) bool {
		v := judgeWithin(h, time.Until(deadline)/4)
		return v.Outcome == history.Illegal && v.Checker == want.Checker
	}
	for before := size(h) + 1; size(h) < before && time.Now().Before(deadline); {
		before = size(h)
		h = withoutKeys(h, still)
		h = withoutPast(h, still)
		h = thin(h, unreadGuards(h), still)
		h = withoutEnd(h, still)
		h = withoutBeginning(h, still)
		h = thin(h, callsWhere(h, isRead), still)
		h = thin(h, callsWhere(h, func(c *history.Call) bool { return unread(h, c) }), still)
		h = thin(h, callsWhere(h, func(c *history.Call) bool { return withoutEffect(h, c) }), still)
	}
	v := judgeWithin(h, judgeLimit)
	h.Verdict, h.Checker, h.Note = v.Outcome, v.Checker, v.Reason
	return h
}

func size(h *history.History) int { return len(h.Calls) + len(h.Guards) }

// thin removes as many of items as it can while still holds: chunks first, halving.
// Items are indexes of calls, and, beyond those, of guards.
func thin(h *history.History, items []int, still func(*history.History) bool) *history.History {
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
			if !still(without(h, gone)) {
				for _, item := range group {
					delete(gone, item)
				}
			}
		}
	}
	return without(h, gone)
}

func without(h *history.History, gone map[int]bool) *history.History {
	less := &history.History{Header: h.Header, Names: h.Names}
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
func withoutKeys(h *history.History, still func(*history.History) bool) *history.History {
	for key := range keysOf(h) {
		if less := withoutKey(h, key); still(less) {
			h = less
		}
	}
	return h
}

func withoutKey(h *history.History, key history.Word) *history.History {
	less := &history.History{Header: h.Header, Names: h.Names}
	for _, c := range h.Calls {
		if c.Op == history.Publish || c.Key != key {
			less.Calls = append(less.Calls, c)
		}
	}
	others := func(reads []history.Read) (kept []history.Read) {
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
func unreadGuards(h *history.History) []int {
	items := make([]int, len(h.Guards))
	for i := range items {
		items[i] = len(h.Calls) + i
	}
	return items
}

// calls returns the indexes of those calls for which ok holds.
func callsWhere(h *history.History, ok func(*history.Call) bool) []int {
	var items []int
	for i := range h.Calls {
		if ok(&h.Calls[i]) {
			items = append(items, i)
		}
	}
	return items
}

// isRead: the call changed nothing.
func isRead(c *history.Call) bool {
	switch c.Op {
	case history.Get:
		return true
	case history.LoadOrStore:
		return c.Did && c.Return != history.Never
	case history.LoadAndDelete:
		return !c.Result.Ok && c.Return != history.Never
	case history.CompareAndSwap, history.CompareAndDelete:
		return !c.Did && c.Return != history.Never
	}
	return false
}

// unread: the call is a write of which no call says that it saw it. Stamped guards may
// have seen any.
func unread(h *history.History, w *history.Call) bool {
	if h.Claim.Stamped() || w.Op != history.Set && w.Op != history.Delete {
		return false
	}
	value := history.Value{Word: w.New, Ok: w.Op == history.Set}
	seen, first := false, true
	for i := range h.Calls {
		c := &h.Calls[i]
		if c == w || c.Op == history.Publish || c.Key != w.Key {
			continue
		}
		seen = seen || maySee(c, value)
		first = first && (c.Op == history.Get || c.Called > w.Return)
	}
	return !seen || first && w.Op == history.Delete // from nothing, which is what there is at first
}

// maySee reports whether c's outcome can depend on its key having held value.
func maySee(c *history.Call, value history.Value) bool {
	switch c.Op {
	case history.Get, history.Swap, history.LoadAndDelete:
		return c.Return != history.Never && c.Result == value
	case history.LoadOrStore:
		return c.Return == history.Never || c.Did && c.Result == value || !c.Did && !value.Ok
	case history.CompareAndSwap, history.CompareAndDelete:
		return c.Return == history.Never || !c.Did || value == history.Some(c.Old)
	}
	return false
}

// withoutPast removes what came before the latest moment at which the state of the one
// key of h is known: after a write, or after a publish and the last write before it,
// that nothing overlaps. Earlier writes that were seen later stay: they show that what
// was read is stale, and not from nowhere.
func withoutPast(h *history.History, still func(*history.History) bool) *history.History {
	if h.Claim.Stamped() || len(keysOf(h)) != 1 {
		return h
	}
	latest := int64(math.MinInt64) // of the returns so far
	var moments [][2]int           // the write and the first call after it that stays
	write := -1                    // the last, if it overlaps nothing
	for i := range h.Calls {
		c := &h.Calls[i]
		alone := c.Called > latest && (i+1 == len(h.Calls) || h.Calls[i+1].Called > c.Return)
		latest = max(latest, c.Return)
		isWrite := c.Op == history.Set || c.Op == history.Delete
		switch {
		case isWrite && !alone:
			write = -1
		case isWrite:
			write = i
			if h.Claim == history.ClaimLinearizable {
				moments = append(moments, [2]int{i, i + 1})
			}
		case c.Op == history.Publish && alone && write >= 0:
			moments = append(moments, [2]int{write, i})
		}
	}
	for _, m := range slices.Backward(moments) {
		if less := since(h, m[0], m[1]); still(less) {
			return less
		}
	}
	return h
}

// withoutEnd removes what came after all that shows the breach: calls that were called when
// every call before them had returned, or, of stamped guards, publishes of later versions than
// all guards have, with the writes that they make visible.
func withoutEnd(h *history.History, still func(*history.History) bool) *history.History {
	latest, version := int64(math.MinInt64), uint64(0)
	newest := uint64(0) // that a guard has
	for i := range h.Guards {
		newest = max(newest, h.Guards[i].Version)
	}
	for i := range h.Calls {
		c := &h.Calls[i]
		mayEnd := c.Called > latest
		if h.Claim.Stamped() {
			mayEnd = version >= newest
		}
		if mayEnd {
			less := without(h, nil)
			if less.Calls = less.Calls[:i]; still(less) {
				return less
			}
		}
		latest = max(latest, c.Return)
		if c.Op == history.Publish {
			version++
		}
	}
	return h
}

// withoutBeginning removes, of stamped guards, the publishes of versions that all guards are
// past. What they made visible is then so from the first publish on that is left.
func withoutBeginning(h *history.History, still func(*history.History) bool) *history.History {
	if !h.Claim.Stamped() || len(h.Guards) == 0 {
		return h
	}
	from := uint64(math.MaxUint64)
	for i := range h.Guards {
		from = min(from, h.Guards[i].Version)
	}
	less := &history.History{Header: h.Header, Names: h.Names, Guards: h.Guards}
	for _, c := range h.Calls {
		if c.Op == history.Publish && less.From+1 < from {
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
func since(h *history.History, write, from int) *history.History {
	gone := map[int]bool{}
	for i := range h.Calls[:from] {
		w := &h.Calls[i]
		seen := slices.ContainsFunc(h.Calls[from:], func(c history.Call) bool { return maySee(&c, history.Some(w.New)) })
		gone[i] = i != write && !(seen && w.Op == history.Set)
	}
	return without(h, gone)
}

func keysOf(h *history.History) map[history.Word]bool {
	keys := map[history.Word]bool{}
	for i := range h.Calls {
		if h.Calls[i].Op != history.Publish {
			keys[h.Calls[i].Key] = true
		}
	}
	return keys
}

// withoutEffect: in every order of effects, publish p makes nothing visible, or nobody
// reads after it. Stamped guards count publishes, so they need all.
func withoutEffect(h *history.History, p *history.Call) bool {
	if p.Op != history.Publish || h.Claim.Stamped() {
		return false
	}
	return noneReadsAfter(h, p) || publishedBefore(h, p)
}

func noneReadsAfter(h *history.History, p *history.Call) bool {
	for i := range h.Calls {
		if c := &h.Calls[i]; c.Op == history.Get && c.Return >= p.Called {
			return false
		}
	}
	return true
}

// publishedBefore reports whether one publish that returned before p was called had to
// cover every write that p can: each had returned before that one was called, or was
// called after p returned.
func publishedBefore(h *history.History, p *history.Call) bool {
	var q *history.Call // the last such publish to be called
	for i := range h.Calls {
		if c := &h.Calls[i]; c.Op == history.Publish && c.Return < p.Called {
			q = c
		}
	}
	for i := range h.Calls {
		c := &h.Calls[i]
		write := c.Op == history.Set || c.Op == history.Delete
		if write && c.Called <= p.Return && (q == nil || c.Return >= q.Called-int64(h.Slack)) {
			return false
		}
	}
	return true
}
