package judge

import (
	"fmt"
	"math"
	"slices"

	"doublebuf/lincheck/history"
)

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

// stampedLaws returns the laws that a claim calls for. If several are broken the first of
// them is named.
func stampedLaws(c history.Claim) []law {
	list := []law{c0, c1, c2, c4, c5, c6}
	if c == history.ClaimAtomic {
		list = append(list, c3)
	}
	return list
}

// finding is a broken law: what was seen, and the events that show it.
type finding struct {
	reason string
	events []string
}

// contentSum stands for the content of a map. Different contents have the same with a
// probability of about 2^-64.
type contentSum struct {
	entries int
	digest  uint64
}

func (s *contentSum) add(key, value history.Word) { s.entries++; s.digest += mix(key, value) }

func (s *contentSum) remove(key, value history.Word) { s.entries--; s.digest -= mix(key, value) }

// mix is the finaliser of SplitMix64 (Steele, Lea, Flood, 2014) over both words.
func mix(key, value history.Word) uint64 {
	z := uint64(0)
	for _, w := range [...]history.Word{key, value} {
		z += uint64(w) + 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
	}
	return z
}

// version is what a sweep knows about one.
type version struct {
	publish history.Call // that made it
	sum     contentSum
	held    *history.Guard // of this version, the one that was closed last of those that C5 has yet to judge; or nil
}

// write is what a key holds from a version on.
type write struct {
	version uint64
	value   history.Value
}

// openings is a heap of guards by the times at which they were open.
type openings []*history.Guard

func (o openings) Len() int { return len(o) }

func (o openings) Less(i, j int) bool { return o[i].Opened < o[j].Opened }

func (o openings) Swap(i, j int) { o[i], o[j] = o[j], o[i] }

func (o *openings) Push(g any) { *o = append(*o, g.(*history.Guard)) }

func (o *openings) Pop() any {
	last := len(*o) - 1
	g := (*o)[last]
	*o = (*o)[:last]
	return g
}

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
	h         *history.History // for the header and the names
	remembers bool             // everything
	judged    [laws]bool
	broken    [laws]*finding // the first breach of each
	breaches  int            // of those
	counts    Counts

	versions []version // those that are remembered; the last is the newest
	first    uint64    // the number of versions[0]
	sum      contentSum
	writes   map[history.Word][]write // of each key, in order
	unpruned int                      // writes since the last pruning

	opening openings               // guards that are not settled
	free    []*history.Guard       // to be used again
	highest history.Guard          // of the highest version among those that were open beyond doubt by now
	last    map[int]*history.Guard // of each client
}

// newSweep returns a sweep by those laws over the events of h. They are to be passed to
// call and guard in the order in which they were called, and then comes end.
func newSweep(h *history.History, by []law) *sweep {
	s := &sweep{
		h:        h,
		counts:   Counts{Histories: 1},
		first:    h.From,
		versions: []version{{publish: history.Call{Op: history.Publish, Called: math.MinInt64, Return: math.MinInt64}}},
		writes:   map[history.Word][]write{},
		last:     map[int]*history.Guard{},
	}
	for _, l := range by {
		s.judged[l] = true
	}
	return s
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

func (s *sweep) write(c *history.Call) {
	list := s.writes[c.Key]
	if n := len(list); n > 0 && list[n-1].value.Ok {
		s.sum.remove(c.Key, list[n-1].value.Word)
	}
	value := history.Value{Word: c.New, Ok: c.Op == history.Set}
	if value.Ok {
		s.sum.add(c.Key, value.Word)
	}
	s.writes[c.Key] = append(list, write{s.newest() + 1, value})
	if s.unpruned++; s.unpruned > 2*len(s.writes)+64 {
		s.prune()
	}
}

// at returns what S(v) holds under key.
func (s *sweep) at(key history.Word, v uint64) history.Value {
	list := s.writes[key]
	n, _ := slices.BinarySearchFunc(list, v+1, func(w write, v uint64) int {
		if w.version < v {
			return -1
		}
		return 1
	})
	if n == 0 {
		return history.Value{}
	}
	return list[n-1].value
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
func (s *sweep) breach(l law, g *history.Guard, also []string, format string, args ...any) {
	events := append(also, s.h.DescribeGuard(g))
	s.find(l, events, "client %d opened a guard of version %d: %s", g.Client, g.Version, fmt.Sprintf(format, args...))
}

// find notes that l is broken, by which events.
func (s *sweep) find(l law, events []string, format string, args ...any) {
	s.broken[l] = &finding{fmt.Sprintf(format, args...), events}
	s.breaches++
}

// events describes the publish that made v.
func (s *sweep) events(v *version) []string { return []string{s.h.DescribeTimed(&v.publish)} }
