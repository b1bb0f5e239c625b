package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"doublebuf/lincheck/history"
)

// windowCalls is how many calls of a partition are judged at once, if more follow: a window is
// at least so long, unless it would have more clients than porcupine can bear.
const windowCalls = 256

// endsLimit is how long the values that a window can have left are searched for, in vain. Nearly all searches
// take a millisecond.
const endsLimit = 100 * time.Millisecond

// windows has porcupine judge the calls of one partition of a history, about one key, window by
// window, so that the time is in proportion to their number and what has been judged can be
// forgotten. A window ends at a quiescent point: all of its calls returned, beyond doubt,
// before the next was called, and of batches none is pending. So every order of effects
// of the whole is one of the first window followed by one of the rest, and all that the rest needs to
// know is which values the first can have left (Wing and Gong's search is cut, not changed).
//
// Those values are found with the returns widened by the slack. So what is Illegal here is Illegal
// wherever the window is cut; Ok is up to what the clocks can tell.
type windows struct {
	h        *history.History // for the claim, the slack and the names
	searches *searches
	brief    time.Duration   // see endsLimit
	starts   []history.Value // that the key may hold as the window begins; none if that is not known
	later    bool            // this is not the first window
	calls    []*history.Call
	clients  map[int]bool
	latest   int64 // of the returns
	written  int64 // likewise of writes, if they come in batches
	pending  bool  // a batch may be
	cut      int   // so many of the calls end at the last quiescent point; 0 if there was none
}

func newWindows(h *history.History, s *searches) *windows {
	w := &windows{h: h, searches: s, brief: endsLimit, starts: []history.Value{{}}, clients: map[int]bool{}}
	w.clear()
	return w
}

// clear makes the window empty.
func (w *windows) clear() {
	w.calls, w.latest, w.written, w.pending, w.cut = w.calls[:0], 0, 0, false, 0
	clear(w.clients)
}

// quiet reports whether the window may end before a call at the time now.
func (w *windows) quiet(now int64) bool {
	return len(w.calls) > 0 && !w.pending && w.latest < now-int64(w.h.Slack)
}

// add takes the next call, in the order in which they were called. It returns Ok if that does not
// end a window.
func (w *windows) add(c *history.Call) judged {
	j := judged{outcome: history.Ok}
	if w.quiet(c.Called) {
		w.cut = len(w.calls)
	}
	crowd := len(w.clients) == maxClients && !w.clients[c.Client]
	if w.cut > 0 && (crowd || w.cut >= windowCalls) {
		rest := slices.Clone(w.calls[w.cut:])
		w.calls = w.calls[:w.cut]
		w.latest, w.clients = 0, map[int]bool{}
		for _, c := range w.calls {
			w.latest, w.clients[c.Client] = max(w.latest, c.Return), true
		}
		if j = w.end(false); j.outcome == history.Illegal {
			return j
		}
		for _, c := range rest {
			w.add(c) // which ends no window: there is no quiescent point among them
		}
	}
	if len(w.calls) == 0 {
		w.latest, w.written = c.Called, c.Called
	}
	if len(w.calls) <= maxPartition {
		w.calls = append(w.calls, c)
	} else {
		w.cut = 0 // it is given up as a whole: what is not kept would be missing from the rest of it
	}
	w.clients[c.Client] = true
	w.latest = max(w.latest, c.Return)
	switch {
	case w.h.Claim == history.ClaimLinearizable || c.Op == history.Get:
	case c.Op != history.Publish:
		w.pending, w.written = true, max(w.written, c.Return)
	case w.written < c.Called-int64(w.h.Slack):
		w.pending = false
	}
	return j
}

// judged is what was found of a window.
type judged struct {
	outcome   history.Outcome
	reason    string
	ambiguous bool
	shows     *history.History // the window, if it is Illegal
}

// end judges the window and begins the next one, unless it is the last.
func (w *windows) end(last bool) judged {
	j := w.judge()
	if !last && j.outcome != history.Illegal {
		w.starts, w.later = w.ends(), true
		w.clear()
	}
	return j
}

func (w *windows) judge() judged {
	if len(w.calls) > maxPartition || len(w.clients) > maxClients {
		return judged{reason: fmt.Sprintf("%d clients and %s operations in one partition; porcupine answers for up to %d and %d", len(w.clients), w.size(), maxClients, maxPartition)}
	}
	if len(w.starts) == 0 {
		return judged{reason: fmt.Sprintf("what key %s held before a window is not known, since the one before that was not judged", w.h.FormatWord(w.key()))}
	}
	ops := w.operations(0)
	switch w.fromAny(ops, false) {
	case porcupine.Ok:
		return judged{outcome: history.Ok}
	case porcupine.Unknown:
		return judged{reason: fmt.Sprintf("no answer within %v", w.searches.limit)}
	}
	switch w.fromAny(w.operations(w.h.Slack), true) {
	case porcupine.Ok:
		return judged{reason: fmt.Sprintf("illegal only if the clocks are right to within %v", w.h.Slack), ambiguous: true}
	case porcupine.Unknown:
		return judged{reason: fmt.Sprintf("illegal as stamped, but whether also with a slack of %v was not found within %v", w.h.Slack, w.searches.limit)}
	}
	return judged{outcome: history.Illegal, reason: w.reason(), shows: w.history()}
}

func (w *windows) size() string {
	if n := len(w.calls); n <= maxPartition {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("over %d", maxPartition)
}

// fromAny searches for an order of the operations from any of the values that the key may hold.
// They are wide if their returns have been made later.
func (w *windows) fromAny(ops []porcupine.Operation, wide bool) porcupine.CheckResult {
	result := porcupine.Illegal
	for _, start := range w.starts {
		switch w.searches.from(w.h, start, ops, wide) {
		case porcupine.Ok:
			return porcupine.Ok
		case porcupine.Unknown:
			result = porcupine.Unknown
		}
	}
	return result
}

// ends returns the values that the key may hold when all calls have taken effect; none
// if that is not known.
func (w *windows) ends() []history.Value {
	if len(w.calls) > maxPartition {
		return nil // not all of them are there
	}
	latest, none := int64(0), true
	for _, c := range w.calls {
		if _, known := w.leaves(c); known && (none || c.Called > latest) {
			latest, none = c.Called, false
		}
	}
	var ends []history.Value
	if none {
		ends = slices.Clone(w.starts)
	}
	// Else the last of those calls to take effect is one that none of them came after for certain.
	for _, c := range w.calls {
		if v, known := w.leaves(c); known && c.Return >= latest-int64(w.h.Slack) && !slices.Contains(ends, v) {
			ends = append(ends, v)
		}
	}
	if len(ends) == 1 || len(w.starts) == 0 || len(w.clients) > maxClients {
		return ends
	}
	after := w.latest + int64(w.h.Slack) + 1
	// What a brief search does not exclude counts as possible, which makes nothing Illegal. A long one is
	// porcupine's worst case, an order that is not there, and takes a GiB within seconds.
	brief := *w
	brief.searches = &searches{limit: w.brief}
	return slices.DeleteFunc(ends, func(v history.Value) bool {
		look := &history.Call{Client: w.calls[0].Client, Op: history.Get, Key: w.key(), Result: v, Called: after, Return: after + 1}
		return brief.fromAny(append(w.operations(w.h.Slack), operation(look, w.h.Slack)), true) == porcupine.Illegal
	})
}

// leaves returns what the key holds when c, which returned, has taken effect, if that is known.
func (w *windows) leaves(c *history.Call) (history.Value, bool) {
	switch c.Op {
	case history.Set, history.Swap:
		return history.Some(c.New), true
	case history.Delete, history.LoadAndDelete:
		return history.Value{}, true
	case history.Get, history.LoadOrStore:
		return c.Result, w.h.Claim == history.ClaimLinearizable // of batches it holds what is written, not what is read
	case history.CompareAndSwap:
		return history.Some(c.New), c.Did
	case history.CompareAndDelete:
		return history.Value{}, c.Did
	}
	return history.Value{}, false
}

// operations are the calls as porcupine takes them, with returns later by slack, so that no two of
// different clients are ordered by less.
func (w *windows) operations(slack time.Duration) []porcupine.Operation {
	ops := make([]porcupine.Operation, len(w.calls), len(w.calls)+1)
	for i, c := range w.calls {
		ops[i] = operation(c, slack)
	}
	return ops
}

// key is that which the calls are about.
func (w *windows) key() history.Word {
	for _, c := range w.calls {
		if c.Op != history.Publish {
			return c.Key
		}
	}
	return 0
}

// reason tells why the window is Illegal, and what it did if that is little, in the order of the calls.
func (w *windows) reason() string {
	const few = 8
	text := fmt.Sprintf("no order of the %d calls about key %s", len(w.calls), w.h.FormatWord(w.key()))
	if w.later {
		var held []string
		for _, v := range w.starts {
			held = append(held, w.h.FormatValue(v))
		}
		text += fmt.Sprintf(" between %d and %d, before which it held %s,", w.calls[0].Called, w.latest, strings.Join(held, " or "))
	}
	text += " explains what they returned"
	if len(w.calls) > few {
		return text
	}
	for i, c := range w.calls {
		text += fmt.Sprintf("%sclient %d %s", map[bool]string{true: ": ", false: "; "}[i == 0], c.Client, w.h.Describe(*c))
	}
	return text
}

// history is the window as a history of its own. What the key holds as it begins is set by a call that
// was not recorded.
func (w *windows) history() *history.History {
	h := &history.History{Header: w.h.Header, Names: w.h.Names}
	if start := w.starts[0]; w.later && start.Ok {
		before := w.calls[0].Called - int64(h.Slack) - 4
		h.Calls = append(h.Calls, history.Call{Client: w.calls[0].Client, Op: history.Set, Key: w.key(), New: start.Word, Called: before, Return: before + 1})
		if h.Claim != history.ClaimLinearizable {
			h.Calls = append(h.Calls, history.Call{Client: w.calls[0].Client, Op: history.Publish, Called: before + 2, Return: before + 3})
		}
	}
	for _, c := range w.calls {
		h.Calls = append(h.Calls, *c)
	}
	return h
}

// searches are those of one history. Together those that find no answer take no longer than limit.
type searches struct {
	limit, vain time.Duration
}

// from has porcupine search for an order of the operations from a key that holds start.
func (s *searches) from(h *history.History, start history.Value, ops []porcupine.Operation, wide bool) porcupine.CheckResult {
	model, _ := modelFrom(h, start)
	model.Partition = nil
	if wide {
		model = inOrder(model, ops)
	}
	began := time.Now()
	result := porcupine.CheckOperationsTimeout(model, ops, max(s.limit-s.vain, time.Microsecond)) // 0 would be no limit
	if result == porcupine.Unknown {
		s.vain += time.Since(began)
	}
	return result
}
