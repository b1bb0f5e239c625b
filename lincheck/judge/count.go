package judge

import (
	"fmt"
	"time"

	"doublebuf/lincheck/history"
	"doublebuf/lincheck/order"
)

// countedWrong judges each Len of a linearizable history that need not count at one instant. It
// may count each key as present or not, as at any instant between its call and its return.
// countedWrong returns the first one whose number lies outside of these bounds, or else Ok. The
// bounds of one Len are exact, key by key. What two of them say together is not judged.
func countedWrong(h *history.History, work *order.Work) windowResult {
	var counting *lenBounds
	ambiguous := windowResult{outcome: history.Ok}
	for i := range h.Calls {
		c := &h.Calls[i]
		if c.Op != history.Len || c.Snapshot || c.Return == history.Never {
			continue
		}
		if counting == nil {
			counting = &lenBounds{h: h, work: work, keys: partsByKey(h), left: mostCounted}
		}
		if least, most, wrong := counting.wrong(i, h.Slack); wrong {
			return windowResult{
				outcome: history.Illegal,
				reason:  fmt.Sprintf("client %d %s, but between its call and its return the number of keys was %s", c.Client, h.Describe(*c), numbers(least, most)),
				illegal: h,
			}
		}
		if h.Slack == 0 || ambiguous.ambiguous {
			continue
		}
		if _, _, wrong := counting.wrong(i, 0); wrong {
			ambiguous = windowResult{reason: fmt.Sprintf("illegal only if the clocks are right to within %v", h.Slack), ambiguous: true}
		}
	}
	return ambiguous
}

// numbers returns a range of numbers as text.
func numbers(least, most uint64) string {
	if least == most {
		return fmt.Sprint(least)
	}
	return fmt.Sprintf("%d to %d", least, most)
}

// keyCall is a call about one key, or the part of a call that is about it.
type keyCall struct {
	*history.Call
	of int // the index of its call in the history
}

// lenBounds finds how many keys a Len in a history may have counted.
type lenBounds struct {
	h    *history.History
	work *order.Work
	keys map[history.Word][]keyCall
	left int // steps of searches that it may still take
}

// mostCounted is the number of steps after which the bounds are no longer exact. They take about a
// second.
const mostCounted = 1 << 20

// partsByKey returns the calls about each key, and the parts of those about all keys.
func partsByKey(h *history.History) map[history.Word][]keyCall {
	byKey := map[history.Word][]keyCall{}
	keys := order.Keys(h.Calls)
	for i := range h.Calls {
		own := h.Calls[i]
		own.Snapshot = false
		for _, c := range order.Divide(&own, keys) {
			byKey[c.Key] = append(byKey[c.Key], keyCall{c, i})
		}
	}
	return byKey
}

// wrong reports whether the Len with the index i counts fewer keys than were certainly there, or
// more than may have been there. Calls of different clients have an order only if they are more
// than the slack apart.
func (n *lenBounds) wrong(i int, slack time.Duration) (least, most uint64, wrong bool) {
	result := uint64(n.h.Calls[i].Result.Word)
	var both []history.Word // keys that may have been there or not
	for key, list := range n.keys {
		switch absent, present := presence(list, &n.h.Calls[i], int64(slack)); {
		case absent && present:
			both = append(both, key)
		case present:
			least++
		}
	}
	for most = least + uint64(len(both)); len(both) > 0 && result >= least && result <= most; both = both[1:] {
		if !n.can(both[0], i, false, slack) {
			least++
		}
		if !n.can(both[0], i, true, slack) {
			most--
		}
	}
	return least, most, result < least || result > most
}

// can reports whether the calls about key have an order in which the Len with the index i counts
// the key, or does not count it.
func (n *lenBounds) can(key history.Word, i int, counted bool, slack time.Duration) bool {
	list := n.keys[key]
	if n.left -= len(list); n.left < 0 {
		return true
	}
	part := n.h.Calls[i]
	part.Key, part.Result = key, history.Some(0)
	if counted {
		part.Result = history.Some(1)
	}
	s := order.New(order.Model[history.Value](order.OneKey{}), history.Value{}, slack, n.work)
	added := false
	for _, c := range list {
		if !added && c.of > i {
			added = true
			s.Add(&part)
		}
		s.Add(c.Call)
	}
	if !added {
		s.Add(&part)
	}
	s.Advance(history.Never)
	outcome, _ := s.Answer()
	return outcome != history.Illegal
}

// presence reports whether a key may have been absent, and present, at some instant of c. It looks
// at the times of its writes alone. A write counts if it may be the last one at such an instant: it
// was called before c returned, and no other write is for certain after it and before c.
func presence(list []keyCall, c *history.Call, slack int64) (absent, present bool) {
	latest, some := int64(0), false // of the calls of writes that are before c for certain
	for _, w := range list {
		if !order.IsRead(w.Call) && w.Return < c.Called-slack && (!some || w.Called > latest) {
			latest, some = w.Called, true
		}
	}
	absent = !some
	for _, w := range list {
		if order.IsRead(w.Call) || w.Called > c.Return+slack || some && w.Return < latest-slack {
			continue
		}
		switch w.Op {
		case history.Set, history.Swap, history.LoadOrStore, history.CompareAndSwap:
			present = true
		default:
			absent = true
		}
	}
	return absent, present
}
