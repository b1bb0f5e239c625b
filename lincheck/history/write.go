package history

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Write writes h to w as a history file, in the oldest version of the format that can express it.
// The lines are in the order in which the events were called.
func (h *History) Write(w io.Writer) error {
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered) // Flush returns its errors
	enc.SetEscapeHTML(false)
	enc.Encode(headerLine{h.format(), h.Claim, h.Map, h.Seed, int64(h.Slack), h.Lag, h.From, h.OwnLogs, h.Verdict, h.Checker, h.Note})
	h.InOrder(func(c *Call) { enc.Encode(h.callLine(c)) }, func(g *Guard) {
		line := guardLine{Client: g.Client, Op: kinds[opGuard].name, Version: g.Version, Called: g.Called, Opened: g.Opened, Reads: h.pairs(g.Reads)}
		if g.Closed != Never {
			line.Closed = &g.Closed
		}
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

// format returns the oldest version of the format that can express h.
func (h *History) format() int {
	type client struct{ writes, lost bool }
	clients, writers := map[int]client{}, 0
	if h.OwnLogs {
		return 2
	}
	for i := range h.Calls {
		c := &h.Calls[i]
		before := clients[c.Client]
		if c.Op.AllKeys() || before.lost || literal(c.Key, c.Old, c.New, c.Result.Word) {
			return 2
		}
		if c.Op != Get && !before.writes {
			writers++
		}
		clients[c.Client] = client{before.writes || c.Op != Get, c.Return == Never}
	}
	literals := func(r Read) bool { return literal(r.Key, r.Value.Word) }
	if h.Claim.Stamped() && writers > 1 || slices.ContainsFunc(h.Guards, func(g Guard) bool {
		return g.Closed == Never || slices.ContainsFunc(g.Reads, literals) || slices.ContainsFunc(g.All, literals)
	}) {
		return 2
	}
	return 1
}

// literal reports whether any of the words is a boolean or a negative number.
func literal(words ...Word) bool {
	return slices.ContainsFunc(words, func(w Word) bool { return w&nameBit != 0 && w&literalBit != 0 })
}

func (h *History) callLine(c *Call) callLine {
	line := callLine{Client: c.Client, Op: c.Op.String(), Version: c.Version, Called: c.Called, Snapshot: c.Snapshot}
	if c.Op != Publish && !c.Op.AllKeys() {
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
	case Walk, Retain:
		line.All, line.Removed = h.pairs(c.All), h.pairs(c.Removed)
	}
	return line
}

// token returns w as a JSON value.
func (h *History) token(w Word) any {
	switch {
	case w&nameBit != 0 && w&literalBit != 0:
		return json.RawMessage(h.name(w))
	case w&nameBit != 0:
		return h.name(w)
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
