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

// stampedLaws returns the laws that a claim calls for. If several are broken the verdict names the
// first of them.
func stampedLaws(c history.Claim) []law {
	list := []law{c0, c1, c2, c4, c5, c6}
	if c == history.ClaimAtomic {
		list = append(list, c3)
	}
	return list
}

// violation is a broken law: what the sweep saw, and the events that show it.
type violation struct {
	reason string
	events []string
}

// contentSum is a digest of the content of a map. Two different contents have the same digest with
// a probability of about 2^-64.
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

// version is what a sweep knows about one version.
type version struct {
	publish history.Call // the publish that made it
	sum     contentSum
	// held are the guards of this version that C5 has yet to judge: for each client, the one that
	// was closed last.
	held []*history.Guard
	// proof is the first settled guard of this version or a later one; nil = none. As it opened,
	// the version had been published.
	proof *history.Guard
}

// write is the value of a key from a version on.
type write struct {
	version uint64
	value   history.Value
}

// openings is a heap of guards by the times at which their openings returned.
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

// sweep judges a stamped history by C0 to C6, in one pass over its events in the order in which
// they were called. Publishes are the writes of one register of versions, and guards are its reads.
// C2, C3 and C4 look back only, and judge a guard as it comes. C1, C5 and C6 depend on publishes
// that may be called while the guard is being opened. They judge the guard when its opening has
// returned and the slack is over; then the guard is settled.
//
// The time is in proportion to the events, times the logarithm of the guards that are being opened
// at once. The sweep forgets what cannot concern a later event. So its memory is in proportion to
// the content of the map, the clients, the lag, and the events that are called while one guard is
// being opened.
type sweep struct {
	h          *history.History // for the header and the names
	remembers  bool             // forget nothing
	judged     [laws]bool
	broken     [laws]*violation // the first violation of each law
	violations int              // laws that are broken
	counts     Counts

	versions []version // versions that are not forgotten; the last is the newest
	first    uint64    // the number of versions[0]
	sum      contentSum
	writes   map[history.Word][]write // by key, in order
	unpruned int                      // writes since the last call of prune

	opening openings         // guards that are not settled
	free    []*history.Guard // guards to reuse
	highest *history.Guard   // guard of the highest version among the settled ones
	handles map[int]*handle  // by client
}

// handle is what a sweep knows about the guards of one client.
type handle struct {
	last *history.Guard // the last one
	open []ownSpan      // those that may be open
}

// ownSpan is for how long a guard of a version is open.
type ownSpan struct {
	version        uint64
	opened, closed int64
}

// newSweep returns a sweep by those laws over the events of h. The caller passes the events to call
// and guard in the order in which they were called, and then calls end.
func newSweep(h *history.History, by []law) *sweep {
	s := &sweep{
		h:        h,
		counts:   Counts{Histories: 1},
		first:    h.From,
		versions: []version{{publish: history.Call{Op: history.Publish, Called: math.MinInt64, Return: math.MinInt64}}},
		writes:   map[history.Word][]write{},
		handles:  map[int]*handle{},
		highest:  new(history.Guard),
	}
	for _, l := range by {
		s.judged[l] = true
	}
	return s
}

// newest returns the version that the last publish made.
func (s *sweep) newest() uint64 { return s.first + uint64(len(s.versions)) - 1 }

// version returns version v, or the next one that is not forgotten, with its number. It returns nil
// if v has not come yet.
func (s *sweep) version(v uint64) (*version, uint64) {
	v = max(v, s.first)
	if v > s.newest() {
		return nil, v
	}
	return &s.versions[v-s.first], v
}

func (s *sweep) write(c *history.Call) {
	if c.Op == history.Clear {
		for key := range s.writes {
			s.write(&history.Call{Op: history.Delete, Key: key})
		}
		return
	}
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

// at returns the value of key in S(v).
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

// forget drops the versions that a later guard cannot open without breaking C2. These are the
// versions before one whose publish had returned, by more than the slack, before the earliest call
// that is not settled. It keeps the last 2+lag versions, because C5 may still judge their guards.
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
	const many = 16 // so that it seldom moves the others
	if n >= many && n >= len(s.versions)/2 {
		for i := range s.versions[:n] {
			s.free = append(s.free, s.versions[i].held...)
		}
		s.first += uint64(n)
		s.versions = slices.Delete(s.versions, 0, n)
	}
}

// prune drops the writes that are overwritten in all versions that are not forgotten.
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

// relation is what is known of the order of two events besides their times.
type relation struct {
	one   bool // both are of one client, whose clock is right
	first bool // one, and the first event comes first in the client's order
}

// relate returns the relation of two events by their clients and their places in the clients'
// order.
func relate(client, seq, otherClient, otherSeq int) relation {
	one := client == otherClient
	return relation{one, one && seq != 0 && seq < otherSeq}
}

// before reports whether time a is before time b for certain: by more than the slack, or, if both
// are of one client, by any difference or by its order. Any other earlier a counts as ambiguous.
func (s *sweep) before(a, b int64, r relation) bool {
	if a > b || a == b && !r.first {
		return false
	}
	if b != history.Never && b-a <= int64(s.h.Slack) && !r.one {
		s.counts.Ambiguous++
		return false
	}
	return true
}

// active reports whether the sweep still judges by l. It judges by each law up to its first
// violation.
func (s *sweep) active(l law) bool { return s.judged[l] && s.broken[l] == nil }

// guardViolates notes that g breaks l. The events in also show it too.
func (s *sweep) guardViolates(l law, g *history.Guard, also []string, format string, args ...any) {
	events := append(also, s.h.DescribeGuard(g))
	s.violates(l, events, "client %d opened a guard of version %d: %s", g.Client, g.Version, fmt.Sprintf(format, args...))
}

// violates notes that the events break l.
func (s *sweep) violates(l law, events []string, format string, args ...any) {
	s.broken[l] = &violation{fmt.Sprintf(format, args...), events}
	s.violations++
}

// events describes the publish that made v.
func (s *sweep) events(v *version) []string { return []string{s.h.DescribeTimed(&v.publish)} }
