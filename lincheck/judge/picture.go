package judge

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"doublebuf/lincheck/history"
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
	if !h.Claim.Stamped() {
		model, _ := modelOf(h)
		return model, operations(h)
	}
	return drawnRegister(h)
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
			Tag: fmt.Sprintf("guard %d", i+1), Start: g.Opened, End: g.Closed, BackgroundColor: guardColour,
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
		first, last = min(first, h.Guards[i].Called), max(last, h.Guards[i].Closed)
	}
	return first, last
}

// drawnRegister returns a stamped history as a register of versions. Publishes write it, and guards
// read it as they open. The sweep has already found h Illegal; porcupine shows which guard has no
// place in the order. Early publishes that all guards have seen are left out.
func drawnRegister(h *history.History) (porcupine.Model, []porcupine.Operation) {
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
