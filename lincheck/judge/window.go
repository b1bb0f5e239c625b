package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"doublebuf/lincheck/history"
)

// windowCalls is the least length of a window, in calls, if more calls follow. A window is shorter
// if it would otherwise have more than maxClients clients.
const windowCalls = 256

// endsLimit is the total time of the searches without an answer for the values that one window can
// leave. Nearly all searches take a millisecond.
const endsLimit = 100 * time.Millisecond

// windows lets porcupine judge the calls of one partition of a history, about one key, window by
// window. So the time is in proportion to the number of calls, and judged calls can be forgotten.
//
// A window ends at a quiescent point: all of its calls had returned, by more than the slack, before
// the next call was called, and no batch is pending. So every order of effects of the whole is an
// order of the first window followed by an order of the rest. The rest needs to know only which
// values the first window can leave. This cuts Wing and Gong's search, but does not change it.
//
// These values are found with the returns widened by the slack. So an Illegal window is Illegal
// wherever it is cut; an Ok window is Ok as far as the clocks can tell.
type windows struct {
	h        *history.History // for the claim, the slack and the names
	searches *searches
	brief    time.Duration   // endsLimit, or less in tests
	starts   []history.Value // values that the key may hold at the beginning; none = not known
	later    bool            // the window is not the first
	calls    []*history.Call
	clients  map[int]bool
	latest   int64 // latest return
	written  int64 // latest return of a write, if writes come in batches
	pending  bool  // a batch may be pending
	cut      int   // number of calls before the last quiescent point; 0 = there was none
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

// quiet reports whether the window may end before a call that is called at the time now.
func (w *windows) quiet(now int64) bool {
	return len(w.calls) > 0 && !w.pending && w.latest < now-int64(w.h.Slack)
}

// add takes the next call, in the order in which the calls were called. If the call ends a window,
// add returns the result for that window; else it returns Ok.
func (w *windows) add(c *history.Call) windowResult {
	j := windowResult{outcome: history.Ok}
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
			w.add(c) // ends no window: there is no quiescent point among these calls
		}
	}
	if len(w.calls) == 0 {
		w.latest, w.written = c.Called, c.Called
	}
	if len(w.calls) <= maxPartition {
		w.calls = append(w.calls, c)
	} else {
		w.cut = 0 // the checker gives up the whole window: it lacks calls
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

// windowResult is what a checker found in a window.
type windowResult struct {
	outcome   history.Outcome
	reason    string
	ambiguous bool
	illegal   *history.History // the window, if it is Illegal
}

// end judges the window and begins the next one, unless it is the last.
func (w *windows) end(last bool) windowResult {
	j := w.judge()
	if !last && j.outcome != history.Illegal {
		w.starts, w.later = w.ends(), true
		w.clear()
	}
	return j
}

func (w *windows) judge() windowResult {
	if len(w.calls) > maxPartition || len(w.clients) > maxClients {
		return windowResult{reason: fmt.Sprintf("%d clients and %s operations in one partition; porcupine answers for up to %d and %d", len(w.clients), w.size(), maxClients, maxPartition)}
	}
	if len(w.starts) == 0 {
		return windowResult{reason: fmt.Sprintf("what key %s held before this window is not known, because the window before it was not judged", w.h.FormatWord(w.key()))}
	}
	ops := w.operations(0)
	switch w.fromAny(ops, false) {
	case porcupine.Ok:
		return windowResult{outcome: history.Ok}
	case porcupine.Unknown:
		return windowResult{reason: fmt.Sprintf("no answer within %v", w.searches.limit)}
	}
	switch w.fromAny(w.operations(w.h.Slack), true) {
	case porcupine.Ok:
		return windowResult{reason: fmt.Sprintf("illegal only if the clocks are right to within %v", w.h.Slack), ambiguous: true}
	case porcupine.Unknown:
		return windowResult{reason: fmt.Sprintf("illegal as stamped; whether it is also illegal with a slack of %v was not decided within %v", w.h.Slack, w.searches.limit)}
	}
	return windowResult{outcome: history.Illegal, reason: w.reason(), illegal: w.history()}
}

func (w *windows) size() string {
	if n := len(w.calls); n <= maxPartition {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("over %d", maxPartition)
}

// fromAny searches for an order of the operations from any of the values that the key may hold at
// the beginning. wide says that the returns have been made later.
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

// ends returns the values that the key may hold when all calls have taken effect, or nothing if
// that is not known.
func (w *windows) ends() []history.Value {
	if len(w.calls) > maxPartition {
		return nil // the window lacks calls
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
	// Among the calls that leave a known value, the last to take effect is one that no other of
	// them followed for certain.
	for _, c := range w.calls {
		if v, known := w.leaves(c); known && c.Return >= latest-int64(w.h.Slack) && !slices.Contains(ends, v) {
			ends = append(ends, v)
		}
	}
	if len(ends) == 1 || len(w.starts) == 0 || len(w.clients) > maxClients {
		return ends
	}
	after := w.latest + int64(w.h.Slack) + 1
	// A value that a brief search does not exclude counts as possible; that makes no history
	// Illegal. A long search is porcupine's worst case, an order that does not exist: it takes a
	// GiB within seconds.
	brief := *w
	brief.searches = &searches{limit: w.brief}
	return slices.DeleteFunc(ends, func(v history.Value) bool {
		look := &history.Call{Client: w.calls[0].Client, Op: history.Get, Key: w.key(), Result: v, Called: after, Return: after + 1}
		return brief.fromAny(append(w.operations(w.h.Slack), operation(look, w.h.Slack)), true) == porcupine.Illegal
	})
}

// leaves returns what the key holds after c, which returned, has taken effect, and whether that is
// known.
func (w *windows) leaves(c *history.Call) (history.Value, bool) {
	switch c.Op {
	case history.Set, history.Swap:
		return history.Some(c.New), true
	case history.Delete, history.LoadAndDelete:
		return history.Value{}, true
	case history.Get, history.LoadOrStore:
		// In batches a read says nothing about the latest write.
		return c.Result, w.h.Claim == history.ClaimLinearizable
	case history.CompareAndSwap:
		return history.Some(c.New), c.Did
	case history.CompareAndDelete:
		return history.Value{}, c.Did
	}
	return history.Value{}, false
}

// operations returns the calls in porcupine's form, with returns later by slack. So no order of two
// calls of different clients rests on less than the slack.
func (w *windows) operations(slack time.Duration) []porcupine.Operation {
	ops := make([]porcupine.Operation, len(w.calls), len(w.calls)+1)
	for i, c := range w.calls {
		ops[i] = operation(c, slack)
	}
	return ops
}

// key returns the key of the calls.
func (w *windows) key() history.Word {
	for _, c := range w.calls {
		if c.Op != history.Publish {
			return c.Key
		}
	}
	return 0
}

// reason returns why the window is Illegal. It lists the calls if they are few, in order.
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

// history returns the window as a separate history. An added call sets what the key holds at the
// beginning.
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

// searches limits the searches of one history. All searches without an answer take no longer than
// limit together.
type searches struct {
	limit, vain time.Duration
}

// from lets porcupine search for an order of the operations, from a key that holds start.
func (s *searches) from(h *history.History, start history.Value, ops []porcupine.Operation, wide bool) porcupine.CheckResult {
	model, _ := modelFrom(h, start, namesRead(ops))
	model.Partition = nil
	if wide {
		model = inOrder(model, ops)
	}
	began := time.Now()
	left := max(s.limit-s.vain, time.Microsecond) // 0 means no limit
	result := porcupine.CheckOperationsTimeout(model, ops, left)
	if result == porcupine.Unknown {
		s.vain += time.Since(began)
	}
	return result
}
