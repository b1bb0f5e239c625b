package order

import (
	"encoding/binary"
	"slices"
	"time"

	"doublebuf/lincheck/history"
)

// Batches is the model of a map whose writes become visible in batches and whose reads carry no
// version. A read returns what is published, and a publish makes writes visible.
//
// Writes take effect in some order. Each publish takes a part of that order from its beginning on,
// without what earlier publishes took. It must take every write that had returned when the publish
// was called. But it may gather its batch long before the batch becomes visible. A write may begin
// and return in between, and not be part of it. So the model is nondeterministic in what a publish
// takes. A later publish takes the other writes.
//
// The order of writes that overlap does not matter before a publish takes them. So the model has no
// order of writes. A publish takes any set of writes that has, with each write, all writes before
// it for certain. For each key the last write of the set is one that no other write to that key in
// the set followed for certain. These choices can be made for each key alone: time orders intervals
// so that no choices of last writes form a circle.
//
// All keys of one publish become visible together. The states are numbers of what is published and
// which writes are not yet taken; 0 is the empty map without writes.
type Batches struct {
	*writes
	slack    int64                   // below which a publish need not take a write of another client
	contents states[[]history.Value] // what is published, by the place of the key
	states   states[batched]
}

// batched is the number of a content that is published, and the writes that no publish has taken.
type batched struct {
	published int
	untaken   []int32
}

// Slacks are times up to which events of different clients have no order.
type Slacks struct {
	Publish time.Duration // between a write and a publish that need not take it
	Write   time.Duration // between writes
}

// Always is a slack that no history is longer than.
const Always = time.Duration(1 << 61)

// NewBatches returns the model for a history of the calls about the keys. Values that no read
// returned are one value, unless apart says to tell them apart.
func NewBatches(calls []history.Call, keys []history.Word, slacks Slacks, apart bool) *Batches {
	m := &Batches{newWrites(keys, int64(slacks.Write)), int64(slacks.Publish), newStates[[]history.Value](), newStates[batched]()}
	for i := range calls {
		c := &calls[i]
		switch c.Op {
		case history.Set:
			if apart {
				m.sees(c.Key, history.Some(c.New))
			}
		case history.Delete:
			if apart {
				m.sees(c.Key, history.Value{})
			}
		case history.Get:
			m.sees(c.Key, c.Result)
		case history.Walk:
			p, _, _ := NewParter(c)
			for _, key := range keys {
				m.sees(key, p.seen[key].value)
			}
		}
	}
	m.begin()
	return m
}

// begin makes the state 0.
func (m *Batches) begin() {
	empty := make([]history.Value, len(m.keys))
	for i := range empty {
		empty[i] = m.name(i, history.Value{})
	}
	m.number(batched{published: m.content(empty)})
}

// Published returns what is published in a state.
func (m *Batches) Published(n int) []history.Read {
	reads := make([]history.Read, len(m.keys))
	for key, i := range m.keys {
		reads[i] = history.Read{Key: key, Value: m.published(n)[i]}
	}
	return reads
}

// published returns what is published in a state, by the place of the key.
func (m *Batches) published(n int) []history.Value { return m.contents.of[m.states.of[n].published] }

// content returns the number of a content.
func (m *Batches) content(published []history.Value) int {
	key := make([]byte, 0, 9*len(published))
	for _, v := range published {
		key = binary.LittleEndian.AppendUint64(key, uint64(v.Word))
		if v.Ok {
			key = append(key, 1)
		} else {
			key = append(key, 0)
		}
	}
	return m.contents.number(key, published)
}

// number returns the number of a state.
func (m *Batches) number(b batched) int {
	key := binary.LittleEndian.AppendUint64(make([]byte, 0, 8+4*len(b.untaken)), uint64(b.published))
	for _, n := range b.untaken {
		key = binary.LittleEndian.AppendUint32(key, uint32(n))
	}
	return m.states.number(key, b)
}

// Keep implements Model.
func (m *Batches) Keep(list []int) {
	m.states.Keep(list)
	var contents []int
	for _, b := range m.states.of {
		contents = append(contents, b.published)
	}
	m.contents.Keep(contents)
}

// TooMany implements Model.
func (m *Batches) TooMany() string { return m.tooMany }

// AtCall implements Model. Writes can be taken as soon as they are called.
func (m *Batches) AtCall(c *history.Call) bool { return !IsRead(c) && c.Op != history.Publish }

// Concerns implements Model.
func (m *Batches) Concerns(int, *Op, *Op) bool { return true }

// Apply implements Model.
func (m *Batches) Apply(s int, o *Op, done func(*Op) bool) []int {
	b := m.states.of[s]
	switch o.Op {
	case history.Get:
		return m.ifLegal(s, m.published(s)[m.keys[o.Key]] == o.Result)
	case history.Walk:
		legal := true
		for key, i := range m.keys {
			saw, _ := o.entry(key)
			legal = legal && m.published(s)[i] == saw
		}
		return m.ifLegal(s, legal)
	case history.Publish:
		return m.publishes(b, o, done)
	}
	if o.write == 0 {
		m.ops = append(m.ops, o)
		o.write = len(m.ops)
	}
	return []int{m.number(batched{b.published, append(b.untaken[:len(b.untaken):len(b.untaken)], int32(o.write-1))})}
}

func (m *Batches) ifLegal(s int, legal bool) []int {
	if !legal {
		return nil
	}
	return []int{s}
}

// publishes returns the states that the publish p can lead to.
func (m *Batches) publishes(b batched, p *Op, done func(*Op) bool) (next []int) {
	must := func(w *Op) bool {
		own := w.Client == p.Client && w.Index < p.Index && w.Return != history.Never
		return own || w.Return < p.Called-m.slack
	}
	may := func(w *Op) bool {
		later := w.Client == p.Client && w.Index > p.Index && p.Return != history.Never
		return !later && !slices.ContainsFunc(w.after, func(o *Op) bool { return !done(o) })
	}
	for _, cut := range m.cuts(b.untaken, must, may) {
		for _, published := range m.publish(m.contents.of[b.published], cut.taken) {
			next = append(next, m.number(batched{m.content(published), cut.left}))
		}
	}
	return next
}
