package judge

import (
	"time"

	"doublebuf/lincheck/history"
)

// search lets porcupine judge h, partition by partition, and stops at the first Illegal partition.
// The verdict is Unknown if searches without an answer have taken as long as limit, if too many
// calls overlap, or if h is Illegal only by orders of events that rest on less than the slack.
func search(h *history.History, limit time.Duration) Verdict {
	model, checker := modelOf(h)
	v := Verdict{Outcome: history.Ok, Counts: countsOf(h)}
	limited := &searches{limit: limit}
	for _, part := range model.Partition(operations(h)) {
		w := newWindows(h, limited)
		for _, op := range part {
			if v.addWindow(checker, w.add(op.Input.(*history.Call))); v.Outcome == history.Illegal {
				return v
			}
		}
		if v.addWindow(checker, w.end(true)); v.Outcome == history.Illegal {
			return v
		}
	}
	return v
}

// addWindow adds the result for one window to v.
func (v *Verdict) addWindow(checker string, j windowResult) {
	switch {
	case v.Outcome == history.Illegal:
		return
	case j.outcome == history.Illegal:
		v.Counts.Undecided = 0
	case j.outcome == history.Unknown && v.Outcome == history.Ok: // the first Unknown
		v.Counts.Undecided++
	default:
		return
	}
	if j.ambiguous {
		v.Counts.Ambiguous++
	}
	v.Outcome, v.Checker, v.Reason, v.illegal = j.outcome, checker, j.reason, j.illegal
}

// byKeys judges a linearizable history while it is read, key by key. Its memory is in proportion to
// the keys and the calls that overlap.
type byKeys struct {
	h        *history.History
	searches *searches
	keys     map[history.Word]*windows
	held     int // calls in windows
	v        Verdict
}

// mostHeld is how many calls the windows of all keys hold together. When they hold more, all
// windows end that can, even short ones.
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

// endQuiet ends all windows that can end before a call at the time now.
func (b *byKeys) endQuiet(now int64) {
	b.held = 0
	for key, w := range b.keys {
		if w.quiet(now) {
			b.note(w.end(false))
		}
		b.held += len(w.calls)
		if len(w.calls) == 0 && len(w.starts) == 1 && !w.starts[0].Ok {
			delete(b.keys, key) // as if the key had never been used
		}
	}
	if b.held > mostHeld/2 {
		b.held = mostHeld / 2 // so that the next call does not end windows again
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

func (b *byKeys) note(j windowResult) { b.v.addWindow("linearizable", j) }

func (b *byKeys) illegal() bool { return b.v.Outcome == history.Illegal }

func (b *byKeys) verdict() Verdict { return b.v }
