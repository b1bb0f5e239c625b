package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"doublebuf/lincheck/history"
	"doublebuf/lincheck/order"
)

// windowCalls is the least number of calls in a window, if more follow.
const windowCalls = 256

// windows judges calls by one model, in the order in which they were called. It searches for an
// order of the calls as stamped, and for one in which calls of different clients have an order only
// if they are more than the slack apart. It is Illegal if there is none with the slack, and Ok if
// there is one as stamped.
//
// It keeps the calls of the current window as evidence. A window ends at a quiet moment, when all
// calls of it have returned but those that never return. What came before is forgotten then, except
// the states that it can have led to. So the memory does not grow with the calls.
type windows[S comparable] struct {
	h           *history.History // for the claim, the slack and the names
	key         string           // the key that all calls are about, as text; "" = they are about any
	exact, wide *order.Search[S] // the same if there is no slack
	// entries returns the entries that a map in the state holds. nil = the window never ends.
	entries func(S) []history.Read
	starts  []S // states at the beginning of the window; none = the window is the first
	calls   []*history.Call
	latest  int64 // latest return in the window
	// lost has, for each part that never returned, the call that it is a part of.
	lost map[*history.Call]*history.Call
}

// newWindows returns windows of calls from the state from. The function model returns a new model
// in which calls of different clients less than slack apart have no order.
func newWindows[S comparable](h *history.History, key string, model func(slack time.Duration) order.Model[S], from S, work *order.Work) *windows[S] {
	w := &windows[S]{h: h, key: key, wide: order.New(model(h.Slack), from, h.Slack, work), lost: map[*history.Call]*history.Call{}}
	if w.exact = w.wide; h.Slack > 0 {
		w.exact = order.New(model(0), from, 0, work)
	}
	return w
}

// advance goes on to a time. No call is called before it that has not been added.
func (w *windows[S]) advance(now int64) {
	w.wide.Advance(now)
	if w.exact != w.wide {
		w.exact.Advance(now)
	}
}

// add takes the next call, and its parts: more than one if it may take effect for each key at a
// separate instant.
func (w *windows[S]) add(c *history.Call, parts ...*history.Call) {
	if w.advance(c.Called); w.illegal() {
		return
	}
	if len(w.calls) >= windowCalls {
		w.cut()
	}
	w.wide.Add(parts...)
	if w.exact != w.wide {
		w.exact.Add(parts...)
	}
	if w.calls = append(w.calls, c); c.Return != history.Never {
		w.latest = max(w.latest, c.Return)
		return
	}
	for _, part := range parts {
		w.lost[part] = c
	}
}

// cut ends the window, if it may end now, and reports whether it did.
func (w *windows[S]) cut() bool {
	if w.entries == nil {
		return false
	}
	starts, lost := w.wide.States()
	if len(starts) == 0 {
		return false
	}
	w.starts, w.calls, w.latest = starts, nil, 0
	left := map[*history.Call]*history.Call{}
	for _, part := range lost {
		c := w.lost[part]
		if left[part] = c; !slices.Contains(w.calls, c) {
			w.calls = append(w.calls, c)
		}
	}
	w.lost = left
	return true
}

func (w *windows[S]) illegal() bool {
	o, _ := w.wide.Answer()
	return o == history.Illegal
}

// windowResult is what a checker found.
type windowResult struct {
	outcome   history.Outcome
	reason    string
	ambiguous bool
	illegal   *history.History // the window, if it is Illegal
}

// result returns what the searches have found so far.
func (w *windows[S]) result() windowResult {
	wide, whyWide := w.wide.Answer()
	exact, why := w.exact.Answer()
	switch {
	case wide == history.Illegal:
		return windowResult{outcome: history.Illegal, reason: w.reason(), illegal: w.history()}
	case exact == history.Ok:
		return windowResult{outcome: history.Ok}
	case exact == history.Unknown:
		return windowResult{reason: why}
	case wide == history.Unknown:
		return windowResult{reason: fmt.Sprintf("illegal as stamped; whether it is also illegal with a slack of %v is not known: %s", w.h.Slack, whyWide)}
	}
	return windowResult{reason: fmt.Sprintf("illegal only if the clocks are right to within %v", w.h.Slack), ambiguous: true}
}

// reason returns why the window is Illegal. It lists the calls if they are few, in order.
func (w *windows[S]) reason() string {
	const few = 8
	text := fmt.Sprintf("no order of the %d calls", len(w.calls))
	if w.key != "" {
		text += " about key " + w.key
	}
	if len(w.starts) > 0 {
		var held []string
		for _, s := range w.starts {
			held = append(held, w.describe(s))
		}
		slices.Sort(held)
		text += fmt.Sprintf(" between %d and %d, before which it held %s,", w.calls[0].Called, w.latest, strings.Join(held, " or "))
	}
	text += " explains what they returned"
	if len(w.calls) > few {
		return text
	}
	for i, c := range w.calls {
		text += fmt.Sprintf("%sclient %d %s", map[bool]string{true: ": ", false: "; "}[i == 0], c.Client, describeAbout(w.h, c, w.key))
	}
	return text
}

// describeAbout returns c as text. If it says nothing of the key that it should be about, the text
// says that.
func describeAbout(h *history.History, c *history.Call, key string) string {
	if looks := c.Op == history.Walk || c.Op == history.Retain; key != "" && looks && c.Return != history.Never && len(c.All)+len(c.Removed) == 0 {
		return fmt.Sprintf("%v() did not see %s", c.Op, key)
	}
	return h.Describe(*c)
}

// describe returns what a map in state s holds, as text.
func (w *windows[S]) describe(s S) string {
	var list []string
	for _, r := range w.entries(s) {
		text := w.h.FormatValue(r.Value)
		if w.key == "" {
			text = w.h.FormatWord(r.Key) + " -> " + text
		}
		list = append(list, text)
	}
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// history returns the window as a separate history. Added calls set what the map holds at the
// beginning, in the first of the possible states.
func (w *windows[S]) history() *history.History {
	h := &history.History{Header: w.h.Header, Names: w.h.Names}
	if len(w.starts) > 0 {
		entries := w.entries(w.starts[0])
		client, first := w.calls[0].Client, w.calls[0].Called
		for _, c := range slices.Backward(w.calls) {
			if c.Return != history.Never {
				first = c.Called
			}
		}
		if first != w.calls[0].Called { // a call from before the window never returned
			client = 1 + slices.MaxFunc(w.calls, func(a, b *history.Call) int { return a.Client - b.Client }).Client
		}
		at := first - int64(h.Slack) - 2*int64(len(entries)) - 2
		for _, e := range entries {
			h.Calls = append(h.Calls, history.Call{Client: client, Op: history.Set, Key: e.Key, New: e.Value.Word, Called: at, Return: at + 1})
			at += 2
		}
	}
	for _, c := range w.calls {
		h.Calls = append(h.Calls, *c)
	}
	h.Sort()
	return h
}
