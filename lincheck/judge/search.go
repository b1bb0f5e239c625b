package judge

import (
	"time"

	"doublebuf/lincheck/history"
)

// search has porcupine judge h, partition by partition, and stops at the first that is
// Illegal. It is Unknown where searches have taken as long as limit in vain, where too much overlaps, and
// where h is Illegal only by the order of events that the clocks cannot tell apart.
func search(h *history.History, limit time.Duration) Verdict {
	model, checker := modelOf(h)
	v := Verdict{Outcome: history.Ok, Counts: countsOf(h)}
	limited := &searches{limit: limit}
	for _, part := range model.Partition(operations(h)) {
		w := newWindows(h, limited)
		for _, op := range part {
			if v.found(checker, w.add(op.Input.(*history.Call))); v.Outcome == history.Illegal {
				return v
			}
		}
		if v.found(checker, w.end(true)); v.Outcome == history.Illegal {
			return v
		}
	}
	return v
}

// found adds what was found of one window.
func (v *Verdict) found(checker string, j judged) {
	switch {
	case v.Outcome == history.Illegal:
		return
	case j.outcome == history.Illegal:
		v.Counts.Undecided = 0
	case j.outcome == history.Unknown && v.Outcome == history.Ok: // the first
		v.Counts.Undecided++
	default:
		return
	}
	if j.ambiguous {
		v.Counts.Ambiguous++
	}
	v.Outcome, v.Checker, v.Reason, v.shows = j.outcome, checker, j.reason, j.shows
}

// byKeys judges a linearizable history while it is read, key by key. Its memory is in
// proportion to the keys and what overlaps.
type byKeys struct {
	h        *history.History
	searches *searches
	keys     map[history.Word]*windows
	held     int // calls in windows
	v        Verdict
}

// mostHeld is how many calls are kept, in the windows of all keys, before those that can be are
// ended, short as they may be.
const mostHeld = 1 << 18

func newByKeys(h *history.History, limit time.Duration) *byKeys {
	return &byKeys{h: h, searches: &searches{limit: limit}, keys: map[history.Word]*windows{}, v: Verdict{Outcome: history.Ok, Counts: Counts{Histories: 1}}}
}

func (b *byKeys) call(c *history.Call) {
	if b.v.Counts.Calls++; b.illegal() {
		return
	}
	if b.held >= mostHeld {
		b.endQuiet(c.Called)
	}
	w := b.keys[c.Key]
	if w == nil {
		w = newWindows(b.h, b.searches)
		b.keys[c.Key] = w
	}
	own, before := *c, len(w.calls)
	b.note(w.add(&own))
	b.held += len(w.calls) - before
}

// endQuiet ends all windows that can be.
func (b *byKeys) endQuiet(now int64) {
	b.held = 0
	for key, w := range b.keys {
		if w.quiet(now) {
			b.note(w.end(false))
		}
		b.held += len(w.calls)
		if len(w.calls) == 0 && len(w.starts) == 1 && !w.starts[0].Ok {
			delete(b.keys, key) // it is as if there had been nothing
		}
	}
	if b.held > mostHeld/2 {
		b.held = mostHeld / 2 // so that the next time is not at once
	}
}

func (b *byKeys) guard(*history.Guard) {}

func (b *byKeys) end() {
	for _, w := range b.keys {
		if !b.illegal() {
			b.note(w.end(true))
		}
	}
}

func (b *byKeys) note(j judged) { b.v.found("linearizable", j) }

func (b *byKeys) illegal() bool { return b.v.Outcome == history.Illegal }

func (b *byKeys) verdict() Verdict { return b.v }
