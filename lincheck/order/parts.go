package order

import (
	"slices"

	"doublebuf/lincheck/history"
)

// IsRead reports whether c changed nothing.
func IsRead(c *history.Call) bool {
	switch c.Op {
	case history.Get, history.Walk, history.Len:
		return true
	case history.LoadOrStore:
		return c.Did && c.Return != history.Never
	case history.LoadAndDelete:
		return !c.Result.Ok && c.Return != history.Never
	case history.CompareAndSwap, history.CompareAndDelete:
		return !c.Did && c.Return != history.Never
	}
	return false
}

// A Parter divides calls that concern all keys into parts. Each part concerns one key, and may take
// effect at a separate instant.
type Parter struct {
	of   *history.Call
	seen map[history.Word]part // by key
}

type part struct {
	value   history.Value
	removed bool
}

// NewParter returns a parter for c. If c saw a key twice, it returns that key too.
func NewParter(c *history.Call) (p Parter, twice history.Word, isTwice bool) {
	p = Parter{c, make(map[history.Word]part, len(c.All)+len(c.Removed))}
	for i, list := range [][]history.Read{c.All, c.Removed} {
		for _, r := range list {
			if _, isTwice := p.seen[r.Key]; isTwice {
				return p, r.Key, true
			}
			p.seen[r.Key] = part{r.Value, i == 1}
		}
	}
	return p, 0, false
}

// Before reports whether the call returned before the time.
func (p Parter) Before(at int64) bool { return p.of.Return < at }

// Keys returns the keys that the call saw.
func (p Parter) Keys() []history.Word {
	keys := make([]history.Word, 0, len(p.seen))
	for _, list := range [][]history.Read{p.of.All, p.of.Removed} {
		for _, r := range list {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

// Only returns the call without what it saw of other keys than key.
func (p Parter) Only(key history.Word) *history.Call {
	others := func(r history.Read) bool { return r.Key != key }
	c := *p.of
	c.All = slices.DeleteFunc(slices.Clone(c.All), others)
	c.Removed = slices.DeleteFunc(slices.Clone(c.Removed), others)
	return &c
}

// About returns the part about key, or nil if there is none.
func (p Parter) About(key history.Word) *history.Call {
	c := &history.Call{Client: p.of.Client, Op: history.Get, Key: key, Called: p.of.Called, Return: p.of.Return, Seq: p.of.Seq}
	lost := c.Return == history.Never
	switch found := p.seen[key]; p.of.Op {
	case history.Clear:
		c.Op = history.Delete
	case history.Walk:
		if lost {
			return nil
		}
		c.Result = found.value
	case history.Retain:
		if lost || found.removed {
			c.Op = history.LoadAndDelete
		}
		c.Result = found.value
	default:
		return nil
	}
	return c
}

// Divide returns c by itself, or, if c concerns all keys and not at one instant, its parts about
// the keys. A Retain at one instant that never returned is divided too: nobody knows what it would
// have removed.
func Divide(c *history.Call, keys []history.Word) []*history.Call {
	unknown := c.Op == history.Retain && c.Return == history.Never
	if !c.Op.AllKeys() || c.Snapshot && !unknown {
		return []*history.Call{c}
	}
	p, _, _ := NewParter(c)
	var parts []*history.Call
	for _, key := range keys {
		if about := p.About(key); about != nil {
			parts = append(parts, about)
		}
	}
	return parts
}

// Keys returns the keys of all calls, in the order in which they first occur.
func Keys(calls []history.Call) []history.Word {
	var keys []history.Word
	known := map[history.Word]bool{}
	add := func(key history.Word) {
		if !known[key] {
			known[key] = true
			keys = append(keys, key)
		}
	}
	for i := range calls {
		switch c := &calls[i]; {
		case c.Op == history.Publish:
		case c.Op.AllKeys():
			for _, list := range [][]history.Read{c.All, c.Removed} {
				for _, r := range list {
					add(r.Key)
				}
			}
		default:
			add(c.Key)
		}
	}
	return keys
}
