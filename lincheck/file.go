package lincheck

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// headerLine is the first line of a file.
type headerLine struct {
	History int     `json:"history"`
	Claim   Claim   `json:"claim"`
	Map     string  `json:"map,omitempty"`
	Seed    uint64  `json:"seed,omitempty"`
	SlackNS int64   `json:"slack_ns"`
	Lag     uint64  `json:"lag,omitempty"`
	Verdict Outcome `json:"verdict"`
	Checker string  `json:"checker,omitempty"`
	Note    string  `json:"note,omitempty"`
}

// callLine is the line of a call. Words are numbers or strings, nil is none.
type callLine struct {
	Client   int    `json:"client"`
	Op       string `json:"op"`
	Key      any    `json:"key,omitempty"`
	Old      any    `json:"old,omitempty"`
	New      any    `json:"new,omitempty"`
	Result   any    `json:"result,omitempty"`
	Did      *bool  `json:"did,omitempty"`
	Version  uint64 `json:"version,omitempty"`
	Called   int64  `json:"called"`
	Returned *int64 `json:"returned,omitempty"`
}

// guardLine is the line of a guard.
type guardLine struct {
	Client  int      `json:"client"`
	Op      string   `json:"op"`
	Version uint64   `json:"version"`
	Called  int64    `json:"called"`
	Opened  int64    `json:"opened"`
	Closed  int64    `json:"closed"`
	Reads   [][2]any `json:"reads,omitempty"`
	All     [][2]any `json:"all,omitzero"`
}

const opGuard = "guard"

// opFields lists, for each kind of line, the fields that must be there and those that
// may, beside client and op.
var opFields = map[string]struct{ must, may []string }{
	"get":                {[]string{"key", "called"}, []string{"result", "returned"}},
	"set":                {[]string{"key", "new", "called"}, []string{"returned"}},
	"delete":             {[]string{"key", "called"}, []string{"returned"}},
	"publish":            {[]string{"called"}, []string{"version", "returned"}},
	"swap":               {[]string{"key", "new", "called"}, []string{"result", "returned"}},
	"load-or-store":      {[]string{"key", "new", "called"}, []string{"result", "did", "returned"}},
	"load-and-delete":    {[]string{"key", "called"}, []string{"result", "returned"}},
	"compare-and-swap":   {[]string{"key", "old", "new", "called"}, []string{"did", "returned"}},
	"compare-and-delete": {[]string{"key", "old", "called"}, []string{"did", "returned"}},
	opGuard:              {[]string{"version", "called", "opened", "closed"}, []string{"reads", "all"}},
}

// claimOps lists what may occur in a history of each claim.
var claimOps = map[Claim][]string{
	ClaimLinearizable:      {"get", "set", "delete", "swap", "load-or-store", "load-and-delete", "compare-and-swap", "compare-and-delete"},
	ClaimAtomic:            {"set", "delete", "publish", opGuard},
	ClaimPerHandle:         {"set", "delete", "publish", opGuard},
	ClaimEventual:          {"get", "set", "delete", "publish"},
	ClaimEventualPerHandle: {"get", "set", "delete", "publish"},
}

// Write writes h as a history file.
func (h *History) Write(w io.Writer) error {
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered) // its errors are buffered's, which Flush returns
	enc.SetEscapeHTML(false)
	enc.Encode(headerLine{1, h.Claim, h.Map, h.Seed, int64(h.Slack), h.Lag, h.Verdict, h.Checker, h.Note})
	for i := range h.Calls {
		enc.Encode(h.callLine(&h.Calls[i]))
	}
	for i := range h.Guards {
		g := &h.Guards[i]
		line := guardLine{Client: g.Client, Op: opGuard, Version: g.Version, Called: g.Called, Opened: g.Opened, Closed: g.Closed, Reads: h.pairs(g.Reads)}
		if g.Ranged {
			line.All = h.pairs(g.All)
		}
		enc.Encode(line)
	}
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

// token is w as JSON has it.
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

func (line headerLine) header() (Header, error) {
	if line.History != 1 {
		return Header{}, fmt.Errorf(`"history" is %d; want 1, the version of the format`, line.History)
	}
	if _, known := claimOps[line.Claim]; !known {
		return Header{}, fmt.Errorf("unknown claim %q; want one of %v", line.Claim, claims)
	}
	if line.SlackNS < 0 {
		return Header{}, fmt.Errorf("slack_ns is %d; want 0 or more", line.SlackNS)
	}
	return Header{line.Claim, line.Map, line.Seed, time.Duration(line.SlackNS), line.Lag, line.Verdict, line.Checker, line.Note}, nil
}
