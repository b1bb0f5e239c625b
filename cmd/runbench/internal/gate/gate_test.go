package gate

import (
	"strings"
	"testing"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck"
)

// A map that was checked under fewer seeds than requested has not passed.
func TestFewerSeedsAreNoPass(t *testing.T) {
	g := Options{Options: lincheck.Options{Histories: 1000, Time: time.Minute}}
	for _, c := range []struct {
		seeds         int
		outcome, want lincheck.Outcome
	}{
		{1000, lincheck.Ok, lincheck.Ok},
		{999, lincheck.Ok, lincheck.Unknown},
		{999, lincheck.Illegal, lincheck.Illegal},
	} {
		v := g.ofAllSeeds(lincheck.Verdict{Outcome: c.outcome, Counts: lincheck.Counts{Seeds: c.seeds}})
		if v.Outcome != c.want || (v.Reason == "") != (c.outcome == c.want) {
			t.Errorf("%v under %d of 1000 seeds is %v; want %v", c.outcome, c.seeds, v, c.want)
		}
	}
	if v := (Options{}).ofAllSeeds(lincheck.Verdict{Outcome: lincheck.Ok, Counts: lincheck.Counts{Seeds: 1}}); v.Outcome != lincheck.Ok {
		t.Errorf("%v where no number of seeds was asked for; want Ok", v)
	}
}

// TestChildArgs: a child checks as the parent was told to.
func TestChildArgs(t *testing.T) {
	e := kv.Entry{Name: "m"}
	for want, o := range map[string]lincheck.Options{
		"-impl m -seed 3 -time 1s -dir d -histories 7":                    {Seed: 3, Time: time.Second, Dir: "d", Histories: 7},
		"-impl m -seed 0 -time 0s -dir  -histories 1 -designs":            {Histories: 1, Designs: true},
		"-impl m -seed 0 -time 0s -dir  -histories 1 -by search":          {Histories: 1, By: lincheck.BySearch},
		"-impl m -seed 0 -time 0s -dir  -histories 9223372036854775807":   {},
		"-impl m -seed 0 -time 0s -dir  -histories 1 -designs -by stamps": {Histories: 1, Designs: true, By: lincheck.ByStamps},
	} {
		if got := strings.Join(childArgs(e, o)[1:], " "); got != want {
			t.Errorf("%+v: %s; want %s", o, got, want)
		}
	}
}

// TestUnseen: what was not looked at stands behind the verdict.
func TestUnseen(t *testing.T) {
	v := lincheck.Verdict{Counts: lincheck.Counts{Histories: 3, Tests: 20}, NotLookedAt: []string{"Swaps", "type int"}}
	if got, want := Basis(v.Counts)+Unseen(v), " [3 histories, 20 tests]; not looked at: Swaps, type int"; got != want {
		t.Errorf("got %q; want %q", got, want)
	}
	if got := Unseen(lincheck.Verdict{}); got != "" {
		t.Errorf("%q where all was looked at; want nothing", got)
	}
}
