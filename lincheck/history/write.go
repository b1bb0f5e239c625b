package history

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

// Write writes h to w as a history file. The lines are in the order in which the events were
// called.
func (h *History) Write(w io.Writer) error {
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered) // Flush returns its errors
	enc.SetEscapeHTML(false)
	enc.Encode(headerLine{1, h.Claim, h.Map, h.Seed, int64(h.Slack), h.Lag, h.From, h.Verdict, h.Checker, h.Note})
	h.InOrder(func(c *Call) { enc.Encode(h.callLine(c)) }, func(g *Guard) {
		line := guardLine{Client: g.Client, Op: kinds[opGuard].name, Version: g.Version, Called: g.Called, Opened: g.Opened, Closed: g.Closed, Reads: h.pairs(g.Reads)}
		if g.Ranged {
			line.All = h.pairs(g.All)
		}
		enc.Encode(line)
	})
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return nil
}

func (h *History) callLine(c *Call) callLine {
	line := callLine{Client: c.Client, Op: c.Op.String(), Version: c.Version, Called: c.Called}
	if c.Op != Publish {
		line.Key = h.token(c.Key)
	}
	switch c.Op {
	case CompareAndSwap, CompareAndDelete:
		line.Old = h.token(c.Old)
	}
	switch c.Op {
	case Set, Swap, LoadOrStore, CompareAndSwap:
		line.New = h.token(c.New)
	}
	if c.Return == Never {
		return line
	}
	line.Returned = &c.Return
	line.Result = h.valueToken(c.Result)
	switch c.Op {
	case LoadOrStore, CompareAndSwap, CompareAndDelete:
		line.Did = &c.Did
	}
	return line
}

// token returns w as a JSON value.
func (h *History) token(w Word) any {
	if w&nameBit != 0 {
		return h.Names[w&^nameBit]
	}
	return uint64(w)
}

func (h *History) valueToken(v Value) any {
	if !v.Ok {
		return nil
	}
	return h.token(v.Word)
}

func (h *History) pairs(reads []Read) [][2]any {
	pairs := make([][2]any, len(reads))
	for i, r := range reads {
		pairs[i] = [2]any{h.token(r.Key), h.valueToken(r.Value)}
	}
	return pairs
}
