package report

import (
	"strings"
	"testing"
	"time"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/results"
)

// advised is a run on the keys of a trace with what each map read, wrote and held.
func advised() *results.Set {
	set := &results.Set{}
	id := results.ID{Kind: results.Throughput, Mix: "roles", Dist: "trace-my", KeyType: "trace", Keys: 10_000, Readers: 2, Writers: 1, Procs: 2}
	for _, m := range []struct {
		impl, level   string
		outcome       results.Outcome
		reads, writes float64 // a second
		stale         float64 // seconds
		reached       float64
	}{
		{"fresh", "linearizable", results.Ok, 50e6, 5e6, 0, 1},
		{"fresh-too", "linearizable", results.Ok, 49e6, 6e6, 0, 1},
		{"slow", "linearizable", results.Ok, 10e6, 9e6, 0, 0.5},
		{"batched", "atomic", results.Ok, 90e6, 4e6, 0.02, 1},
		{"lazy", "atomic", results.Ok, 120e6, 1e6, 0.2, 1},
		{"wrong", "linearizable", results.Illegal, 900e6, 90e6, 0, 1},
		{"doubtful", "linearizable", results.Unknown, 800e6, 80e6, 0, 1},
		{"noop", "none", results.Ok, 999e6, 99e6, 0, 1},
	} {
		set.Manifest.Verdicts = append(set.Manifest.Verdicts, results.Verdict{Impl: m.impl, Level: m.level, Outcome: m.outcome})
		id.Impl = m.impl
		add := func(id results.ID, block int, metrics map[string]float64) {
			set.Cells = append(set.Cells, results.Cell{ID: id, Block: block, Metrics: metrics})
		}
		for block := 1; block <= 6; block++ {
			f := 1 + 0.001*float64(block)
			add(id, block, map[string]float64{
				results.OpsPerSec: (m.reads + m.writes) * f, results.ReadsPerSec: m.reads * f, results.WritesPerSec: m.writes * f, results.LivePerKey: 50,
			})
			stale, late := id, id
			stale.Kind, late.Kind, late.Load = results.Staleness, results.Latency, 70
			add(stale, block, map[string]float64{results.StaleAge(99): m.stale * f})
			add(late, block, map[string]float64{results.LatencyUnit(results.OfReads, 99): 2.5e-6 * f, results.Reached: m.reached})
		}
	}
	return set
}

func TestAdvise(t *testing.T) {
	for _, test := range []struct {
		needs   Needs
		advice  string // "" if there is none
		certain bool
	}{
		{Needs{}, "fresh", false}, // 2 % ahead, of one link
		{Needs{Staleness: 50 * time.Millisecond}, "batched", true},
		{Needs{Staleness: 20050 * time.Microsecond}, "fresh", false}, // the upper end of the interval counts
		{Needs{Staleness: time.Second}, "lazy", true},
		{Needs{Staleness: time.Second, Writes: 2e6}, "batched", true},
		{Needs{Writes: 8e6}, "slow", true}, // no other map writes as much
		{Needs{Writes: 10e6}, "", false},
	} {
		d, certain, err := Advise(analysis.Of(advised()), test.needs)
		text := ""
		if err == nil {
			text = string(exported(t, export.Text{}, d))
		}
		switch {
		case test.advice == "" && (err == nil || !strings.Contains(err.Error(), "none of the 5 maps that passed their check ")):
			t.Errorf("%+v: %v; want an error", test.needs, err)
		case test.advice != "" && (err != nil || !strings.Contains(text, "advice: "+test.advice+"\n") || certain != test.certain):
			t.Errorf("%+v: %v, certain %v:\n%s", test.needs, err, certain, text)
		}
	}
	d, _, err := Advise(analysis.Of(advised()), Needs{Staleness: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/advice.txt", exported(t, export.Text{}, d))
	golden(t, "testdata/advice.json", exported(t, export.JSON{}, d))
	alike := advised()
	for _, c := range alike.Cells {
		if c.Impl == "slow" {
			c.Metrics[results.ReadsPerSec] *= 4.85
		}
	}
	if d, _, err = Advise(analysis.Of(alike), Needs{}); err != nil {
		t.Fatal(err)
	}
	if text := string(exported(t, export.Text{}, d)); !strings.Contains(text, ", in this build; its lead over slow is not certain either\n") || !strings.Contains(text, "; required: any rate\n") {
		t.Error(text)
	}
	// Of two that read alike, the fresher one is advised, and then the smaller one.
	tie := advised()
	for _, c := range tie.Cells {
		switch c.Impl {
		case "batched":
			c.Metrics[results.ReadsPerSec] *= 50.5 / 90
		case "fresh-too":
			c.Metrics[results.LivePerKey] = 20
		}
	}
	if d, _, err = Advise(analysis.Of(tie), Needs{Staleness: 50 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	if text := string(exported(t, export.Text{}, d)); !strings.Contains(text, "advice: fresh-too\n") || !strings.Contains(text, "and fresh-too takes less memory; against fresh: ") {
		t.Error(text)
	}
	if _, _, err := Advise(analysis.Of(&results.Set{}), Needs{}); err == nil {
		t.Error("advice on nothing")
	}
}

func TestDuration(t *testing.T) {
	for seconds, want := range map[float64]string{0: "0s", 4.9e-8: "49ns", 1.234e-6: "1.23µs", 0.0123456: "12.3ms", 0.9999: "1s", 12.345: "12.3s"} {
		if got := duration(seconds); got != want {
			t.Errorf("%v is written %s; want %s", seconds, got, want)
		}
	}
}
