package order

import (
	"fmt"
	"slices"
	"time"

	"doublebuf/lincheck/history"
)

// Search is a search for an order of calls. The caller adds the calls in the order in which they
// were called.
type Search[S comparable] struct {
	model Model[S]
	slack int64
	work  *Work
	taken time.Duration // by the hard part of the search since the last quiet moment

	calls int           // added calls
	open  []*Op         // calls that are open, by slot; nil = none
	lost  []*Op         // calls that never return
	last  map[int][]*Op // by client, the last call that has an order

	events []event     // from the first on to which the search may come back
	at     int         // index of the event that comes next
	active []config[S] // configurations before that event
	parked []parked[S] // other configurations, with the latest events last
	held   int         // number of parked configurations

	most, few int // mostActive, fewActive, or less in tests

	dropped bool   // configurations to come back to have been dropped
	stopped bool   // there is no order, or the search has given up
	why     string // why it has given up, or ""
}

// event is a return, or the call of something that takes effect at its call.
type event struct {
	op     *Op
	atCall bool
	open   []*Op // calls that are open, by slot
	lost   []*Op // calls that never return and have been called
}

// parked are configurations to come back to, before the event with the index at.
type parked[S comparable] struct {
	at   int
	list []config[S]
}

const (
	mostActive = 4096    // configurations above which the search parks all but a few
	fewActive  = 64      // that few
	mostParked = 1 << 19 // parked configurations above which it drops them
	mostEvents = 1 << 17 // events to come back to above which it drops them
	easySteps  = 1024    // steps for one event that count as no work
)

// New returns a search from one state. Calls of different clients have an order only if they are
// more than the slack apart.
func New[S comparable](model Model[S], from S, slack time.Duration, work *Work) *Search[S] {
	return &Search[S]{model: model, slack: int64(slack), work: work, last: map[int][]*Op{}, active: []config[S]{{state: from}}, most: mostActive, few: fewActive}
}

// Answer returns whether there is an order of the calls whose returns have been reached. It is
// Unknown if the search has given up, for the given reason.
func (s *Search[S]) Answer() (o history.Outcome, why string) {
	switch {
	case s.why != "":
		return history.Unknown, s.why
	case s.stopped:
		return history.Illegal, ""
	}
	return history.Ok, ""
}

// Add adds the next call, in its parts: a call that may take effect for each key at a separate
// instant has a part for each key.
func (s *Search[S]) Add(parts ...*history.Call) {
	if s.stopped || len(parts) == 0 {
		return
	}
	s.Advance(parts[0].Called)
	var ordered []*Op
	var before []*Op
	for _, o := range s.last[parts[0].Client] {
		if s.open[o.slot] == o {
			before = append(before, o)
		}
	}
	for _, c := range parts {
		if s.stopped {
			return
		}
		o := &Op{Call: c, Index: s.calls, after: before}
		switch {
		case s.model.AtCall(c):
			s.happens(event{op: o, atCall: true})
		case c.Return != history.Never:
			s.opens(o)
			ordered = append(ordered, o)
		case !IsRead(c):
			s.loses(o)
		}
	}
	s.calls++
	if len(ordered) > 0 {
		s.last[parts[0].Client] = ordered
	}
}

// opens gives o a slot.
func (s *Search[S]) opens(o *Op) {
	o.slot = slices.Index(s.open, nil)
	if o.slot < 0 {
		o.slot = len(s.open)
		s.open = append(s.open, nil)
	}
	if s.open[o.slot] = o; o.slot >= mostOpen {
		s.giveUp("more than %d calls are open at once", mostOpen)
	}
}

// loses notes that o never returns.
func (s *Search[S]) loses(o *Op) {
	for _, other := range s.lost {
		a, b := o.Call, other.Call
		if len(other.after) == 0 && a.Op != history.Publish && effect(a) == effect(b) && a.Key == b.Key && a.New == b.New && a.Old == b.Old {
			o.twin = other
		}
	}
	o.slot = len(s.lost)
	if s.lost = append(s.lost, o); o.slot >= mostOpen {
		s.giveUp("more than %d calls never returned", mostOpen)
	}
}

// effect returns an operation that changes the map as c does, if nobody knows the result of c.
func effect(c *history.Call) history.Op {
	switch c.Op {
	case history.Swap:
		return history.Set
	case history.LoadAndDelete:
		return history.Delete
	}
	return c.Op
}

func (s *Search[S]) giveUp(format string, args ...any) {
	s.stopped, s.why = true, fmt.Sprintf(format, args...)
	s.active, s.parked, s.events = nil, nil, nil
}

// end returns the time at which o has returned for certain.
func (s *Search[S]) end(o *Op) int64 {
	if o.Return >= history.Never-s.slack {
		return history.Never
	}
	return o.Return + s.slack
}

// Advance goes through all returns that were before now for certain.
func (s *Search[S]) Advance(now int64) {
	for !s.stopped {
		var first *Op
		for _, o := range s.open {
			if o != nil && (first == nil || s.end(o) < s.end(first)) {
				first = o
			}
		}
		if first == nil {
			s.forget()
			return
		}
		if s.end(first) >= now {
			return
		}
		s.happens(event{op: first})
		s.open[first.slot] = nil
	}
}

// Quiet reports whether no call is open but those that never return.
func (s *Search[S]) Quiet() bool {
	return !slices.ContainsFunc(s.open, func(o *Op) bool { return o != nil })
}

// forget forgets the past at a quiet moment, if the search need not come back to it.
func (s *Search[S]) forget() {
	if len(s.parked) == 0 {
		s.taken = 0
		clear(s.last)
	}
}

// keep tells the model which states are still needed.
func (s *Search[S]) keep() {
	kept := make([]S, len(s.active))
	for i := range s.active {
		kept[i] = s.active[i].state
	}
	s.model.Keep(kept)
}

// States returns the states that the map can be in at a quiet moment, and, for the first of them,
// the calls that never returned and have not taken effect. It returns no states if the search has
// stopped or may have to come back.
func (s *Search[S]) States() (states []S, lost []*history.Call) {
	if s.stopped || len(s.parked) > 0 || !s.Quiet() {
		return nil, nil
	}
	for i := range s.active {
		if c := &s.active[i]; !slices.Contains(states, c.state) {
			states = append(states, c.state)
		}
	}
	for _, o := range s.lost {
		if !s.active[0].lost.has(o.slot) {
			lost = append(lost, o.Call)
		}
	}
	return states, lost
}

// happens goes through the event.
func (s *Search[S]) happens(e event) {
	e.open, e.lost = slices.Clone(s.open), s.lost[:len(s.lost):len(s.lost)]
	s.events = append(s.events, e)
	for s.at < len(s.events) && !s.stopped {
		s.next()
	}
	if s.stopped {
		return
	}
	if s.held > mostParked || len(s.events) > mostEvents {
		s.parked, s.held, s.dropped = nil, 0, true
	}
	if len(s.parked) == 0 {
		s.events, s.at = s.events[:0], 0
		s.keep()
	}
}

// next takes the active configurations through the next event, or comes back to others.
func (s *Search[S]) next() {
	e := &s.events[s.at]
	after, rest := s.through(e)
	if s.stopped {
		return
	}
	s.park(s.at, rest)
	s.at++
	s.park(s.at, after.extra)
	if out := after.list; len(out) > 0 {
		s.active = out
		if len(out) >= s.most { // those in which fewer calls that never return have taken effect
			slices.SortStableFunc(out, func(a, b config[S]) int { return a.lost.count() - b.lost.count() })
			s.active = out[:s.few:s.few]
			s.park(s.at, out[s.few:])
		}
		return
	}
	switch {
	case len(s.parked) == 0 && s.dropped:
		s.giveUp("no answer among the orders that were tried")
		return
	case len(s.parked) == 0:
		s.stopped = true
		return
	}
	last := &s.parked[len(s.parked)-1]
	n := min(s.few, len(last.list))
	s.at, s.active = last.at, last.list[:n:n]
	s.held -= n
	if last.list = last.list[n:]; len(last.list) == 0 {
		s.parked = s.parked[:len(s.parked)-1]
	}
}

func (s *Search[S]) park(at int, list []config[S]) {
	if len(list) == 0 {
		return
	}
	s.parked = append(s.parked, parked[S]{at, list})
	s.held += len(list)
}

// through returns the configurations after e, and those before e that it has not looked at because
// there are many.
func (s *Search[S]) through(e *event) (after configs[S], rest []config[S]) {
	var seen configs[S]
	for i := range s.active {
		c := s.active[i]
		s.settle(&c, e)
		seen.add(&c)
	}
	hard, began := s.at < len(s.events)-1, time.Now() // it has come back
	for i := 0; i < len(seen.list); i++ {
		if i%easySteps == easySteps-1 || hard && i == 0 {
			if hard = true; s.late(&began) {
				return after, nil
			}
		}
		c := seen.list[i]
		if !e.atCall && !c.done.has(e.op.slot) {
			s.extend(&c, e, &seen)
			if why := s.model.TooMany(); why != "" {
				s.giveUp("%s", why)
				return after, nil
			}
			continue
		}
		if e.atCall {
			c.state = s.model.Apply(c.state, e.op, nil)[0]
		} else {
			c.done.clear(e.op.slot)
		}
		if after.add(&c); len(after.list) >= s.most {
			rest = seen.list[i+1:]
			break
		}
	}
	if hard {
		s.late(&began)
	}
	return after, append(rest, seen.extra...)
}

// late adds the time since began to the work, and gives up if that is too much.
func (s *Search[S]) late(began *time.Time) bool {
	s.taken += time.Since(*began)
	*began = time.Now()
	if s.taken+s.work.vain <= s.work.Limit {
		return false
	}
	s.work.vain += s.taken
	s.giveUp("no answer within %v", s.work.Limit)
	return true
}

// isDone returns a function that reports whether a call has taken effect in c.
func (c *config[S]) isDone(e *event) func(*Op) bool {
	return func(o *Op) bool {
		return o.slot >= len(e.open) || e.open[o.slot] != o || c.done.has(o.slot)
	}
}

// settle lets all calls take effect in c that change nothing and can.
func (s *Search[S]) settle(c *config[S], e *event) {
	for more := true; more; {
		more = false
		for _, o := range e.open {
			if o == nil || c.done.has(o.slot) || !IsRead(o.Call) || !s.ready(c, o, e) || len(s.model.Apply(c.state, o, nil)) == 0 {
				continue
			}
			c.done.set(o.slot)
			more = true
		}
	}
}

// ready reports whether the calls before o of its client have taken effect in c.
func (s *Search[S]) ready(c *config[S], o *Op, e *event) bool {
	return !slices.ContainsFunc(o.after, func(before *Op) bool { return !c.isDone(e)(before) })
}

// needed returns the open calls that may have to take effect in c before the call of e, or that
// call itself. The others can as well do so after it: they concern none of the calls that are
// needed, and the order of a client does not put them before one.
func (s *Search[S]) needed(c *config[S], e *event) []*Op {
	var others []*Op
	for _, o := range e.open {
		if o != nil && o != e.op && !c.done.has(o.slot) {
			others = append(others, o)
		}
	}
	for _, o := range e.lost {
		if !c.lost.has(o.slot) {
			others = append(others, o)
		}
	}
	needed := []*Op{e.op}
	for i := 0; i < len(needed); i++ {
		o := needed[i]
		others = slices.DeleteFunc(others, func(other *Op) bool {
			is := s.model.Concerns(c.state, o, other) || slices.Contains(o.after, other)
			if is {
				needed = append(needed, other)
			}
			return is
		})
	}
	return needed
}

// extend adds to seen what follows c when one more call takes effect.
func (s *Search[S]) extend(c *config[S], e *event, seen *configs[S]) {
	for _, o := range s.needed(c, e) {
		if o.Return == history.Never {
			s.extendLost(c, o, e, seen)
			continue
		}
		if IsRead(o.Call) || !s.ready(c, o, e) {
			continue
		}
		for _, state := range s.model.Apply(c.state, o, c.isDone(e)) {
			next := *c
			next.state = state
			next.done.set(o.slot)
			s.settle(&next, e)
			seen.add(&next)
		}
	}
}

// extendLost adds to seen what follows c when o, which never returns, takes effect.
func (s *Search[S]) extendLost(c *config[S], o *Op, e *event, seen *configs[S]) {
	if o.twin != nil && !c.lost.has(o.twin.slot) {
		return
	}
	for _, state := range s.model.Apply(c.state, o, c.isDone(e)) {
		if state == c.state {
			continue // as if it never took effect
		}
		next := *c
		next.state = state
		next.lost.set(o.slot)
		s.settle(&next, e)
		seen.add(&next)
	}
}
