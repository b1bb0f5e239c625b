package app

import (
	"testing"
	"time"

	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/lincheck"
	"doublebuf/results"
)

// TestJudgement gives the worst of several verdicts its exit code. The same verdicts
// count alike in check and at the end of a run.
func TestJudgement(t *testing.T) {
	ok := lincheck.Verdict{Map: "ok", Outcome: lincheck.Ok}
	unknown := lincheck.Verdict{Map: "unknown", Outcome: lincheck.Unknown}
	unknownBroken := lincheck.Verdict{Map: "unknown-broken", Outcome: lincheck.Unknown, Broken: true}
	illegal := lincheck.Verdict{Map: "illegal", Outcome: lincheck.Illegal}
	expected := lincheck.Verdict{Map: "expected", Outcome: lincheck.Illegal, Broken: true}
	passed := lincheck.Verdict{Map: "passed", Outcome: lincheck.Ok, Broken: true}
	for _, c := range []struct {
		verdicts []lincheck.Verdict
		code     int
	}{
		{[]lincheck.Verdict{ok, expected}, ExitOK},
		{[]lincheck.Verdict{unknown, ok}, ExitUnknown},
		{[]lincheck.Verdict{unknownBroken}, ExitUnknown},
		{[]lincheck.Verdict{illegal, ok}, ExitFailed},
		{[]lincheck.Verdict{passed}, ExitFailed},
		{[]lincheck.Verdict{unknown, illegal}, ExitFailed},
	} {
		set := &results.Set{}
		for _, v := range c.verdicts {
			set.Manifest.Verdicts = append(set.Manifest.Verdicts, recorded(v, "r"))
		}
		for from, err := range map[string]error{"check": judgement(c.verdicts), "run": judgementOn(set, "r")} {
			if code := exit.Code(err); code != c.code || (err == nil) != (c.code == ExitOK) {
				t.Errorf("%s: %v: exit code %d (%v); want %d", from, c.verdicts, code, err, c.code)
			}
		}
	}
}

// A map that came to fewer seeds than were asked for has not passed under all of them.
func TestFewerSeedsAreNoPass(t *testing.T) {
	g := checking{Options: lincheck.Options{Histories: 1000, Time: time.Minute}}
	for _, c := range []struct {
		seeds         int
		outcome, want lincheck.Outcome
	}{
		{1000, lincheck.Ok, lincheck.Ok},
		{999, lincheck.Ok, lincheck.Unknown},
		{999, lincheck.Illegal, lincheck.Illegal},
	} {
		v := g.ofAll(lincheck.Verdict{Outcome: c.outcome, Counts: lincheck.Counts{Seeds: c.seeds}})
		if v.Outcome != c.want || (v.Reason == "") != (c.outcome == c.want) {
			t.Errorf("%v under %d of 1000 seeds is %v; want %v", c.outcome, c.seeds, v, c.want)
		}
	}
	if v := (checking{}).ofAll(lincheck.Verdict{Outcome: lincheck.Ok, Counts: lincheck.Counts{Seeds: 1}}); v.Outcome != lincheck.Ok {
		t.Errorf("%v where no number of seeds was asked for; want Ok", v)
	}
}
