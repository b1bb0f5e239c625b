package judge

import (
	"math/rand/v2"
	"strings"
	"testing"

	"doublebuf/lincheck/history"
)

var weakCalls = []history.Op{history.Get, history.Set, history.Set, history.Delete, history.LoadAndDelete, history.Clear, history.Walk, history.Len, history.Len}

// A Len that counts each key at an instant of its own is judged exactly, where a history has one.
func TestWeakLenAgreesWithBruteForce(t *testing.T) {
	for name, r := range map[string]randomCalls{
		"one key":        {claim: history.ClaimLinearizable, ops: weakCalls, values: 1, keys: 1, steps: 2, gap: 8, weak: 1},
		"two keys":       {claim: history.ClaimLinearizable, ops: weakCalls, values: 1, keys: 2, steps: 2, gap: 8, weak: 1},
		"lost calls":     {claim: history.ClaimLinearizable, ops: weakCalls, values: 1, keys: 2, steps: 2, gap: 8, lost: 4, weak: 1},
		"equal times":    {claim: history.ClaimLinearizable, ops: weakCalls, values: 1, keys: 1, steps: 2, gap: 2, long: 2, weak: 1},
		"one with slack": {claim: history.ClaimLinearizable, ops: weakCalls, values: 1, keys: 1, steps: 2, gap: 8, slack: 3, weak: 1},
	} {
		t.Run(name, func(t *testing.T) { agrees(t, 2000, r, brute.explainedByCounting) })
	}
}

// What is Illegal is wrong for certain, however many calls of Len there are, whatever the times.
func TestWeakLenIsNeverIllegalByMistake(t *testing.T) {
	for name, r := range map[string]randomCalls{
		"several":     {claim: history.ClaimLinearizable, ops: weakCalls, values: 1, keys: 2, steps: 2, gap: 8, weak: 3},
		"equal times": {claim: history.ClaimLinearizable, ops: weakCalls, values: 1, keys: 2, steps: 2, gap: 2, long: 2, weak: 2},
		"slack":       {claim: history.ClaimLinearizable, ops: weakCalls, values: 1, keys: 2, steps: 2, gap: 8, slack: 3, weak: 2},
	} {
		t.Run(name, func(t *testing.T) {
			illegal, missed := 0, 0
			for seed := range uint64(1000) {
				h := r.history(rand.New(rand.NewPCG(seed, 0)))
				explained := brute{ops: bruteOps(h), slack: r.slack, publish: r.slack}.explainedByCounting()
				switch v := History(h); {
				case explained && v.Outcome == history.Illegal:
					for i := range h.Calls {
						t.Log(h.DescribeTimed(&h.Calls[i]))
					}
					t.Fatalf("seed %d: %v, but trying all orders finds one", seed, v)
				case v.Outcome == history.Illegal:
					illegal++
				case !explained:
					missed++
				}
			}
			if t.Logf("%d Illegal, %d missed", illegal, missed); illegal < 200 || missed > illegal/10 {
				t.Errorf("%d are found Illegal and %d are missed; want at least 200, and few missed", illegal, missed)
			}
		})
	}
}

// The order of one client's lines is certain, and a set that another client has seen took effect.
func TestWeakLenMissesNothingProven(t *testing.T) {
	for name, lines := range map[string]string{
		"own, at one time": `{"client":0,"op":"set","key":1,"new":5,"called":5,"returned":5}
{"client":0,"op":"len","result":0,"called":5,"returned":5}`,
		"own, within the slack": `{"client":0,"op":"set","key":1,"new":5,"called":0,"returned":10}
{"client":0,"op":"len","result":0,"called":20,"returned":30}`,
		"never returned, but seen": `{"client":0,"op":"set","key":1,"new":5,"called":0}
{"client":1,"op":"get","key":1,"result":5,"called":210,"returned":220}
{"client":1,"op":"len","result":0,"called":430,"returned":440}`,
		"never returned, but seen by a walk": `{"client":0,"op":"set","key":1,"new":5,"called":0}
{"client":1,"op":"walk","all":[[1,5]],"called":210,"returned":220}
{"client":1,"op":"len","result":0,"called":430,"returned":440}`,
		"open, but seen": `{"client":0,"op":"set","key":1,"new":5,"called":0,"returned":1000}
{"client":1,"op":"get","key":1,"result":5,"called":210,"returned":220}
{"client":1,"op":"len","result":0,"called":430,"returned":440}`,
		"not yet, by a later get": `{"client":0,"op":"set","key":1,"new":5,"called":0,"returned":1000}
{"client":1,"op":"len","result":1,"called":210,"returned":220}
{"client":1,"op":"get","key":1,"result":null,"called":430,"returned":440}`,
	} {
		for _, slack := range []string{"0", "100"} {
			h, err := history.Parse(strings.NewReader(`{"history":2,"claim":"linearizable","slack_ns":` + slack + "}\n" + lines + "\n"))
			if err != nil {
				t.Fatal(name, err)
			}
			if v := History(h); v.Outcome != history.Illegal {
				t.Errorf("%s, slack %s: %v; want Illegal", name, slack, v)
			}
		}
	}
}
