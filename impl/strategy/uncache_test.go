package strategy_test

import (
	"testing"
	"time"

	"doublebuf/impl/strategy"
)

// tryOpen opens a guard of l in the copy that the last Reopen returned, as a map does, or returns
// false.
func tryOpen(l *strategy.Lookup) bool {
	if l.Tags() {
		return l.Announce() && l.Validate()
	}
	return l.TryCount()
}

// TestUncache detaches the cached copy of a lookup guard. The cache is cleared at once, or at the
// next swap if the reader is in the way. It is not cleared if it is that of a copy in use, nor
// after Unregister.
func TestUncache(t *testing.T) {
	reopen := func(t *testing.T, l *strategy.Lookup) {
		if tryOpen(l) || !l.Claim() {
			t.Fatal("a lookup opens in a copy that is not readable, or cannot claim its cache")
		}
		l.Reopen()
		l.Unclaim()
	}
	nothing := func(*testing.T, strategy.Reader, *strategy.Lookup) {}
	for _, c := range []struct {
		name                    string
		before, between, after  func(t *testing.T, r strategy.Reader, l *strategy.Lookup) // the swap and the detach
		atDetach, atTheNextSwap int
	}{
		{"an idle reader", nothing, nothing, nothing, 1, 1},
		{
			"a reader under its lookup guard",
			func(t *testing.T, _ strategy.Reader, l *strategy.Lookup) {
				if !tryOpen(l) {
					t.Fatal("a lookup does not open where it did before")
				}
			},
			nothing,
			func(_ *testing.T, _ strategy.Reader, l *strategy.Lookup) { l.Close() },
			0, 1,
		},
		{
			"a reader that has claimed its cache", nothing,
			func(_ *testing.T, _ strategy.Reader, l *strategy.Lookup) { l.Claim() },
			func(_ *testing.T, _ strategy.Reader, l *strategy.Lookup) { l.Unclaim() },
			0, 1,
		},
		{
			"a reader that has gone to the other copy", nothing,
			func(t *testing.T, _ strategy.Reader, l *strategy.Lookup) { reopen(t, l); l.Close() },
			nothing, 0, 0,
		},
		{
			"a reader that was unregistered", nothing,
			func(_ *testing.T, r strategy.Reader, _ *strategy.Lookup) { r.Unregister() },
			nothing, 0, 0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			forEach(t, func(t *testing.T, open func(strategy.Options) *rig) {
				s := open(strategy.Options{MaxWait: time.Hour})
				r, l, cleared := s.NewReader(""), new(strategy.Lookup), 0
				if !l.Init(r) || !l.Uncaches() {
					return // this strategy has no such lookup guards
				}
				l.OnDetach(func(g strategy.Generations) bool { return l.Uncache(g, func() { cleared++ }) })
				reopen(t, l)
				l.Close()
				c.before(t, r, l)
				s.swap()
				c.between(t, r, l)
				s.detach()
				if cleared != c.atDetach {
					t.Errorf("the detach has cleared the cache %d times, want %d", cleared, c.atDetach)
				}
				c.after(t, r, l)
				s.swap()
				if cleared != c.atTheNextSwap {
					t.Errorf("after the next swap the cache was cleared %d times, want %d", cleared, c.atTheNextSwap)
				}
			})
		})
	}
}
