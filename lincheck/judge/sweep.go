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
		if old, _ := s.version(v - n); old.held != nil {
			s.boundedLag(old.held)
			old.held = nil
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
		s.highest = *g
	}
	if s.noFuture(g, end) {
		s.boundedLag(g)
		s.content(g)
	}
	s.free = append(s.free, g)
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
	case number == g.Version && s.before(g.Opened, v.publish.Called, g.Client == v.publish.Client):
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
	if next != nil && s.before(next.publish.Return, g.Called, g.Client == next.publish.Client) {
		s.guardViolates(c2, g, s.events(next), "its opening was called %v after publish %d had returned", time.Duration(g.Called-next.publish.Return), number)
	}
}

// noInversion judges g by C3.
func (s *sweep) noInversion(g *history.Guard) {
	if !s.active(c3) {
		return
	}
	if s.highest.Version > g.Version {
		s.guardViolates(c3, g, []string{s.h.DescribeGuard(&s.highest)}, "client %d had version %d open %v before its opening was called",
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

// monotone judges g by C4.
func (s *sweep) monotone(g *history.Guard) {
	last := s.last[g.Client]
	if last == nil {
		last = new(history.Guard)
		s.last[g.Client] = last
	} else if last.Version > g.Version && s.active(c4) {
		s.guardViolates(c4, g, []string{s.h.DescribeGuard(last)}, "the same handle had opened version %d before", last.Version)
	}
	*last = *g
}

// boundedLag judges g by C5, or holds it until the publish comes that it depends on. Of the guards
// of one version it is enough to hold the one that is closed last.
func (s *sweep) boundedLag(g *history.Guard) {
	if !s.active(c5) || s.h.Lag == 0 {
		return
	}
	late, number := s.version(g.Version + 1 + s.h.Lag)
	if late != nil {
		if s.before(late.publish.Return, g.Closed, g.Client == late.publish.Client) {
			s.guardViolates(c5, g, s.events(late), "it was open %v after publish %d had returned", time.Duration(g.Closed-late.publish.Return), number)
		}
		return
	}
	if own, number := s.version(g.Version); number == g.Version {
		if own.held == nil {
			own.held = new(history.Guard)
			*own.held = *g
		} else if own.held.Closed < g.Closed {
			*own.held = *g
		}
	}
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
