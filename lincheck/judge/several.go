package judge

import (
	"cmp"
	"fmt"
	"slices"

	"doublebuf/lincheck/history"
	"doublebuf/lincheck/order"
)

// several reports whether the writes and publishes of h, which is stamped, may overlap: several
// clients write, or one goes on after a call that never returned.
func several(h *history.History) bool {
	for i := 1; i < len(h.Calls); i++ {
		if h.Calls[i].Client != h.Calls[0].Client || h.Calls[i-1].Return == history.Never {
			return true
		}
	}
	return false
}

// severalWriters judges a stamped history of several writers. The versions order the publishes, so
// a sweep judges C1 to C5. Which writes a publish took is not known where they overlap. So C6 is
// judged by all contents that a version can have, see [order.Versions].
func severalWriters(h *history.History) Verdict {
	v := Verdict{Outcome: history.Ok, Counts: countsOf(h)}
	made := publishes(h)
	if why, events := disordered(h, made); why != "" {
		v.Outcome, v.Checker, v.Reason, v.Events = history.Illegal, c0.String(), why, events
		return v
	}
	ordered := &history.History{Header: h.Header, Names: h.Names, Guards: h.Guards, Calls: narrowed(h, made)}
	s := newSweep(ordered, slices.DeleteFunc(stampedLaws(h.Claim), func(l law) bool { return l == c6 }))
	s.remembers = true
	s.all()
	s.ownPublishes(h)
	if swept := s.verdict(); swept.Outcome == history.Illegal {
		v.Outcome, v.Checker, v.Reason, v.Events = swept.Outcome, swept.Checker, swept.Reason, swept.Events
		return v
	}
	v.Counts.Ambiguous = s.counts.Ambiguous
	return v.contents(h, made, ordered.Calls)
}

// publishes returns the indexes of the publishes of h in the order of their versions. It leaves out
// one that never returned if another made its version.
func publishes(h *history.History) (made []int) {
	for i := range h.Calls {
		if h.Calls[i].Op == history.Publish {
			made = append(made, i)
		}
	}
	slices.SortStableFunc(made, func(a, b int) int {
		x, y := &h.Calls[a], &h.Calls[b]
		return cmp.Or(cmp.Compare(x.Version, y.Version), cmp.Compare(x.Return, y.Return))
	})
	last := uint64(0)
	return slices.DeleteFunc(made, func(i int) bool {
		c := &h.Calls[i]
		again := c.Version == last && c.Return == history.Never
		last = c.Version
		return again
	})
}

// disordered returns how the publishes break C0, with the events that show it, or "".
func disordered(h *history.History, made []int) (why string, events []string) {
	var latest *history.Call       // of the publishes so far, the one that was called last
	own := map[int]*history.Call{} // by client, the last in its order
	both := func(p, q *history.Call) (string, []string) {
		return fmt.Sprintf("publish %d had returned before publish %d was called", p.Version, q.Version), []string{h.DescribeTimed(p), h.DescribeTimed(q)}
	}
	for n, i := range made {
		p := &h.Calls[i]
		if want := h.From + uint64(n) + 1; p.Version != want {
			return fmt.Sprintf("publish number %d made version %d", want, p.Version), []string{h.DescribeTimed(p)}
		}
		q := own[p.Client]
		switch {
		case q != nil && p.Return != history.Never && p.Seq < q.Seq:
			return both(p, q)
		case latest != nil && p.Return < latest.Called-int64(h.Slack):
			return both(p, latest)
		}
		if q == nil || p.Seq > q.Seq {
			own[p.Client] = p
		}
		if latest == nil || p.Called > latest.Called {
			latest = p
		}
	}
	return "", nil
}

// ownPublishes judges guards by C1 and C2 and the publishes of their own clients, whose order is
// certain.
func (s *sweep) ownPublishes(h *history.History) {
	published, opened := map[int]*history.Call{}, map[int]*history.Guard{}
	h.InOrder(func(c *history.Call) {
		if c.Op != history.Publish || c.Return == history.Never {
			return
		}
		g := opened[c.Client]
		if g != nil && g.Version >= c.Version && s.active(c1) && s.before(g.Opened, c.Called, relate(g.Client, g.Seq, c.Client, c.Seq)) {
			s.guardViolates(c1, g, []string{h.DescribeTimed(c)}, "it was open before the same client called publish %d", c.Version)
		}
		published[c.Client] = c
	}, func(g *history.Guard) {
		c := published[g.Client]
		if c != nil && g.Version < c.Version && s.active(c2) && s.before(c.Return, g.Called, relate(c.Client, c.Seq, g.Client, g.Seq)) {
			s.guardViolates(c2, g, []string{h.DescribeTimed(c)}, "its opening was called after publish %d of the same client had returned", c.Version)
		}
		if o := opened[g.Client]; o == nil || o.Version <= g.Version {
			opened[g.Client] = g
		}
	})
}

// narrowed returns the publishes in the order of their versions, with the times between which each
// took effect: not before an earlier one was called, and not after a later one had returned. Where
// that is the time of another client, the publish has no client.
func narrowed(h *history.History, made []int) []history.Call {
	calls := make([]history.Call, len(made))
	for n, i := range made {
		calls[n] = h.Calls[i]
		if n > 0 && calls[n-1].Called > calls[n].Called {
			calls[n].Called, calls[n].Client, calls[n].Seq = calls[n-1].Called, -1, 0
		}
	}
	for n := len(calls) - 2; n >= 0; n-- {
		if calls[n+1].Return < calls[n].Return {
			calls[n].Return, calls[n].Client, calls[n].Seq = max(calls[n+1].Return, calls[n].Called), -1, 0
		}
	}
	return calls
}

// contents judges h by C6.
func (v Verdict) contents(h *history.History, made []int, narrow []history.Call) Verdict {
	read := map[history.Read]bool{}
	guards := map[uint64][]*history.Guard{}
	keys := order.Keys(h.Calls)
	known := map[history.Word]bool{}
	for _, key := range keys {
		known[key] = true
	}
	for i := range h.Guards {
		g := &h.Guards[i]
		guards[g.Version] = append(guards[g.Version], g)
		for _, list := range [][]history.Read{g.Reads, g.All} {
			for _, r := range list {
				if read[r] = true; !known[r.Key] {
					known[r.Key] = true
					keys = append(keys, r.Key)
				}
			}
		}
	}
	versions := order.NewVersions(h.Calls, keys, order.Slacks{Publish: h.Slack, Write: h.Slack}, func(r history.Read) bool { return read[r] })
	for n := range len(made) + 1 {
		if n > 0 {
			if why := versions.Publish(&h.Calls[made[n-1]], made[n-1], narrow[n-1].Return); why != "" {
				v.Checker = c6.String()
				return v.unknown(why)
			}
		}
		for _, g := range guards[h.From+uint64(n)] {
			if _, key, twice := order.NewParter(&history.Call{All: g.All}); twice {
				v.Outcome, v.Checker, v.Events = history.Illegal, c6.String(), []string{h.DescribeGuard(g)}
				v.Reason = fmt.Sprintf("client %d opened a guard of version %d: its range has key %s twice", g.Client, g.Version, h.FormatWord(key))
				return v
			}
			if !versions.Read(g) {
				v.Outcome, v.Checker, v.Events = history.Illegal, c6.String(), []string{h.DescribeGuard(g)}
				v.Reason = fmt.Sprintf("client %d opened a guard of version %d: no order of the writes and publishes explains what the guards read up to this one", g.Client, g.Version)
				return v
			}
		}
	}
	return v
}
