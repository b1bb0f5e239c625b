package lincheck

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// finding is a broken law: which, what was seen, and the guards that show it.
type finding struct {
	checker string
	reason  string
	guards  []int // indexes
}

// register is a stamped history laid out for its checkers: the publishes as the writes
// of one register of versions, whose reads are the guards.
type register struct {
	h         *History
	publishes []*Call          // that of version v at v-1
	writes    map[Word][]write // of each key, in order
	sums      []contentSum     // of S(v), at v
	ambiguous int
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

// stampedChecker finds the first breach of one law, or nil.
type stampedChecker struct {
	name  string
	check func(*register) *finding
}

// stampedCheckers returns those that a claim calls for.
func stampedCheckers(c Claim) []stampedChecker {
	checkers := []stampedChecker{
		{"C0", (*register).numbered},
		{"C1", (*register).noFuture},
		{"C2", (*register).fresh},
		{"C4", (*register).monotone},
		{"C5", (*register).boundedLag},
		{"C6", (*register).content},
	}
	if c == ClaimAtomic {
		checkers = append(checkers, stampedChecker{"C3", (*register).noInversion})
	}
	return checkers
}

// judgeStamped returns the first finding, or nil, and the number of ambiguous pairs.
func judgeStamped(h *History) (*finding, int) {
	r := newRegister(h)
	for _, c := range stampedCheckers(h.Claim) {
		if f := c.check(r); f != nil {
			f.checker = c.name
			return f, r.ambiguous
		}
	}
	return nil, r.ambiguous
}

// newRegister lays h out. All writes and publishes are of one client, so their order
// is certain and each write belongs to the batch of the next publish.
func newRegister(h *History) *register {
	r := &register{h: h, writes: map[Word][]write{}}
	var sum contentSum
	r.sums = append(r.sums, sum)
	now := map[Word]Value{}
	for i := range h.Calls {
		c := &h.Calls[i]
		if c.Op == Publish {
			r.publishes = append(r.publishes, c)
			r.sums = append(r.sums, sum)
			continue
		}
		old, value := now[c.Key], Value{c.New, c.Op == Set}
		now[c.Key] = value
		r.writes[c.Key] = append(r.writes[c.Key], write{uint64(len(r.publishes)) + 1, value})
		if old.Ok {
			sum.remove(c.Key, old.Word)
		}
		if value.Ok {
			sum.add(c.Key, value.Word)
		}
	}
	return r
}

// publish returns that of version v, or nil.
func (r *register) publish(v uint64) *Call {
	if v == 0 || v > uint64(len(r.publishes)) {
		return nil
	}
	return r.publishes[v-1]
}

// at returns what S(v) holds under key.
func (r *register) at(key Word, v uint64) Value {
	writes := r.writes[key]
	n, _ := slices.BinarySearchFunc(writes, v, func(w write, v uint64) int {
		if w.version <= v {
			return -1
		}
		return 1
	})
	if n == 0 {
		return Value{}
	}
	return writes[n-1].value
}

// before reports whether time a is before time b beyond doubt, and counts it as
// ambiguous if only the clocks say so.
func (r *register) before(a, b int64) bool {
	if a >= b {
		return false
	}
	if b-a <= int64(r.h.Slack) {
		r.ambiguous++
		return false
	}
	return true
}

func (r *register) numbered() *finding {
	for i, p := range r.publishes {
		if want := uint64(i) + 1; p.Version != want {
			return &finding{reason: fmt.Sprintf("publish number %d made version %d", want, p.Version)}
		}
	}
	return nil
}

func (r *register) noFuture() *finding {
	for i := range r.h.Guards {
		g := &r.h.Guards[i]
		if g.Version == 0 {
			continue
		}
		p := r.publish(g.Version)
		if p == nil {
			return r.found(i, "but there were %d publishes", len(r.publishes))
		}
		if r.before(g.Opened, p.Called) {
			return r.found(i, "it was open %v before publish %d was called", time.Duration(p.Called-g.Opened), g.Version)
		}
	}
	return nil
}

func (r *register) fresh() *finding {
	for i := range r.h.Guards {
		g := &r.h.Guards[i]
		p := r.publish(g.Version + 1)
		if p != nil && r.before(p.Return, g.Called) {
			return r.found(i, "its opening was called %v after publish %d had returned", time.Duration(g.Called-p.Return), g.Version+1)
		}
	}
	return nil
}

// noInversion sweeps over the guards in the order in which their openings were called,
// and carries the highest version among the guards that were open before that.
func (r *register) noInversion() *finding {
	guards := r.h.Guards
	byOpened := make([]int, len(guards))
	for i := range byOpened {
		byOpened[i] = i
	}
	slices.SortFunc(byOpened, func(a, b int) int { return cmp.Compare(guards[a].Opened, guards[b].Opened) })
	surely, maybe := front{guards: guards, byOpened: byOpened}, front{guards: guards, byOpened: byOpened}
	for i := range guards {
		g := &guards[i]
		surely.advance(g.Called - int64(r.h.Slack))
		maybe.advance(g.Called)
		if surely.version > g.Version {
			higher := &guards[surely.guard]
			f := r.found(i, "client %d had version %d open %v before its opening was called",
				higher.Client, higher.Version, time.Duration(g.Called-higher.Opened))
			f.guards = append(f.guards, surely.guard)
			return f
		}
		if maybe.version > g.Version {
			r.ambiguous++
		}
	}
	return nil
}

// front is the highest version among the guards that were open before some time.
type front struct {
	guards   []Guard
	byOpened []int
	next     int // in byOpened
	guard    int
	version  uint64
}

func (f *front) advance(to int64) {
	for ; f.next < len(f.byOpened) && f.guards[f.byOpened[f.next]].Opened < to; f.next++ {
		if i := f.byOpened[f.next]; f.guards[i].Version > f.version {
			f.guard, f.version = i, f.guards[i].Version
		}
	}
}

func (r *register) monotone() *finding {
	last := map[int]int{} // of each client: its last guard
	for i := range r.h.Guards {
		g := &r.h.Guards[i]
		if j, ok := last[g.Client]; ok && r.h.Guards[j].Version > g.Version {
			f := r.found(i, "the same handle had opened version %d before", r.h.Guards[j].Version)
			f.guards = append(f.guards, j)
			return f
		}
		last[g.Client] = i
	}
	return nil
}

func (r *register) boundedLag() *finding {
	if r.h.Lag == 0 {
		return nil
	}
	for i := range r.h.Guards {
		g := &r.h.Guards[i]
		late := g.Version + 1 + r.h.Lag
		p := r.publish(late)
		if p != nil && r.before(p.Return, g.Closed) {
			return r.found(i, "it was open %v after publish %d had returned", time.Duration(g.Closed-p.Return), late)
		}
	}
	return nil
}

func (r *register) content() *finding {
	for i := range r.h.Guards {
		g := &r.h.Guards[i]
		if why := r.misread(g); why != "" {
			return r.found(i, "%s", why)
		}
	}
	return nil
}

// misread tells what g read that its version does not hold, or "".
func (r *register) misread(g *Guard) string {
	for _, read := range g.Reads {
		if want := r.at(read.Key, g.Version); read.Value != want {
			return r.unlike(g, read.Key, read.Value, want)
		}
	}
	if g.Ranged {
		return r.unlikeAll(g)
	}
	return ""
}

// unlikeAll tells how the whole content that g saw differs from its version's, or "".
func (r *register) unlikeAll(g *Guard) string {
	var sum contentSum
	for _, e := range g.All {
		sum.add(e.Key, e.Value.Word)
	}
	version := min(g.Version, uint64(len(r.publishes)))
	if sum == r.sums[version] {
		return ""
	}
	seen := map[Word]bool{}
	for _, e := range g.All {
		if seen[e.Key] {
			return fmt.Sprintf("its range has key %s twice", r.h.word(e.Key))
		}
		seen[e.Key] = true
		if want := r.at(e.Key, g.Version); e.Value != want {
			return "in its range " + r.unlike(g, e.Key, e.Value, want)
		}
	}
	return fmt.Sprintf("its range has %d entries, S(%d) has %d", sum.entries, g.Version, r.sums[version].entries)
}

func (r *register) unlike(g *Guard, key Word, got, want Value) string {
	return fmt.Sprintf("key %s -> %s, but S(%d) has %s there", r.h.word(key), r.h.value(got), g.Version, r.h.value(want))
}

// found returns a finding about guard i.
func (r *register) found(i int, format string, args ...any) *finding {
	g := &r.h.Guards[i]
	return &finding{
		reason: fmt.Sprintf("client %d opened a guard of version %d: ", g.Client, g.Version) + fmt.Sprintf(format, args...),
		guards: []int{i},
	}
}
