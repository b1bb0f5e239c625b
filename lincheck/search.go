package lincheck

import (
	"time"

	"github.com/anishathalye/porcupine"
)

// What porcupine answers within seconds. Its search for an order that is not there
// grows exponentially in the clients. A longer history is cut into windows.
const (
	maxClients   = 8
	maxPartition = 4000 // operations
)

// modelFrom returns porcupine's model of one key that holds start at first, for the history's
// claim, and the name under which that judges.
func (h *History) modelFrom(start Value) (porcupine.Model, string) {
	switch h.Claim {
	case ClaimEventual:
		return eventual(h, start, false), "eventual"
	case ClaimEventualPerHandle:
		return eventual(h, start, true), "eventual"
	}
	return linearizable(h, start), "linearizable"
}

// model returns it of a key that holds nothing.
func (h *History) model() (porcupine.Model, string) { return h.modelFrom(Value{}) }

// search has porcupine judge h, partition by partition, and stops at the first that is
// Illegal. It is Unknown where searches have taken as long as limit in vain, where too much overlaps, and
// where h is Illegal only by the order of events that the clocks cannot tell apart.
func search(h *History, limit time.Duration) Verdict {
	model, checker := h.model()
	v := Verdict{Outcome: Ok, Counts: h.counts()}
	limited := &searches{limit: limit}
	for _, part := range model.Partition(h.operations()) {
		w := newWindows(h, limited)
		for _, op := range part {
			if v.found(checker, w.add(op.Input.(*Call))); v.Outcome == Illegal {
				return v
			}
		}
		if v.found(checker, w.end(true)); v.Outcome == Illegal {
			return v
		}
	}
	return v
}

// found adds what was found of one window.
func (v *Verdict) found(checker string, j judged) {
	switch {
	case v.Outcome == Illegal:
		return
	case j.outcome == Illegal:
		v.Counts.Undecided = 0
	case j.outcome == Unknown && v.Outcome == Ok: // the first
		v.Counts.Undecided++
	default:
		return
	}
	if j.ambiguous {
		v.Counts.Ambiguous++
	}
	v.Outcome, v.Checker, v.Reason, v.shows = j.outcome, checker, j.reason, j.shows
}

// unknown returns v as a history that was given up.
func (v Verdict) unknown(why string) Verdict {
	v.Outcome, v.Reason = Unknown, why
	v.Counts.Undecided++
	return v
}

// operations are the calls as porcupine takes them.
func (h *History) operations() []porcupine.Operation {
	ops := make([]porcupine.Operation, len(h.Calls))
	for i := range h.Calls {
		ops[i] = operation(&h.Calls[i], 0)
	}
	return ops
}
