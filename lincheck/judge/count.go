package judge

import (
	"fmt"

	"doublebuf/lincheck/history"
	"doublebuf/lincheck/order"
)

// countedWrong judges each Len of a linearizable history that need not count at one instant. It may
// count each key as present or not, as at any instant between its call and its return. It returns
// the first one whose number lies outside of these bounds, as Illegal, or else Ok.
func countedWrong(h *history.History) windowResult {
	var writes map[history.Word][]*history.Call // by key
	for i := range h.Calls {
		c := &h.Calls[i]
		if c.Op != history.Len || c.Snapshot || c.Return == history.Never {
			continue
		}
		if writes == nil {
			writes = writesByKey(h)
		}
		least, most := uint64(0), uint64(0)
		for _, list := range writes {
			absent, present := presence(list, c, int64(h.Slack))
			if !absent {
				least++
			}
			if present {
				most++
			}
		}
		if n := uint64(c.Result.Word); n < least || n > most {
			return windowResult{
				outcome: history.Illegal,
				reason:  fmt.Sprintf("client %d %s, but the map held from %d to %d keys between its call and its return", c.Client, h.Describe(*c), least, most),
				illegal: h,
			}
		}
	}
	return windowResult{outcome: history.Ok}
}

// writesByKey returns the calls that may change each key, in their parts.
func writesByKey(h *history.History) map[history.Word][]*history.Call {
	writes := map[history.Word][]*history.Call{}
	keys := order.Keys(h.Calls)
	for i := range h.Calls {
		parts := []*history.Call{&h.Calls[i]}
		if c := &h.Calls[i]; c.Op.AllKeys() {
			own := *c
			own.Snapshot = false
			parts = order.Divide(&own, keys)
		}
		for _, c := range parts {
			if !order.IsRead(c) {
				writes[c.Key] = append(writes[c.Key], c)
			}
		}
	}
	return writes
}

// presence reports whether the key of the writes may have been absent, and present, at some instant
// of c. A write counts if it may be the last one at such an instant: it was called before c
// returned, and no other write is for certain after it and before c.
func presence(writes []*history.Call, c *history.Call, slack int64) (absent, present bool) {
	latest, some := int64(0), false // of the calls of writes that are before c for certain
	for _, w := range writes {
		if w.Return < c.Called-slack && (!some || w.Called > latest) {
			latest, some = w.Called, true
		}
	}
	absent = !some
	for _, w := range writes {
		if w.Called > c.Return+slack || some && w.Return < latest-slack {
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
