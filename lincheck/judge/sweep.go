package judge

import (
	"container/heap"
	"fmt"
	"time"

	"doublebuf/lincheck/history"
)

// all sweeps over the events of s.h.
func (s *sweep) all() {
	s.h.InOrder(s.call, s.guard)
	s.end()
}

func (s *sweep) illegal() bool { return s.violations > 0 }

// verdict returns Ok, or Illegal by the first of the broken laws.
func (s *sweep) verdict() Verdict {
	v := Verdict{Outcome: history.Ok, Counts: s.counts}
	for _, l := range stampedLaws(s.h.Claim) {
		if f := s.broken[l]; f != nil {
			v.Outcome, v.Checker, v.Reason, v.Events = history.Illegal, l.String(), f.reason, f.events
			break
		}
	}
	return v
}

// call takes an event of the writer. All writes and publishes are of one client. So their order is
// certain, and each write belongs to the batch of the next publish.
func (s *sweep) call(c *history.Call) {
	s.counts.Calls++
	s.settle(c.Called)
	if c.Op != history.Publish {
		s.write(c)
		return
	}
	s.counts.Publishes++
	v := s.newest() + 1
	if c.Version != v && s.active(c0) {
		s.violates(c0, []string{s.h.DescribeTimed(c)}, "publish number %d made version %d", v, c.Version)
	}
	s.versions = append(s.versions, version{publish: *c, sum: s.sum})
	if n := s.h.Lag + 1; v >= s.h.From+n {
		old, _ := s.version(v - n)
		for _, g := range old.held {
			s.lagByPublish(g, &s.versions[len(s.versions)-1])
		}
	}
	s.forget(c.Called)
}

// guard takes an event of a reader.
func (s *sweep) guard(g *history.Guard) {
	s.counts.Guards++
	s.settle(g.Called)
	s.fresh(g)
	s.noInversion(g)
	s.monotone(g)
	var own *history.Guard
	if n := len(s.free); n > 0 {
		own, s.free = s.free[n-1], s.free[:n-1]
	} else {
		own = new(history.Guard)
	}
	*own = *g
	heap.Push(&s.opening, own)
}

// settle judges the guards that were open, by more than the slack, before now, the time of the next
// event. By then all publishes are known that were called before these guards were open.
func (s *sweep) settle(now int64) {
	for len(s.opening) > 0 && s.opening[0].Opened < now-int64(s.h.Slack) {
		s.settleNext(false)
	}
}

// end settles the remaining guards when there are no more events.
func (s *sweep) end() {
	for len(s.opening) > 0 {
		s.settleNext(true)
	}
}

func (s *sweep) settleNext(end bool) {
	g := heap.Pop(&s.opening).(*history.Guard)
	if g.Version > s.highest.Version {
		from := s.highest.Version
		s.highest = new(history.Guard)
		*s.highest = *g
		s.proves(from + 1)
	}
	if s.noFuture(g, end) {
		s.content(g)
		g = s.boundedLag(g)
	}
	if g != nil {
		s.free = append(s.free, g)
	}
}

// noFuture judges g by C1, and reports whether its version has come.
func (s *sweep) noFuture(g *history.Guard, end bool) bool {
	v, number := s.version(g.Version)
	switch {
	case !s.active(c1):
	case v == nil && end:
		s.guardViolates(c1, g, nil, "but the last publish made version %d", s.newest())
	case v == nil:
		s.guardViolates(c1, g, nil, "it was open before publish %d was called", g.Version)
	case number == g.Version && s.before(g.Opened, v.publish.Called, relate(g.Client, g.Seq, v.publish.Client, v.publish.Seq)):
		s.guardViolates(c1, g, s.events(v), "it was open %v before publish %d was called", time.Duration(v.publish.Called-g.Opened), g.Version)
	}
	return v != nil
}

// fresh judges g by C2.
func (s *sweep) fresh(g *history.Guard) {
	if !s.active(c2) {
		return
	}
	next, number := s.version(g.Version + 1)
	if next != nil && s.before(next.publish.Return, g.Called, relate(next.publish.Client, next.publish.Seq, g.Client, g.Seq)) {
		s.guardViolates(c2, g, s.events(next), "its opening was called %v after publish %d had returned", time.Duration(g.Called-next.publish.Return), number)
	}
}

// noInversion judges g by C3.
func (s *sweep) noInversion(g *history.Guard) {
	if !s.active(c3) {
		return
	}
	if s.highest.Version > g.Version {
		s.guardViolates(c3, g, []string{s.h.DescribeGuard(s.highest)}, "client %d had version %d open %v before its opening was called",
			s.highest.Client, s.highest.Version, time.Duration(g.Called-s.highest.Opened))
		return
	}
	for _, other := range s.opening {
		if other.Opened < g.Called && other.Version > g.Version {
			s.counts.Ambiguous++
			return
		}
	}
}

// monotone judges g by C4, and the client's open guards by C5.
func (s *sweep) monotone(g *history.Guard) {
	own := s.handles[g.Client]
	if own == nil {
		own = &handle{last: new(history.Guard)}
		s.handles[g.Client] = own
	} else if own.last.Version > g.Version && s.active(c4) {
		s.guardViolates(c4, g, []string{s.h.DescribeGuard(own.last)}, "the same handle had opened version %d before", own.last.Version)
	}
	*own.last = *g
	if s.active(c5) && s.h.Lag > 0 {
		s.ownLag(own, g)
	}
}

// ownLag judges by C5 the open guards of the client that opens g. Their order is certain.
func (s *sweep) ownLag(own *handle, g *history.Guard) {
	open := own.open[:0]
	for _, old := range own.open {
		if old.version+1+s.h.Lag <= g.Version && g.Opened < old.closed {
			s.lagByGuard(&history.Guard{Client: g.Client, Version: old.version, Called: old.opened, Opened: old.opened, Closed: old.closed}, g)
		}
		if old.closed >= g.Called {
			open = append(open, old)
		}
	}
	own.open = append(open, ownSpan{g.Version, g.Opened, g.Closed})
}

// boundedLag judges g by C5, and holds it as long as a publish or a guard may come that it depends
// on. It returns a guard that is no longer held, g or another, or nil.
func (s *sweep) boundedLag(g *history.Guard) *history.Guard {
	if !s.active(c5) || s.h.Lag == 0 {
		return g
	}
	if late, _ := s.version(g.Version + 1 + s.h.Lag); late != nil {
		s.lagByPublish(g, late)
		if late.proof != nil {
			s.lagByGuard(g, late.proof)
			return g
		}
	}
	own, number := s.version(g.Version)
	if number != g.Version {
		return g
	}
	for i, held := range own.held {
		if held.Client == g.Client {
			if held.Closed >= g.Closed {
				return g
			}
			own.held[i] = g
			return held
		}
	}
	own.held = append(own.held, g)
	return nil
}

// proves notes that all versions from the given one to the highest have been published as the
// highest guard opened, and judges by C5 the guards that this concerns.
func (s *sweep) proves(from uint64) {
	for v := max(from, s.first); v <= min(s.highest.Version, s.newest()); v++ {
		s.versions[v-s.first].proof = s.highest
		if n := s.h.Lag + 1; s.h.Lag > 0 && v >= s.first+n {
			old := &s.versions[v-n-s.first]
			for _, g := range old.held {
				s.lagByGuard(g, s.highest)
			}
			s.free = append(s.free, old.held...)
			old.held = nil
		}
	}
}

// lagByPublish judges g by C5 and the publish that made late.
func (s *sweep) lagByPublish(g *history.Guard, late *version) {
	if s.active(c5) && s.before(late.publish.Return, g.Closed, relation{one: g.Client == late.publish.Client}) {
		s.guardViolates(c5, g, s.events(late), "it was open %s after publish %d had returned", s.longer(g, late.publish.Return), g.Version+1+s.h.Lag)
	}
}

// lagByGuard judges g by C5 and a guard of a late version.
func (s *sweep) lagByGuard(g, late *history.Guard) {
	if s.active(c5) && s.before(late.Opened, g.Closed, relation{one: g.Client == late.Client}) {
		s.guardViolates(c5, g, []string{s.h.DescribeGuard(late)}, "it was open %s after client %d had opened a guard of version %d", s.longer(g, late.Opened), late.Client, late.Version)
	}
}

// longer says how long g was open after a time.
func (s *sweep) longer(g *history.Guard, at int64) string {
	if g.Closed == history.Never {
		return "for ever"
	}
	return time.Duration(g.Closed - at).String()
}

// content judges g by C6. A guard of a forgotten version breaks C2 already.
func (s *sweep) content(g *history.Guard) {
	if !s.active(c6) || g.Version < s.first {
		return
	}
	if why := s.misread(g); why != "" {
		s.guardViolates(c6, g, nil, "%s", why)
	}
}

// misread returns what g read that its version does not hold, or "". The version must not be
// forgotten.
func (s *sweep) misread(g *history.Guard) string {
	for _, read := range g.Reads {
		if want := s.at(read.Key, g.Version); read.Value != want {
			return s.mismatch(g, read.Key, read.Value, want)
		}
	}
	if g.Ranged {
		return s.misranged(g)
	}
	return ""
}

// misranged returns how the whole content that g saw differs from that of its version, or "".
func (s *sweep) misranged(g *history.Guard) string {
	var sum contentSum
	for _, e := range g.All {
		sum.add(e.Key, e.Value.Word)
	}
	want, _ := s.version(min(g.Version, s.newest()))
	if sum == want.sum {
		return ""
	}
	seen := map[history.Word]bool{}
	for _, e := range g.All {
		if seen[e.Key] {
			return fmt.Sprintf("its range has key %s twice", s.h.FormatWord(e.Key))
		}
		seen[e.Key] = true
		if want := s.at(e.Key, g.Version); e.Value != want {
			return "in its range " + s.mismatch(g, e.Key, e.Value, want)
		}
	}
	return fmt.Sprintf("its range has %d entries, S(%d) has %d", sum.entries, g.Version, want.sum.entries)
}

// mismatch says that g read got under key where its version has want.
func (s *sweep) mismatch(g *history.Guard, key history.Word, got, want history.Value) string {
	return fmt.Sprintf("key %s -> %s, but S(%d) has %s there", s.h.FormatWord(key), s.h.FormatValue(got), g.Version, s.h.FormatValue(want))
}
