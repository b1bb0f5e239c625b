package gate

import (
	"testing"
	"time"

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
