package judge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"doublebuf/lincheck/history"
	"doublebuf/lincheck/order"
)

// draw writes a page about h to path: porcupine's picture of the longest orders of effects that it
// found, with the broken law above.
func draw(h *history.History, path string, limit time.Duration) error {
	model, ops := picture(h)
	_, info := porcupine.CheckOperationsVerbose(model, ops, limit)
	info.AddAnnotations(annotations(h))
	return porcupine.VisualizePath(model, info, path)
}

// picture returns the model for drawing h, and its operations.
func picture(h *history.History) (porcupine.Model, []porcupine.Operation) {
	if h.Claim.Stamped() {
		return drawnRegister(h)
	}
	together := h.Claim != history.ClaimLinearizable || slices.ContainsFunc(h.Calls, func(c history.Call) bool { return c.Snapshot })
	keys := order.Keys(h.Calls)
	var ops []porcupine.Operation
	for i := range h.Calls {
		for _, c := range order.Divide(&h.Calls[i], keys) {
			o := &order.Op{Call: c, Index: i}
			ops = append(ops, porcupine.Operation{ClientId: c.Client, Input: o, Output: o, Call: c.Called, Return: c.Return})
		}
	}
	if !together {
		m := drawn(h, order.OneKey{}, history.Value{}, h.FormatValue)
		m.Partition = func(ops []porcupine.Operation) [][]porcupine.Operation {
			return parts(ops, func(op porcupine.Operation) (uint64, bool) { return uint64(op.Input.(*order.Op).Key), false })
		}
		return m, ops
	}
	if h.Claim == history.ClaimLinearizable {
		contents := order.NewContents()
		return drawn(h, contents, 0, func(n int) string { return describeReads(h, contents.Content(n)) }), ops
	}
	batches := order.NewBatches(h.Calls, keys, slacksOf(h, 0), true)
	m := drawn(h, batches, 0, func(n int) string { return describeReads(h, batches.Published(n)) })
	if h.Claim == history.ClaimEventualPerHandle {
		m.Partition = func(ops []porcupine.Operation) [][]porcupine.Operation {
			return parts(ops, func(op porcupine.Operation) (uint64, bool) {
				return uint64(op.ClientId), !order.IsRead(op.Input.(*order.Op).Call)
			})
		}
	}
	return m, ops
}

// drawn returns porcupine's form of a model, with states as describe says them.
func drawn[S comparable](h *history.History, model order.Model[S], from S, describe func(S) string) porcupine.Model {
	nondeterministic := porcupine.NondeterministicModel{
		Init: func() []any { return []any{from} },
		Step: func(state, input, _ any) (next []any) {
			for _, s := range model.Apply(state.(S), input.(*order.Op), func(*order.Op) bool { return true }) {
				next = append(next, s)
			}
			return next
		},
		DescribeOperation: func(input, _ any) string {
			o := input.(*order.Op)
			c := &h.Calls[o.Index]
			if !c.Op.AllKeys() || c.Op == o.Op {
				return h.Describe(*c)
			}
			p, _, _ := order.NewParter(c)
			return describeAbout(h, p.Only(o.Key), h.FormatWord(o.Key))
		},
	}
	m := nondeterministic.ToModel()
	m.DescribeState = func(states any) string {
		var list []string
		for _, s := range states.([]any) {
			list = append(list, describe(s.(S)))
		}
		return strings.Join(list, " or ")
	}
	return m
}

// describeReads returns reads as text.
func describeReads(h *history.History, reads []history.Read) string {
	var list []string
	for _, r := range reads {
		list = append(list, h.FormatWord(r.Key)+" -> "+h.FormatValue(r.Value))
	}
	return strings.Join(list, ", ")
}

// parts groups operations by the group that at returns. Groups are in the order of their first
// operations. An operation with all is copied into each group.
func parts(ops []porcupine.Operation, at func(porcupine.Operation) (group uint64, all bool)) [][]porcupine.Operation {
	var groups [][]porcupine.Operation
	index := map[uint64]int{}
	for _, op := range ops {
		group, all := at(op)
		if _, known := index[group]; !known && !all {
			index[group] = len(groups)
			groups = append(groups, nil)
		}
	}
	for _, op := range ops {
		group, all := at(op)
		for i := range groups {
			if all || i == index[group] {
				groups[i] = append(groups[i], op)
			}
		}
	}
	return groups
}

const (
	lawColour   = "#f7c6c6"
	guardColour = "#dde7f3"
)

// annotations returns a mark with the broken law, if h is Illegal, and for each guard a mark over
// the time for which it is open.
func annotations(h *history.History) []porcupine.Annotation {
	var list []porcupine.Annotation
	first, last := span(h)
	if h.Verdict == history.Illegal {
		list = append(list, porcupine.Annotation{
			Tag: "broken law", Start: first, End: last, Description: h.Checker + ": " + Law(h.Checker), Details: h.Note, BackgroundColor: lawColour,
		})
	}
	for i := range h.Guards {
		g := &h.Guards[i]
		list = append(list, porcupine.Annotation{
			Tag: fmt.Sprintf("guard %d", i+1), Start: g.Opened, End: min(g.Closed, last), BackgroundColor: guardColour,
			Description: fmt.Sprintf("client %d's guard of version %d is open", g.Client, g.Version),
		})
	}
	return list
}

// span returns the first and the last time of h.
func span(h *history.History) (first, last int64) {
	first = history.Never
	for i := range h.Calls {
		c := &h.Calls[i]
		first = min(first, c.Called)
		if last = max(last, c.Called); c.Return != history.Never {
			last = max(last, c.Return)
		}
	}
	for i := range h.Guards {
		first, last = min(first, h.Guards[i].Called), max(last, h.Guards[i].Opened)
		if h.Guards[i].Closed != history.Never {
			last = max(last, h.Guards[i].Closed)
		}
	}
	return first, last
}

// drawnRegister returns a stamped history as a register of versions. Publishes write it, and guards
// read it as they open. The sweep has already found h Illegal; porcupine shows which guard has no
// place in the order. Early publishes that all guards have seen are left out.
func drawnRegister(h *history.History) (porcupine.Model, []porcupine.Operation) {
	if several(h) { // a picture of the versions alone: their content is not known
		made := publishes(h)
		alone := &history.History{Header: h.Header, Names: h.Names, Calls: make([]history.Call, len(made)), Guards: slices.Clone(h.Guards)}
		for n, i := range made {
			alone.Calls[n] = h.Calls[i]
		}
		for i := range alone.Guards {
			g := &alone.Guards[i]
			g.Reads, g.All, g.Ranged = nil, nil, false
		}
		h = alone
	}
	r := newSweep(h, nil)
	r.remembers = true
	r.all()
	seen := r.newest() // the last version that all guards have seen
	for i := range h.Guards {
		seen = min(seen, h.Guards[i].Version)
	}
	start := seen - min(seen, 1)
	var ops []porcupine.Operation
	start = max(start, h.From)
	for i := range r.versions[start+1-h.From:] {
		p := &r.versions[start+1-h.From:][i].publish
		ops = append(ops, porcupine.Operation{ClientId: p.Client, Input: p, Call: p.Called, Return: p.Return})
	}
	for i := range h.Guards {
		g := &h.Guards[i]
		ops = append(ops, porcupine.Operation{ClientId: g.Client, Input: g, Call: g.Called, Return: g.Opened})
	}
	model := porcupine.Model{
		Init: func() any { return start },
		StepContext: func(_ context.Context, state, input, _ any) (bool, any) {
			version := state.(uint64)
			if g, ok := input.(*history.Guard); ok {
				return g.Version == version && r.misread(g) == "", version
			}
			return true, version + 1
		},
		DescribeOperation: func(input, _ any) string {
			g, ok := input.(*history.Guard)
			if !ok {
				return fmt.Sprintf("publish() -> %d", input.(*history.Call).Version)
			}
			return strings.TrimSuffix(fmt.Sprintf("guard of version %d, %s", g.Version, r.misread(g)), ", ")
		},
		DescribeState: func(state any) string { return fmt.Sprintf("version %d", state) },
	}
	if h.Claim == history.ClaimPerHandle {
		model.Partition = func(ops []porcupine.Operation) [][]porcupine.Operation {
			return parts(ops, func(op porcupine.Operation) (group uint64, all bool) {
				_, publish := op.Input.(*history.Call)
				return uint64(op.ClientId), publish
			})
		}
	}
	return model, ops
}
