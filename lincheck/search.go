package lincheck

import (
	"fmt"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// What porcupine answers within seconds. Its search for an order that is not there
// grows exponentially in the clients.
const (
	maxClients   = 8
	maxPartition = 4000 // operations
)

// model returns porcupine's model for the history's claim, and the name under which
// that judges.
func (h *History) model() (porcupine.Model, string) {
	switch h.Claim {
	case ClaimEventual:
		return eventual(h, false), "eventual"
	case ClaimEventualPerHandle:
		return eventual(h, true), "eventual"
	}
	return linearizable(h), "linearizable"
}

// search has porcupine judge h, partition by partition, and stops at the first that is
// Illegal. It returns Unknown when limit has passed, when the history is too large, or
// when it is Illegal only by the order of events that the clocks cannot tell apart.
func search(h *History, limit time.Duration) Verdict {
	deadline := time.Now().Add(limit)
	model, checker := h.model()
	v := Verdict{Checker: checker, Counts: h.counts()}
	for _, part := range model.Partition(h.operations()) {
		if why := tooLarge(part); why != "" {
			return v.unknown(why)
		}
		whole := model
		whole.Partition = nil
		switch porcupine.CheckOperationsTimeout(whole, part, left(deadline)) {
		case porcupine.Unknown:
			return v.unknown(fmt.Sprintf("no answer within %v", limit))
		case porcupine.Illegal:
			switch porcupine.CheckOperationsTimeout(inOrder(whole, part), widen(part, h.Slack), left(deadline)) {
			case porcupine.Ok:
				v.Counts.Ambiguous++
				return v.unknown(fmt.Sprintf("illegal only if the clocks are right to within %v", h.Slack))
			case porcupine.Unknown:
				return v.unknown(fmt.Sprintf("illegal as stamped, but whether also with a slack of %v was not found within %v", h.Slack, limit))
			}
			v.Outcome = Illegal
			v.Reason = fmt.Sprintf("no order of the %d calls about key %s explains what they returned%s", len(part), h.word(keyOf(part)), h.list(part))
			return v
		}
	}
	v.Outcome, v.Checker = Ok, ""
	return v
}

// unknown returns v as a history that was given up.
func (v Verdict) unknown(why string) Verdict {
	v.Outcome, v.Reason = Unknown, why
	v.Counts.Undecided++
	return v
}

// left is the time until deadline, and at least a little: porcupine takes 0 for no limit.
func left(deadline time.Time) time.Duration {
	return max(time.Until(deadline), time.Microsecond)
}

// operations are the calls as porcupine takes them.
func (h *History) operations() []porcupine.Operation {
	ops := make([]porcupine.Operation, len(h.Calls))
	for i := range h.Calls {
		c := &h.Calls[i]
		ops[i] = porcupine.Operation{ClientId: c.Client, Input: c, Output: c, Call: c.Called, Return: c.Return}
	}
	return ops
}

// widen returns the operations with returns later by slack, so that no two of
// different clients are ordered by less.
func widen(part []porcupine.Operation, slack time.Duration) []porcupine.Operation {
	wide := make([]porcupine.Operation, len(part))
	for i, op := range part {
		if op.Return < Never-int64(slack) {
			op.Return += int64(slack)
		}
		wide[i] = op
	}
	return wide
}

func tooLarge(part []porcupine.Operation) string {
	clients := map[int]bool{}
	for _, op := range part {
		clients[op.ClientId] = true
	}
	if len(clients) > maxClients || len(part) > maxPartition {
		return fmt.Sprintf("%d clients and %d operations in one partition; porcupine answers for up to %d and %d", len(clients), len(part), maxClients, maxPartition)
	}
	return ""
}

// list tells what a small partition did, in the order of the calls, or "".
func (h *History) list(part []porcupine.Operation) string {
	const few = 8
	if len(part) > few {
		return ""
	}
	var calls []string
	for _, op := range part {
		calls = append(calls, fmt.Sprintf("client %d %s", op.ClientId, h.describe(*op.Input.(*Call))))
	}
	return ": " + strings.Join(calls, "; ")
}

// keyOf is the key of a partition.
func keyOf(part []porcupine.Operation) Word {
	for _, op := range part {
		if c := op.Input.(*Call); c.Op != Publish {
			return c.Key
		}
	}
	return 0
}
