package judge

import (
	"math"
	"slices"
	"time"

	"doublebuf/lincheck/history"
	"doublebuf/lincheck/order"
)

// reduceLimit is the time for reducing one history.
const reduceLimit = 3 * time.Second

// Reduce returns a smaller history that breaks the same law as h, which is Illegal. It leaves h
// unchanged. It blocks for a few seconds at most.
//
// Reduce removes only events that a legal history can lose and stay legal. So the rest is Illegal
// for the same reason, and not because something is missing. It removes keys with all their events,
// reads, writes that no call read, publishes without effect, and events before a moment at which
// the state is known. It is delta debugging after Zeller and Hildebrandt (2002).
func Reduce(h *history.History) *history.History {
	deadline := time.Now().Add(reduceLimit)
	want := judgeWithin(h, judgeLimit)
	h = without(h, nil) // a copy
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
		h = thin(h, callsWhere(h, order.IsRead), still)
		h = thin(h, callsWhere(h, func(c *history.Call) bool { return unread(h, c) }), still)
		h = thin(h, callsWhere(h, func(c *history.Call) bool { return withoutEffect(h, c) }), still)
	}
	v := judgeWithin(h, judgeLimit)
	h.Verdict, h.Checker, h.Note = v.Outcome, v.Checker, v.Reason
	return h
}

// size returns the number of events of h.
func size(h *history.History) int { return len(h.Calls) + len(h.Guards) }

// thin removes as many of the items as it can while still holds. It tries large chunks first, and
// then halves them. Items are indexes of calls; items from len(h.Calls) on are indexes of guards.
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

// without returns a copy of h without the items in gone.
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

// withoutKeys removes each key that it can, while still holds.
func withoutKeys(h *history.History, still func(*history.History) bool) *history.History {
	if counts(h) {
		return h
	}
	for key := range keysOf(h) {
		if less := withoutKey(h, key); still(less) {
			h = less
		}
	}
	return h
}

// withoutKey returns h without all events of key. A history must not count its entries.
func withoutKey(h *history.History, key history.Word) *history.History {
	less := &history.History{Header: h.Header, Names: h.Names}
	for _, c := range h.Calls {
		if c.Op == history.Publish || c.Op.AllKeys() || c.Key != key {
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
	for i := range less.Calls {
		c := &less.Calls[i]
		c.All, c.Removed = others(c.All), others(c.Removed)
	}
	for _, g := range h.Guards {
		g.Reads, g.All = others(g.Reads), others(g.All)
		less.Guards = append(less.Guards, g)
	}
	return less
}

// counts reports whether a call of h counts the entries.
func counts(h *history.History) bool {
	return slices.ContainsFunc(h.Calls, func(c history.Call) bool { return c.Op == history.Len })
}

// unreadGuards returns the items of all guards: no event depends on a guard.
func unreadGuards(h *history.History) []int {
	items := make([]int, len(h.Guards))
	for i := range items {
		items[i] = len(h.Calls) + i
	}
	return items
}

// callsWhere returns the indexes of the calls for which ok holds.
func callsWhere(h *history.History, ok func(*history.Call) bool) []int {
	var items []int
	for i := range h.Calls {
		if ok(&h.Calls[i]) {
			items = append(items, i)
		}
	}
	return items
}

// unread reports whether w is a write that no call can have seen. Stamped guards may have seen any
// write.
func unread(h *history.History, w *history.Call) bool {
	if h.Claim.Stamped() || w.Op != history.Set && w.Op != history.Delete || counts(h) {
		return false
	}
	value := history.Value{Word: w.New, Ok: w.Op == history.Set}
	seen, first := false, true
	for i := range h.Calls {
		c := &h.Calls[i]
		if c != w && c.Op.AllKeys() {
			p, _, _ := order.NewParter(c)
			if c = p.About(w.Key); c == nil {
				continue
			}
		}
		if c == w || c.Op == history.Publish || c.Key != w.Key {
			continue
		}
		seen = seen || maySee(c, value)
		first = first && (c.Op == history.Get || c.Called > w.Return)
	}
	// A first delete changes nothing: the key holds nothing at first.
	return !seen || first && w.Op == history.Delete
}

// maySee reports whether the result of c can depend on its key having held value.
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

// withoutPast removes the calls before the latest moment at which the state of the one key of h is
// known: after a write that no call overlaps, or after such a publish and the last such write
// before it. Earlier writes that later calls saw stay: they show that a value is stale and not
// invented.
func withoutPast(h *history.History, still func(*history.History) bool) *history.History {
	allKeys := slices.ContainsFunc(h.Calls, func(c history.Call) bool { return c.Op.AllKeys() })
	if h.Claim.Stamped() || len(keysOf(h)) != 1 || allKeys {
		return h
	}
	latest := int64(math.MinInt64) // latest return so far
	var moments [][2]int           // the write and the first call after it that stays
	write := -1                    // the last write, if no call overlaps it
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

// withoutEnd removes calls at the end that do not show the violation. It cuts where a call was
// called after every earlier call had returned. In a history of stamped guards it cuts after the
// publish of the newest version that a guard has.
func withoutEnd(h *history.History, still func(*history.History) bool) *history.History {
	latest, made := int64(math.MinInt64), uint64(0)
	newest := h.From // newest version that a guard has
	for i := range h.Guards {
		newest = max(newest, h.Guards[i].Version)
	}
	for i := range h.Calls {
		c := &h.Calls[i]
		mayEnd := c.Called > latest
		if h.Claim.Stamped() {
			mayEnd = made >= newest-h.From
		}
		if mayEnd {
			less := without(h, nil)
			if less.Calls = less.Calls[:i]; still(less) {
				return less
			}
		}
		if c.Return != history.Never {
			latest = max(latest, c.Return)
		}
		if c.Op == history.Publish && c.Version <= newest {
			made++
		}
	}
	return h
}

// withoutBeginning removes, from a history of stamped guards, the publishes of versions that are
// older than all guards. Their writes then become visible with the first publish that is left.
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
		if c.Op == history.Publish && c.Version < from {
			less.From = max(less.From, c.Version)
			continue
		}
		less.Calls = append(less.Calls, c)
	}
	if less.From > h.From && still(less) {
		return less
	}
	return h
}

// since returns h without most of the calls before index from. The call at index write stays, and
// so do sets of a value that a call from there on saw.
func since(h *history.History, write, from int) *history.History {
	gone := map[int]bool{}
	for i := range h.Calls[:from] {
		w := &h.Calls[i]
		seen := slices.ContainsFunc(h.Calls[from:], func(c history.Call) bool { return maySee(&c, history.Some(w.New)) })
		gone[i] = i != write && !(seen && w.Op == history.Set)
	}
	return without(h, gone)
}

// keysOf returns the keys of the calls of h.
func keysOf(h *history.History) map[history.Word]bool {
	keys := map[history.Word]bool{}
	for _, key := range order.Keys(h.Calls) {
		keys[key] = true
	}
	return keys
}

// withoutEffect reports whether, in every order of effects, publish p makes nothing visible or no
// call reads after it. Stamped guards count publishes, so a history of them needs all publishes.
func withoutEffect(h *history.History, p *history.Call) bool {
	if p.Op != history.Publish || h.Claim.Stamped() {
		return false
	}
	return noneReadsAfter(h, p) || publishedBefore(h, p)
}

// noneReadsAfter reports whether no read may take effect after publish p.
func noneReadsAfter(h *history.History, p *history.Call) bool {
	for i := range h.Calls {
		if c := &h.Calls[i]; order.IsRead(c) && c.Return >= p.Called {
			return false
		}
	}
	return true
}

// publishedBefore reports whether some publish q that returned before p was called had to cover
// every write that p can cover. Each write had returned before q was called, or was called after p
// returned.
func publishedBefore(h *history.History, p *history.Call) bool {
	var q *history.Call // the last such publish in the order of calls
	for i := range h.Calls {
		if c := &h.Calls[i]; c.Op == history.Publish && c.Return < p.Called {
			q = c
		}
	}
	for i := range h.Calls {
		c := &h.Calls[i]
		write := c.Op == history.Set || c.Op == history.Delete || c.Op == history.Clear
		if write && c.Called <= p.Return && (q == nil || c.Return >= q.Called-int64(h.Slack)) {
			return false
		}
	}
	return true
}
