package order

import (
	"cmp"
	"encoding/binary"
	"slices"

	"doublebuf/lincheck/history"
)

// Contents is the model of a whole linearizable map. It is for calls that take effect for all keys
// at one instant. Its states are numbers of contents; 0 is the empty map.
type Contents struct {
	states[[]history.Read] // in the order of the keys
}

// NewContents returns a model that knows the empty map.
func NewContents() *Contents {
	m := &Contents{newStates[[]history.Read]()}
	m.number(nil)
	return m
}

// Content returns the content with that number.
func (m *Contents) Content(n int) []history.Read { return m.of[n] }

// number returns the number of a content, which is in the order of the keys.
func (m *Contents) number(content []history.Read) int {
	key := make([]byte, 0, 16*len(content))
	for _, r := range content {
		key = binary.LittleEndian.AppendUint64(key, uint64(r.Key))
		key = binary.LittleEndian.AppendUint64(key, uint64(r.Value.Word))
	}
	return m.states.number(key, content)
}

// TooMany implements Model.
func (m *Contents) TooMany() string { return "" }

// AtCall implements Model.
func (m *Contents) AtCall(*history.Call) bool { return false }

// Concerns implements Model. Calls about different keys do not concern each other. A call on all
// keys concerns every call. But if it saw what a key holds now, and leaves it, it can take effect
// before the calls about that key: together these follow it.
func (m *Contents) Concerns(s int, o, other *Op) bool {
	switch {
	case other.Op.AllKeys():
		return true
	case o.Op == history.Walk || o.Op == history.Retain:
		now, _ := m.value(s, other.Key)
		saw, removed := o.entry(other.Key)
		return removed || now != saw
	case o.Op.AllKeys():
		return true
	}
	return o.Key == other.Key
}

// value returns what key holds in a state, and its place there.
func (m *Contents) value(s int, key history.Word) (now history.Value, at int) {
	content := m.of[s]
	at, there := slices.BinarySearchFunc(content, key, func(r history.Read, key history.Word) int { return cmp.Compare(r.Key, key) })
	if there {
		now = content[at].Value
	}
	return now, at
}

// Apply implements Model.
func (m *Contents) Apply(s int, o *Op, _ func(*Op) bool) []int {
	content, c := m.of[s], o.Call
	legal := true
	switch c.Op {
	case history.Clear:
		return []int{m.number(nil)}
	case history.Walk:
		legal = c.Return == history.Never || slices.Equal(content, byKey(c.All))
	case history.Len:
		legal = c.Return == history.Never || c.Result == history.Some(history.Word(len(content)))
	case history.Retain:
		legal = slices.Equal(content, byKey(c.All, c.Removed))
		s = m.number(byKey(c.All))
	default:
		var next history.Value
		now, at := m.value(s, c.Key)
		if legal, next = Step(now, c); legal && next != now {
			s = m.number(with(content, at, now.Ok, history.Read{Key: c.Key, Value: next}))
		}
	}
	if !legal {
		return nil
	}
	return []int{s}
}

// with returns content with r at the place i. There says that the key is there already.
func with(content []history.Read, i int, there bool, r history.Read) []history.Read {
	after := content[i:]
	if there {
		after = after[1:]
	}
	next := append(make([]history.Read, 0, len(content)+1), content[:i]...)
	if r.Value.Ok {
		next = append(next, r)
	}
	return append(next, after...)
}

// byKey returns the entries of all lists in the order of their keys.
func byKey(lists ...[]history.Read) []history.Read {
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b history.Read) int { return cmp.Compare(a.Key, b.Key) })
	return all
}
