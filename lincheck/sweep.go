package lincheck

import (
	"container/heap"
	"fmt"
	"math"
	"slices"
	"time"
)

// sweep judges a stamped history by C0 to C6 in one pass over its events in the order in
// which they were called: publishes are the writes of one register of versions, guards its
// reads. C2, C3 and C4 look back only, and judge a guard as it comes. C1, C5 and C6 ask
// for publishes that may be called while the guard is being opened, and judge it when that,
// and the slack, is over: it is settled then.
//
// The time is in proportion to the events, but for a logarithm of the guards that are being
// opened at once. What cannot concern a later event is forgotten, so that the memory is in
// proportion to the content of the map, the clients, the lag, and what else is called while
// one guard is being opened.
type sweep struct {
	h         *History // for the header and the names
	remembers bool     // everything
	judged    [laws]bool
	broken    [laws]*finding // the first breach of each
	breaches  int            // of those
	counts    Counts

	versions []version // those that are remembered; the last is the newest
	first    uint64    // the number of versions[0]
	sum      contentSum
	writes   map[Word][]write // of each key, in order
	unpruned int              // writes since the last pruning

	opening openings       // guards that are not settled
	free    []*Guard       // to be used again
	highest Guard          // of the highest version among those that were open beyond doubt by now
	last    map[int]*Guard // of each client
}

// law is one of C0 to C6.
type law int

const (
	c0 law = iota
	c1
	c2
	c3
	c4
	c5
	c6
	laws
)

func (l law) String() string { return fmt.Sprintf("C%d", int(l)) }

// finding is a broken law: what was seen, and the events that show it.
type finding struct {
	reason string
	events []string
}

// version is what a sweep knows about one.
type version struct {
	publish Call // that made it
	sum     contentSum
	held    *Guard // of this version, the one that was closed last of those that C5 has yet to judge; or nil
}

// write is what a key holds from a version on.
type write struct {
	version uint64
	value   Value
}

// contentSum stands for the content of a map. Different contents have the same with a
// probability of about 2^-64.
type contentSum struct {
	entries int
	digest  uint64
}

func (s *contentSum) add(key, value Word)    { s.entries++; s.digest += mix(key, value) }
func (s *contentSum) remove(key, value Word) { s.entries--; s.digest -= mix(key, value) }

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood, 2014) over both words.
func mix(key, value Word) uint64 {
	z := uint64(0)
	for _, w := range [...]Word{key, value} {
		z += uint64(w) + 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
	}
	return z
}

// stampedLaws returns the laws that a claim calls for. If several are broken the first of
// them is named.
func stampedLaws(c Claim) []law {
	list := []law{c0, c1, c2, c4, c5, c6}
	if c == ClaimAtomic {
		list = append(list, c3)
	}
	return list
}

// newSweep returns a sweep by those laws over the events of h. They are to be passed to
// call and guard in the order in which they were called, and then comes end.
func newSweep(h *History, by []law) *sweep {
	s := &sweep{
		h:        h,
		counts:   Counts{Histories: 1},
		first:    h.From,
		versions: []version{{publish: Call{Op: Publish, Called: math.MinInt64, Return: math.MinInt64}}},
		writes:   map[Word][]write{},
		last:     map[int]*Guard{},
	}
	for _, l := range by {
		s.judged[l] = true
	}
	return s
}

// all sweeps over the events that h holds.
func (s *sweep) all() {
	s.h.inOrder(s.call, s.guard)
	s.end()
}

func (s *sweep) illegal() bool { return s.breaches > 0 }

// verdict returns Ok, or Illegal by the first of the broken laws.
func (s *sweep) verdict() Verdict {
	v := Verdict{Outcome: Ok, Counts: s.counts}
	for _, l := range stampedLaws(s.h.Claim) {
		if f := s.broken[l]; f != nil {
			v.Outcome, v.Checker, v.Reason, v.Events = Illegal, l.String(), f.reason, f.events
			break
		}
	}
	return v
}

// call takes an event of the writer. All writes and publishes are of one client, so their
// order is certain and each write belongs to the batch of the next publish.
func (s *sweep) call(c *Call) {
	s.counts.Calls++
	s.settle(c.Called)
	if c.Op != Publish {
		s.write(c)
		return
	}
	s.counts.Publishes++
	v := s.newest() + 1
	if c.Version != v && s.by(c0) {
		s.find(c0, []string{s.h.describeTimed(c)}, "publish number %d made version %d", v, c.Version)
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

func (s *sweep) write(c *Call) {
	list := s.writes[c.Key]
	if n := len(list); n > 0 && list[n-1].value.Ok {
		s.sum.remove(c.Key, list[n-1].value.Word)
	}
	value := Value{c.New, c.Op == Set}
	if value.Ok {
		s.sum.add(c.Key, value.Word)
	}
	s.writes[c.Key] = append(list, write{s.newest() + 1, value})
	if s.unpruned++; s.unpruned > 2*len(s.writes)+64 {
		s.prune()
	}
}

// guard takes an event of a reader.
func (s *sweep) guard(g *Guard) {
	s.counts.Guards++
	s.settle(g.Called)
	s.fresh(g)
	s.noInversion(g)
	s.monotone(g)
	var own *Guard
	if n := len(s.free); n > 0 {
		own, s.free = s.free[n-1], s.free[:n-1]
	} else {
		own = new(Guard)
	}
	*own = *g
	heap.Push(&s.opening, own)
}

// settle judges the guards that were open, beyond doubt, before the time now, which is that
// of the next event. All publishes are known that were called before they were open.
func (s *sweep) settle(now int64) {
	for len(s.opening) > 0 && s.opening[0].Opened < now-int64(s.h.Slack) {
		s.settleNext(false)
	}
}

// end settles what is left when there are no more events.
func (s *sweep) end() {
	for len(s.opening) > 0 {
		s.settleNext(true)
	}
}

func (s *sweep) settleNext(end bool) {
	g := heap.Pop(&s.opening).(*Guard)
	if g.Version > s.highest.Version {
		s.highest = *g
	}
	if s.noFuture(g, end) {
		s.boundedLag(g)
		s.content(g)
	}
	s.free = append(s.free, g)
}

// openings is a heap of guards by the times at which they were open.
type openings []*Guard

func (o openings) Len() int           { return len(o) }
func (o openings) Less(i, j int) bool { return o[i].Opened < o[j].Opened }
func (o openings) Swap(i, j int)      { o[i], o[j] = o[j], o[i] }
func (o *openings) Push(g any)        { *o = append(*o, g.(*Guard)) }
func (o *openings) Pop() any {
	last := len(*o) - 1
	g := (*o)[last]
	*o = (*o)[:last]
	return g
}

// newest is the version that the last publish made.
func (s *sweep) newest() uint64 { return s.first + uint64(len(s.versions)) - 1 }

// version returns version v, or the next one that is not forgotten, with its number; or nil
// if v has not come yet.
func (s *sweep) version(v uint64) (*version, uint64) {
	v = max(v, s.first)
	if v > s.newest() {
		return nil, v
	}
	return &s.versions[v-s.first], v
}

// forget drops the versions that no guard but one that breaks C2 can still open: those before
// one that had returned, beyond doubt, before the earliest call that is yet to be judged.
// C5 may have to judge guards of the last 1+lag all the same.
func (s *sweep) forget(now int64) {
	if s.remembers {
		return
	}
	for _, g := range s.opening {
		now = min(now, g.Called)
	}
	n := 0
	for n+1 < len(s.versions) && s.versions[n+1].publish.Return < now-int64(s.h.Slack) {
		n++
	}
	if keep := s.h.Lag + 2; uint64(len(s.versions)) <= keep {
		return
	} else if most := len(s.versions) - int(keep); n > most {
		n = most
	}
	const many = 16 // so that moving the others is seldom
	if n >= many && n >= len(s.versions)/2 {
		s.first += uint64(n)
		s.versions = slices.Delete(s.versions, 0, n)
	}
}

// prune drops the writes that are overwritten in all versions that are remembered.
func (s *sweep) prune() {
	s.unpruned = 0
	for key, list := range s.writes {
		n := 0
		for n+1 < len(list) && list[n+1].version <= s.first {
			n++
		}
		switch {
		case n+1 == len(list) && list[n].version <= s.first && !list[n].value.Ok:
			delete(s.writes, key)
		case n > 0:
			s.writes[key] = slices.Delete(list, 0, n)
		}
	}
}

// before reports whether time a is before time b beyond doubt, as it is if both are of one client, and
// counts it as ambiguous if only the clocks say so.
func (s *sweep) before(a, b int64, one bool) bool {
	if a >= b {
		return false
	}
	if b-a <= int64(s.h.Slack) && !one {
		s.counts.Ambiguous++
		return false
	}
	return true
}

// by reports whether l is still to be judged by.
func (s *sweep) by(l law) bool { return s.judged[l] && s.broken[l] == nil }

// breach notes that g breaks l; also says what else shows it.
func (s *sweep) breach(l law, g *Guard, also []string, format string, args ...any) {
	events := append(also, s.h.describeGuard(g))
	s.find(l, events, "client %d opened a guard of version %d: %s", g.Client, g.Version, fmt.Sprintf(format, args...))
}

// find notes that l is broken, by which events.
func (s *sweep) find(l law, events []string, format string, args ...any) {
	s.broken[l] = &finding{fmt.Sprintf(format, args...), events}
	s.breaches++
}

// noFuture judges g by C1, and reports whether its version has come.
func (s *sweep) noFuture(g *Guard, end bool) bool {
	v, number := s.version(g.Version)
	switch {
	case !s.by(c1):
	case v == nil && end:
		s.breach(c1, g, nil, "but the last publish made version %d", s.newest())
	case v == nil:
		s.breach(c1, g, nil, "it was open before publish %d was called", g.Version)
	case number == g.Version && s.before(g.Opened, v.publish.Called, g.Client == v.publish.Client):
		s.breach(c1, g, s.events(v), "it was open %v before publish %d was called", time.Duration(v.publish.Called-g.Opened), g.Version)
	}
	return v != nil
}

// fresh judges g by C2.
func (s *sweep) fresh(g *Guard) {
	if !s.by(c2) {
		return
	}
	next, number := s.version(g.Version + 1)
	if next != nil && s.before(next.publish.Return, g.Called, g.Client == next.publish.Client) {
		s.breach(c2, g, s.events(next), "its opening was called %v after publish %d had returned", time.Duration(g.Called-next.publish.Return), number)
	}
}

// noInversion judges g by C3.
func (s *sweep) noInversion(g *Guard) {
	if !s.by(c3) {
		return
	}
	if s.highest.Version > g.Version {
		s.breach(c3, g, []string{s.h.describeGuard(&s.highest)}, "client %d had version %d open %v before its opening was called",
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
func (s *sweep) monotone(g *Guard) {
	last := s.last[g.Client]
	if last == nil {
		last = new(Guard)
		s.last[g.Client] = last
	} else if last.Version > g.Version && s.by(c4) {
		s.breach(c4, g, []string{s.h.describeGuard(last)}, "the same handle had opened version %d before", last.Version)
	}
	*last = *g
}

// boundedLag judges g by C5, or keeps it until the publish comes that it depends on. Of the
// guards of one version that are kept the one that is closed last is enough.
func (s *sweep) boundedLag(g *Guard) {
	if !s.by(c5) || s.h.Lag == 0 {
		return
	}
	late, number := s.version(g.Version + 1 + s.h.Lag)
	if late != nil {
		if s.before(late.publish.Return, g.Closed, g.Client == late.publish.Client) {
			s.breach(c5, g, s.events(late), "it was open %v after publish %d had returned", time.Duration(g.Closed-late.publish.Return), number)
		}
		return
	}
	if own, number := s.version(g.Version); number == g.Version {
		if own.held == nil {
			own.held = new(Guard)
			*own.held = *g
		} else if own.held.Closed < g.Closed {
			*own.held = *g
		}
	}
}

// content judges g by C6. What it says is of a version that is forgotten breaks C2 already.
func (s *sweep) content(g *Guard) {
	if !s.by(c6) || g.Version < s.first {
		return
	}
	if why := s.misread(g); why != "" {
		s.breach(c6, g, nil, "%s", why)
	}
}

// misread tells what g read that its version, which is remembered, does not hold, or "".
func (s *sweep) misread(g *Guard) string {
	for _, read := range g.Reads {
		if want := s.at(read.Key, g.Version); read.Value != want {
			return s.unlike(g, read.Key, read.Value, want)
		}
	}
	if g.Ranged {
		return s.unlikeAll(g)
	}
	return ""
}

// at returns what S(v) holds under key.
func (s *sweep) at(key Word, v uint64) Value {
	list := s.writes[key]
	n, _ := slices.BinarySearchFunc(list, v+1, func(w write, v uint64) int {
		if w.version < v {
			return -1
		}
		return 1
	})
	if n == 0 {
		return Value{}
	}
	return list[n-1].value
}

// unlikeAll tells how the whole content that g saw differs from its version's, or "".
func (s *sweep) unlikeAll(g *Guard) string {
	var sum contentSum
	for _, e := range g.All {
		sum.add(e.Key, e.Value.Word)
	}
	want, _ := s.version(min(g.Version, s.newest()))
	if sum == want.sum {
		return ""
	}
	seen := map[Word]bool{}
	for _, e := range g.All {
		if seen[e.Key] {
			return fmt.Sprintf("its range has key %s twice", s.h.word(e.Key))
		}
		seen[e.Key] = true
		if want := s.at(e.Key, g.Version); e.Value != want {
			return "in its range " + s.unlike(g, e.Key, e.Value, want)
		}
	}
	return fmt.Sprintf("its range has %d entries, S(%d) has %d", sum.entries, g.Version, want.sum.entries)
}

func (s *sweep) unlike(g *Guard, key Word, got, want Value) string {
	return fmt.Sprintf("key %s -> %s, but S(%d) has %s there", s.h.word(key), s.h.value(got), g.Version, s.h.value(want))
}

// events describes the publish that made v.
func (s *sweep) events(v *version) []string { return []string{s.h.describeTimed(&v.publish)} }
