// Package linear records what the goroutines of an explore.Check call and get back, and judges
// whether it is linearizable: whether each call can have taken effect at one instant between its
// call and its return.
package linear

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"doublebuf/impl/atomicx/hooked"
	"doublebuf/lincheck/explore"
)

// History is the record of one execution. S is the state of a sequential object. States are not
// changed.
type History[S any] struct {
	mu    sync.Mutex
	clock int
	ops   []*operation[S]
}

// operation is one call. It took place between the instants call and done.
type operation[S any] struct {
	what       string
	result     string
	call, done int
	may        func(s S) (next S, ok bool)
}

// New returns an empty History. When all goroutines have ended it judges the record, beginning with
// the state initial. The execution fails if the record is not linearizable.
func New[S any](x *explore.X, initial S) *History[S] {
	h := &History[S]{}
	x.Finally(func() {
		if i := slices.IndexFunc(h.ops, func(op *operation[S]) bool { return op.done < 0 }); i >= 0 {
			x.Failf("the call %s does not return:\n%s", h.ops[i].what, h)
		}
		if !order(initial, h.ops) {
			x.Failf("no order of these calls explains their results:\n%s", h)
		}
	})
	return h
}

// Do runs call and records it as what. call returns the result as text, and may says whether a
// state allows this result, and which state follows. A call that does not return fails the
// execution. All goroutines may call Do.
func (h *History[S]) Do(what string, call func() (result string, may func(s S) (next S, ok bool))) {
	op := &operation[S]{what: what, done: -1}
	at := hooked.Current()
	if at != nil { // the order of calls and returns matters, so both are steps
		at.Step(hooked.Op{Kind: hooked.OpCall, Loc: h, What: what})
	}
	h.stamp(&op.call, op)
	if at != nil {
		at.Did(false, nil)
	}
	result, may := call()
	if at != nil {
		at.Step(hooked.Op{Kind: hooked.OpReturn, Loc: h, Commutes: true, What: what + " = " + result})
	}
	op.result, op.may = result, may
	h.stamp(&op.done, nil)
	if at != nil {
		at.Did(true, nil)
	}
}

// stamp sets *at to the next instant, and adds an operation.
func (h *History[S]) stamp(at *int, op *operation[S]) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clock++
	*at = h.clock
	if op != nil {
		h.ops = append(h.ops, op)
	}
}

// order searches for an order of the operations that begins in state s (Wing and Gong). The first
// one in the order must have been called before any other has returned.
func order[S any](s S, left []*operation[S]) bool {
	if len(left) == 0 {
		return true
	}
	first := left[0].done
	for _, op := range left {
		first = min(first, op.done)
	}
	for i, op := range left {
		if op.call > first {
			continue
		}
		if next, ok := op.may(s); ok {
			rest := make([]*operation[S], 0, len(left)-1)
			rest = append(append(rest, left[:i]...), left[i+1:]...)
			if order(next, rest) {
				return true
			}
		}
	}
	return false
}

// String returns the record as a table. An operation that was called before another one returned
// overlaps it.
func (h *History[S]) String() string {
	var b strings.Builder
	for _, op := range h.ops {
		fmt.Fprintf(&b, "  %-30s from %2d to %2d\n", op.what+" = "+op.result, op.call, op.done)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
