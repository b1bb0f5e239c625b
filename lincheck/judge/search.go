package judge

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"doublebuf/lincheck/history"
	"doublebuf/lincheck/order"
)

// search searches h, which has no versions, for an order of effects. The verdict is Unknown if
// searches without an answer have taken as long as limit, or if h is Illegal only by orders of
// events that rest on less than the slack.
func search(h *history.History, limit time.Duration) Verdict {
	work := &order.Work{Limit: limit}
	if h.Claim != history.ClaimLinearizable {
		return searchBatches(h, work)
	}
	b := newByKeys(h, work)
	together := false // some call concerns several keys at one instant
	for i := range h.Calls {
		b.call(&h.Calls[i])
		together = together || h.Calls[i].Snapshot
	}
	b.end()
	v := b.v
	if v.Outcome != history.Illegal {
		v.addWindow(b.checker(), countedWrong(h, work))
	}
	if v.Outcome == history.Illegal || !together && !b.tied() {
		return v
	}
	// Without such calls an answer key by key stands, if there is none for all keys together.
	if j := searchContents(h, work); together || j.outcome == history.Illegal || j.ambiguous {
		v.addWindow(b.checker(), j)
	}
	return v
}

// searchContents judges the calls of a linearizable history together, and not key by key.
func searchContents(h *history.History, work *order.Work) windowResult {
	wide := order.NewContents()
	w := newWindows(h, "", func(slack time.Duration) order.Model[int] {
		if slack == h.Slack {
			return wide
		}
		return order.NewContents()
	}, 0, work)
	w.entries = wide.Content
	keys := order.Keys(h.Calls)
	for i := range h.Calls {
		w.add(&h.Calls[i], order.Divide(&h.Calls[i], keys)...)
	}
	w.advance(history.Never)
	return w.result()
}

// searchBatches judges a history of batches. If the claim is per handle, it judges the reads of
// each client separately. Where the search for all keys together gives up, it searches key by key,
// for violations only.
func searchBatches(h *history.History, work *order.Work) Verdict {
	v := Verdict{Outcome: history.Ok, Counts: countsOf(h)}
	for _, calls := range readers(h) {
		j := batchesOf(h, "", calls, work)
		if j.outcome == history.Unknown && !j.ambiguous {
			for _, key := range order.Keys(calls) {
				one := batchesOf(h, h.FormatWord(key), callsAbout(calls, key), &order.Work{Limit: work.Limit / 4})
				if one.outcome == history.Illegal {
					j = one
					break
				}
			}
		}
		if v.addWindow("eventual", j); v.Outcome == history.Illegal {
			break
		}
	}
	return v
}

// readers returns the calls that are judged together: all calls, or, if the claim is per handle,
// for each client that reads, its reads and all other calls.
func readers(h *history.History) (groups [][]history.Call) {
	if h.Claim == history.ClaimEventual {
		return [][]history.Call{h.Calls}
	}
	var clients []int
	for i := range h.Calls {
		if c := &h.Calls[i]; order.IsRead(c) && !slices.Contains(clients, c.Client) {
			clients = append(clients, c.Client)
		}
	}
	for _, client := range clients {
		groups = append(groups, slices.DeleteFunc(slices.Clone(h.Calls), func(c history.Call) bool {
			return order.IsRead(&c) && c.Client != client
		}))
	}
	return groups
}

// callsAbout returns the calls that concern key: its own, those on all keys without what they saw
// of other keys, and all publishes.
func callsAbout(calls []history.Call, key history.Word) (list []history.Call) {
	for i := range calls {
		switch c := &calls[i]; {
		case c.Op.AllKeys():
			p, _, _ := order.NewParter(c)
			if p.About(key) != nil {
				list = append(list, *p.Only(key))
			}
		case c.Op == history.Publish || c.Key == key:
			list = append(list, *c)
		}
	}
	return list
}

// batchesOf judges calls of a history of batches together.
func batchesOf(h *history.History, key string, calls []history.Call, work *order.Work) windowResult {
	keys := order.Keys(calls)
	w := newWindows(h, key, func(slack time.Duration) order.Model[int] {
		return order.NewBatches(calls, keys, slacksOf(h, slack), false)
	}, 0, work)
	for i := range calls {
		c := &calls[i]
		if _, key, twice := order.NewParter(c); twice {
			return seesTwice(h, c, key)
		}
		w.add(c, order.Divide(c, keys)...)
	}
	w.advance(history.Never)
	return w.result()
}

// slacksOf returns the slacks of a history of batches. Where each client has a log of its own, time
// orders nothing that different clients write and publish.
func slacksOf(h *history.History, write time.Duration) order.Slacks {
	if h.OwnLogs {
		return order.Slacks{Publish: order.Always, Write: order.Always}
	}
	return order.Slacks{Publish: h.Slack, Write: write}
}

// seesTwice is the result for a walk that saw a key twice.
func seesTwice(h *history.History, c *history.Call, key history.Word) windowResult {
	return windowResult{
		outcome: history.Illegal,
		reason:  fmt.Sprintf("client %d %s saw key %s twice", c.Client, h.Describe(*c), h.FormatWord(key)),
		illegal: &history.History{Header: h.Header, Names: h.Names, Calls: []history.Call{*c}},
	}
}

// addWindow adds a result to v.
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

// byKeys judges a linearizable history while it is read, key by key. Calls that concern all keys
// are judged by their parts. Its memory is in proportion to the keys and the calls that overlap.
type byKeys struct {
	h    *history.History
	work *order.Work
	keys map[history.Word]*windows[history.Value]
	all  []order.Parter // calls on all keys that may still take effect
	held int            // calls in windows
	v    Verdict

	last map[int]*history.Call // the last call of each client
	ties bool                  // some client's calls about two keys have equal times
}

// mostHeld is how many calls the windows of all keys hold together. When they hold more, all
// windows end that can, even short ones.
const mostHeld = 1 << 18

func newByKeys(h *history.History, work *order.Work) *byKeys {
	return &byKeys{h: h, work: work, keys: map[history.Word]*windows[history.Value]{}, last: map[int]*history.Call{}, v: Verdict{Outcome: history.Ok, Counts: Counts{Histories: 1}}}
}

func (b *byKeys) call(c *history.Call) {
	if b.v.Counts.Calls++; b.illegal() {
		return
	}
	if b.held >= mostHeld {
		b.endQuiet(c.Called)
	}
	own := *c
	if last := b.last[c.Client]; last != nil && last.Return >= c.Called && (last.Key != c.Key || c.Op.AllKeys()) {
		b.ties = true
	}
	if c.Return != history.Never {
		b.last[c.Client] = &own
	}
	if !c.Op.AllKeys() {
		b.part(&own, &own)
		return
	}
	p, key, twice := order.NewParter(&own)
	if twice {
		b.v.addWindow(b.checker(), seesTwice(b.h, &own, key))
		return
	}
	b.all = slices.DeleteFunc(b.all, func(p order.Parter) bool { return p.Before(own.Called - int64(b.h.Slack)) })
	for _, key := range p.Keys() {
		b.of(key)
	}
	b.all = append(b.all, p)
	for _, key := range slices.Sorted(maps.Keys(b.keys)) {
		if about := p.About(key); about != nil {
			b.part(p.Only(key), about)
		}
	}
}

// part takes the part of c about one key.
func (b *byKeys) part(c, about *history.Call) {
	w := b.of(about.Key)
	before := len(w.calls)
	if w.add(c, about); w.illegal() {
		b.v.addWindow(b.checker(), w.result())
	}
	b.held += len(w.calls) - before
}

// of returns the windows of key.
func (b *byKeys) of(key history.Word) *windows[history.Value] {
	w := b.keys[key]
	if w == nil {
		w = newWindows(b.h, b.h.FormatWord(key), func(time.Duration) order.Model[history.Value] { return order.OneKey{} }, history.Value{}, b.work)
		w.entries = func(v history.Value) []history.Read {
			if !v.Ok {
				return nil
			}
			return []history.Read{{Key: key, Value: v}}
		}
		b.keys[key] = w
		for _, p := range b.all {
			if about := p.About(key); about != nil {
				w.add(p.Only(key), about)
			}
		}
	}
	return w
}

// endQuiet ends all windows that can end before a call at the time now.
func (b *byKeys) endQuiet(now int64) {
	b.held = 0
	for key, w := range b.keys {
		if w.advance(now); w.illegal() {
			b.v.addWindow(b.checker(), w.result())
			return
		}
		if w.cut() && len(w.calls) == 0 && len(w.starts) == 1 && !w.starts[0].Ok {
			delete(b.keys, key) // as if the key had never been used
		}
		b.held += len(w.calls)
	}
	if b.held > mostHeld/2 {
		b.held = mostHeld / 2 // so that the next call does not end windows again
	}
}

func (b *byKeys) guard(*history.Guard) {}

func (b *byKeys) end() {
	for _, key := range slices.Sorted(maps.Keys(b.keys)) {
		w := b.keys[key]
		if w.advance(history.Never); !b.illegal() {
			b.v.addWindow(b.checker(), w.result())
		}
	}
}

// tied reports whether the answer key by key does not use all that is known. The order of one
// client's calls about two keys is certain also where their times are equal or less than the slack
// apart. Then a history may have an order for each key, and none for all keys.
func (b *byKeys) tied() bool { return b.ties || b.v.Counts.Ambiguous > 0 }

func (b *byKeys) checker() string { return "linearizable" }

func (b *byKeys) illegal() bool { return b.v.Outcome == history.Illegal }

func (b *byKeys) verdict() Verdict { return b.v }
