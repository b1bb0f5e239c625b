package campaign

import (
	"testing"

	"doublebuf/analysis"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/gate"
	"doublebuf/lincheck"
	"doublebuf/results"
)

// TestJudgement: the worst of several verdicts determines the exit code. The same verdicts give
// the same exit code in check and at the end of a run.
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
		{[]lincheck.Verdict{ok, expected}, exit.OK},
		{[]lincheck.Verdict{unknown, ok}, exit.Unknown},
		{[]lincheck.Verdict{unknownBroken}, exit.Unknown},
		{[]lincheck.Verdict{illegal, ok}, exit.Failed},
		{[]lincheck.Verdict{passed}, exit.Failed},
		{[]lincheck.Verdict{unknown, illegal}, exit.Failed},
	} {
		set := &results.Set{}
		for _, v := range c.verdicts {
			set.Manifest.Verdicts = append(set.Manifest.Verdicts, recorded(v, "r"))
		}
		for from, err := range map[string]error{"check": gate.Judge(c.verdicts), "run": judge(analysis.Of(set), "r")} {
			if code := exit.Code(err); code != c.code || (err == nil) != (c.code == exit.OK) {
				t.Errorf("%s: %v: exit code %d (%v); want %d", from, c.verdicts, code, err, c.code)
			}
		}
	}
}

// TestStrictness: a grade that is as good as -strict asks for is good enough.
func TestStrictness(t *testing.T) {
	for _, is := range results.Letters {
		for _, want := range append([]results.Letter{""}, results.Letters...) {
			c := &Campaign{Setup: Setup{Strict: want}, loop: &loop{}}
			run := analysis.Of(&results.Set{})
			run.Grade.Letter = is
			enough := want == "" || is <= want
			if err := c.outcome(run); (err == nil) != enough || err != nil && exit.Code(err) != exit.Unknown {
				t.Errorf("grade %s, -strict %q: %v", is, want, err)
			}
		}
	}
}
