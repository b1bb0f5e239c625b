package history

import (
	"fmt"
	"strconv"
	"strings"
)

// FormatWord returns w as text: a number, or a quoted string.
func (h *History) FormatWord(w Word) string {
	switch {
	case w&nameBit != 0 && w&literalBit != 0:
		return h.name(w)
	case w&nameBit != 0:
		return strconv.Quote(h.name(w))
	}
	return strconv.FormatUint(uint64(w), 10)
}

// name returns the name with the index in w.
func (h *History) name(w Word) string { return h.Names[w&^(nameBit|literalBit)] }

// FormatValue returns v as text, "none" for no value.
func (h *History) FormatValue(v Value) string {
	if !v.Ok {
		return "none"
	}
	return h.FormatWord(v.Word)
}

// Describe returns c as text, as in "get(3) -> 17".
func (h *History) Describe(c Call) string {
	key := h.FormatWord(c.Key)
	switch c.Op {
	case Get, LoadAndDelete:
		return fmt.Sprintf("%v(%s) -> %s", c.Op, key, h.FormatValue(c.Result))
	case Set:
		return fmt.Sprintf("set(%s, %s)", key, h.FormatWord(c.New))
	case Delete:
		return fmt.Sprintf("delete(%s)", key)
	case Swap:
		return fmt.Sprintf("swap(%s, %s) -> %s", key, h.FormatWord(c.New), h.FormatValue(c.Result))
	case LoadOrStore:
		return fmt.Sprintf("load-or-store(%s, %s) -> %s, %t", key, h.FormatWord(c.New), h.FormatValue(c.Result), c.Did)
	case CompareAndSwap:
		return fmt.Sprintf("compare-and-swap(%s, %s, %s) -> %t", key, h.FormatWord(c.Old), h.FormatWord(c.New), c.Did)
	case CompareAndDelete:
		return fmt.Sprintf("compare-and-delete(%s, %s) -> %t", key, h.FormatWord(c.Old), c.Did)
	case Publish:
		return "publish()"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%v()", c.Op)
	if c.Op == Len {
		fmt.Fprintf(&b, " -> %s", h.FormatValue(c.Result))
	}
	if c.Snapshot {
		b.WriteString(" at one instant")
	}
	h.list(&b, " -> ", c.All)
	h.list(&b, "; removed ", c.Removed)
	if c.Op == Walk && len(c.All) == 0 && c.Return != Never {
		b.WriteString(" -> nothing")
	}
	return b.String()
}

// list writes the first reads to b, with what before them.
func (h *History) list(b *strings.Builder, what string, reads []Read) {
	const most = 8
	for i, r := range reads {
		if i == most {
			fmt.Fprintf(b, " and %d more", len(reads)-most)
			break
		}
		fmt.Fprintf(b, "%s%s -> %s", what, h.FormatWord(r.Key), h.FormatValue(r.Value))
		what = ", "
	}
}

// DescribeTimed returns c as text, with its client and its times in nanoseconds.
func (h *History) DescribeTimed(c *Call) string {
	what := h.Describe(*c)
	if c.Op == Publish && c.Version != 0 {
		what = fmt.Sprintf("publish() of version %d", c.Version)
	}
	if c.Return == Never {
		return fmt.Sprintf("client %d %s: called %d, never returned", c.Client, what, c.Called)
	}
	return fmt.Sprintf("client %d %s: called %d, returned %d", c.Client, what, c.Called, c.Return)
}

// DescribeGuard returns g as text, with its client, its times in nanoseconds and its first reads.
func (h *History) DescribeGuard(g *Guard) string {
	var b strings.Builder
	fmt.Fprintf(&b, "client %d guard of version %d: called %d, opened %d, ", g.Client, g.Version, g.Called, g.Opened)
	if g.Closed == Never {
		b.WriteString("never closed")
	} else {
		fmt.Fprintf(&b, "closed %d", g.Closed)
	}
	h.list(&b, "; read ", g.Reads)
	h.list(&b, "; all: ", g.All)
	if g.Ranged && len(g.All) == 0 {
		b.WriteString("; all: nothing")
	}
	return b.String()
}
