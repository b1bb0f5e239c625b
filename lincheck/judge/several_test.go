package judge

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"doublebuf/lincheck/history"
)

// Small random histories of two writers and stamped guards are judged as the laws say, word by
// word, and as trying every order of writes and every choice of what a publish takes says.
func TestSeveralWritersAgreeWithBruteForce(t *testing.T) {
	counts, checkers := map[history.Outcome]int{}, map[string]int{}
	for seed := range uint64(6000) {
		rng := rand.New(rand.NewPCG(seed, 0))
		h := twoWriters(rng)
		h.Slack = time.Duration(rng.IntN(2)) * testSlack
		breaks := breaksLiterally(h)
		v := History(h)
		counts[v.Outcome]++
		checkers[v.Checker]++
		switch {
		case h.Slack > 0 && !breaks:
			if v.Outcome != history.Ok {
				t.Fatalf("seed %d, with slack: %v, but it breaks no law%s", seed, v, described(h))
			}
		case h.Slack == 0 && (v.Outcome == history.Illegal) != breaks:
			t.Fatalf("seed %d: %v, but it breaks a law: %t%s", seed, v, breaks, described(h))
		}
	}
	for _, checker := range []string{"", "C1", "C2", "C5", "C6"} {
		if checkers[checker] < 50 {
			t.Errorf("only %d verdicts rest on %q: %v", checkers[checker], checker, checkers)
		}
	}
	t.Log(counts, checkers)
}

func described(h *history.History) (s string) {
	h.InOrder(func(c *history.Call) { s += "\n" + h.DescribeTimed(c) }, func(g *history.Guard) { s += "\n" + h.DescribeGuard(g) })
	return s
}

// twoWriters lets two clients write and publish, and a third open guards, of a map that publishes
// at the end of a publish. Some guards are of another version, or read another value.
func twoWriters(rng *rand.Rand) *history.History {
	h := &history.History{Header: history.Header{Claim: history.ClaimAtomic, Lag: 1}}
	type moment struct {
		at   int64
		call int
	}
	var publishes []moment
	for client := range 2 {
		now := rng.Int64N(20)
		for step := range 3 {
			c := history.Call{Client: client, Seq: step + 1, Called: now, Return: now + rng.Int64N(20)}
			c.Op = []history.Op{history.Set, history.Publish, history.Set, history.Publish, history.Clear, history.Delete}[rng.IntN(6)]
			c.Snapshot = c.Op == history.Clear
			if c.Op != history.Publish && c.Op != history.Clear {
				c.Key, c.New = history.Word(rng.IntN(2)), history.Word(rng.IntN(2))
			} else if c.Op == history.Publish {
				publishes = append(publishes, moment{now + rng.Int64N(c.Return-now+1), len(h.Calls)})
			}
			now = c.Return + rng.Int64N(10)
			if rng.IntN(8) == 0 {
				c.Return = history.Never
			}
			h.Calls = append(h.Calls, c)
		}
	}
	slices.SortStableFunc(publishes, func(a, b moment) int { return int(a.at - b.at) })
	for i, p := range publishes {
		h.Calls[p.call].Version = uint64(i + 1)
	}
	now := rng.Int64N(20)
	for step := range 2 {
		g := history.Guard{Client: 2 - 2*rng.IntN(2)*step, Seq: 4 + step, Called: now, Opened: now + rng.Int64N(5)}
		if g.Client == 0 { // after its calls
			g.Called = max(g.Called, h.Calls[2].Called+20)
			g.Opened = g.Called + rng.Int64N(5)
		}
		now = g.Opened + rng.Int64N(20)
		g.Closed = g.Opened + rng.Int64N(20)
		for _, p := range publishes {
			if p.at < g.Opened {
				g.Version = h.Calls[p.call].Version
			}
		}
		switch off := rng.IntN(8); {
		case off == 0 && g.Version > 0:
			g.Version--
		case off == 1 && int(g.Version) < len(publishes):
			g.Version++
		}
		for key := range history.Word(2) {
			if rng.IntN(3) == 0 {
				g.Reads = append(g.Reads, history.Read{Key: key, Value: history.ValueOf(uint64(rng.IntN(2)), rng.IntN(2) == 0)})
			}
		}
		h.Guards = append(h.Guards, g)
	}
	h.Sort()
	return h
}

// breaksLiterally reports whether h breaks a law.
func breaksLiterally(h *history.History) bool {
	var publishes []int
	for i := range h.Calls {
		if h.Calls[i].Op == history.Publish {
			publishes = append(publishes, i)
		}
	}
	slices.SortFunc(publishes, func(a, b int) int { return int(h.Calls[a].Version) - int(h.Calls[b].Version) })
	exact := func(at int64, c, seq int, later int64, d, laterSeq int) bool {
		if c == d && seq > 0 && laterSeq > 0 {
			return seq < laterSeq && at <= later
		}
		return at < later
	}
	for n, i := range publishes {
		for _, j := range publishes[:n] {
			if p, q := h.Calls[i], h.Calls[j]; exact(p.Return, p.Client, p.Seq, q.Called, q.Client, q.Seq) {
				return true // C0
			}
		}
	}
	for _, g := range h.Guards {
		if g.Version > uint64(len(publishes)) {
			return true
		}
		for _, i := range publishes {
			p := h.Calls[i]
			if p.Version <= g.Version && exact(g.Opened, g.Client, g.Seq, p.Called, p.Client, p.Seq) ||
				p.Version > g.Version && exact(p.Return, p.Client, p.Seq, g.Called, g.Client, g.Seq) ||
				p.Version >= g.Version+2 && p.Return < g.Closed {
				return true // C1, C2 or C5
			}
		}
		for _, late := range h.Guards {
			if late.Version >= g.Version+2 && late.Opened < g.Closed || late.Version > g.Version && late.Opened < g.Called {
				return true // C5 or C3
			}
			if late.Client == g.Client && late.Seq < g.Seq && late.Version > g.Version {
				return true // C4
			}
		}
	}
	return !explainsGuards(h, publishes, 0, nil, bruteMap{})
}

// explainsGuards reports whether some order of the writes from the given version on, and some
// choice of what each publish takes, explains what the guards read. The content is that of the
// version, taken has the places of the writes in it, in order.
func explainsGuards(h *history.History, publishes []int, version int, taken []int, content bruteMap) bool {
	for _, g := range h.Guards {
		for _, r := range g.Reads {
			v, ok := content[r.Key]
			if int(g.Version) == version && history.ValueOf(uint64(v), ok) != r.Value {
				return false
			}
		}
	}
	if version == len(publishes) {
		return true
	}
	return anyBatch(h, publishes, version, taken, content)
}

// anyBatch tries all batches of the next publish: sequences of writes that keep their order.
func anyBatch(h *history.History, publishes []int, version int, taken []int, content bruteMap) bool {
	at := publishes[version]
	p := h.Calls[at]
	has := func(i int) bool { return slices.Contains(taken, i) }
	follows := func(i, j int) bool { // write i is before write j
		a, b := h.Calls[i], h.Calls[j]
		return a.Client == b.Client && a.Seq < b.Seq && a.Return != history.Never || a.Return < b.Called
	}
	complete := true
	for i, w := range h.Calls {
		if w.Op != history.Publish && !has(i) && (w.Client == p.Client && w.Seq < p.Seq && w.Return != history.Never || w.Return < p.Called) {
			complete = false
		}
	}
	if complete && explainsGuards(h, publishes, version+1, taken, content) {
		return true
	}
	until := p.Return // not after a later publish had returned
	for _, later := range publishes[version:] {
		until = min(until, h.Calls[later].Return)
	}
	for i, w := range h.Calls {
		blocked := w.Op == history.Publish || has(i) || w.Called > until || w.Client == p.Client && w.Seq > p.Seq && p.Return != history.Never
		for j, before := range h.Calls {
			blocked = blocked || before.Op != history.Publish && !has(j) && follows(j, i)
		}
		if blocked {
			continue
		}
		after := maps.Clone(content)
		after.does(&h.Calls[i])
		if anyBatch(h, publishes, version, append(taken[:len(taken):len(taken)], i), after) {
			return true
		}
	}
	return false
}
