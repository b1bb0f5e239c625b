package study

import (
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

const text = `# A study

With 12 % of nothing this heading is not looked at.
<!-- claim: 12 %: gc-share of a in mix=m/g=2 -->

Alone, a does 2.1 times what b
does, and 30 M operations.
<!-- claim: 2.1 times: ops/s of a over b in mix=m/g=2 -->
<!-- claim: at least 30 M: ops/s of a
     in mix=m/g=2 -->

    2.2 times, in code

It does 40 % more.
<!-- claim: at most 40 % more: ops/s of a over b in Staleness/mix=m/g=2 -->
`

func TestParse(t *testing.T) {
	claims, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []Claim{
		{4, "12 %", "gc-share", "a", "", "mix=m/g=2", about, 0.12},
		{8, "2.1 times", "ops/s", "a", "b", "mix=m/g=2", about, 2.1},
		{9, "30 M", "ops/s", "a", "", "mix=m/g=2", atLeast, 30e6},
		{15, "40 % more", "ops/s", "a", "b", "Staleness/mix=m/g=2", atMost, 1.4},
	}
	if len(claims) != len(want) {
		t.Fatalf("%d claims; want %d: %v", len(claims), len(want), claims)
	}
	for i, c := range claims {
		if c != want[i] {
			t.Errorf("claim %d:\n%+v; want\n%+v", i, c, want[i])
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"One.\n\nTwo\nsay 3.5 times.", `line 4: "3.5 times" has no claim`},
		{"It is 3 times.\n<!-- claim: 4 times: ops/s of a over b in g=2 -->", `line 2: claim: the paragraph does not contain "4 times"`},
		{"It is 3 times.\n<!-- claim: 3 times ops/s of a -->", `line 2: claim: "3 times ops/s of a"; want`},
		{"It is 3 miles.\n<!-- claim: 3 miles: ops/s of a in g=2 -->", `the figure "3 miles" is in "miles"`},
		{"It is three.\n<!-- claim: three: ops/s of a in g=2 -->", `the figure "three" is not a number`},
		{"One.\n\n```\n5 times\n\n6 times\n```\n\nNow 7 times.", `line 9: "7 times" has no claim`},
	} {
		if _, err := Parse(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; want %s", c.text, err, c.want)
		}
	}
}

// cells returns repetitions of the throughput of a map, one a block.
func cells(impl string, g int, values ...float64) []results.Cell {
	var all []results.Cell
	for i, v := range values {
		id := results.ID{Kind: results.Throughput, Impl: impl, Mix: "m", Dist: "uniform", KeyType: "uint64", Keys: 1024, G: g, Procs: 2}
		all = append(all, results.Cell{ID: id, Block: i + 1, Metrics: map[string]float64{results.OpsPerSec: v}})
	}
	return all
}

func TestJudge(t *testing.T) {
	set := &results.Set{Manifest: results.Manifest{Verdicts: []results.Verdict{{Impl: "broken", Outcome: results.Illegal}}}}
	for _, c := range [][]results.Cell{
		cells("a", 2, 20, 21, 22, 23, 24, 25), cells("b", 2, 10, 10, 10, 10, 10, 10), cells("wild", 2, 1, 5, 20, 25, 80, 200),
		cells("few", 2, 20, 20), cells("broken", 2, 20, 20, 20, 20, 20, 20), cells("twice", 2, 1, 1, 1, 1, 1, 1), cells("twice", 4, 1, 1, 1, 1, 1, 1),
	} {
		set.Cells = append(set.Cells, c...)
	}
	for _, c := range []struct {
		claim string
		want  Result
	}{
		{"2.2 times: ops/s of a over b in mix=m/g=2", Holds},
		{"1.2 times: ops/s of a over b in mix=m/g=2", Fails},
		{"3.6 times: ops/s of a over b in mix=m/g=2", Fails},
		{"at least 2 times: ops/s of a over b in mix=m/g=2", Holds},
		{"at least 2.3 times: ops/s of a over b in mix=m/g=2", Undecided},
		{"at least 2.6 times: ops/s of a over b in mix=m/g=2", Fails},
		{"at most 2.5 times: ops/s of a over b in mix=m/g=2", Holds},
		{"at most 1.9 times: ops/s of a over b in mix=m/g=2", Fails},
		{"22: ops/s of a in mix=m/g=2", Holds},
		{"22: ops/s of wild in mix=m/g=2", Undecided},
		{"20: ops/s of few in mix=m/g=2", Undecided},
		{"20: ops/s of broken in mix=m/g=2", Fails},
		{"20: ops/s of a in mix=m/g=4", Missing},
		{"20: ops/s of a in mix=other", Missing},
		{"20: ops/s of a in Staleness/mix=m", Missing},
		{"20: read-ops/s of a in mix=m", Missing},
		{"2 times: ops/s of a over nobody in mix=m/g=2", Missing},
	} {
		claim, err := parseClaim(c.claim)
		if err != nil {
			t.Fatal(err)
		}
		all, err := Judge(analysis.Of(set), []Claim{claim})
		if err != nil || all[0].Result != c.want {
			t.Errorf("%s: %v, %v; want %s", c.claim, all, err, c.want)
		}
	}
	for text, why := range map[string]string{
		"20: ops/s of a in mix=other":                   "no such cells",
		"2 times: ops/s of nothing over a in mix=m/g=2": "zeros",
	} {
		claim, err := parseClaim(text)
		if err != nil {
			t.Fatal(err)
		}
		set.Cells = append(set.Cells, cells("nothing", 2, 0, 0, 0, 0, 0, 0)...)
		if all, err := Judge(analysis.Of(set), []Claim{claim}); err != nil || all[0].Result != Missing || !strings.Contains(all[0].Why, why) {
			t.Errorf("%s: %v, %v; want not measured: %s", text, all, err, why)
		}
	}
	claim, _ := parseClaim("1: ops/s of twice in mix=m")
	if _, err := Judge(analysis.Of(set), []Claim{claim}); err == nil || !strings.Contains(err.Error(), "names 2 cells of twice") {
		t.Errorf("%v; want an error that names both cells", err)
	}
}

// TestJudgeInDoubt: what one claim shows may be chance among many, and an effect below the A/A
// limit shows nothing.
func TestJudgeInDoubt(t *testing.T) {
	twin := func(values ...float64) []results.Cell {
		all := cells("b", 2, values...)
		for i := range all {
			all[i].Impl = results.Twin("b")
		}
		return all
	}
	of := func(text string) Claim {
		c, err := parseClaim(text)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	set := &results.Set{Cells: append(cells("a", 2, 10.1, 10.3, 10.2, 10.5, 10.1, 10.4, 10.2), cells("b", 2, 10, 10, 10, 10, 10, 10, 10)...)}
	run := analysis.Of(set)
	more := of("at least 1 times: ops/s of a over b in mix=m/g=2")
	for _, n := range []int{1, 1000} {
		claims := []Claim{more}
		for len(claims) < n {
			claims = append(claims, of("at least 0.999 times: ops/s of a over b in mix=m/g=2"))
		}
		all, err := Judge(run, claims)
		want := map[int]Result{1: Holds, 1000: Undecided}[n]
		if err != nil || all[0].Result != want {
			t.Errorf("%d claims: %s: %s, %v; want %s", n, all[0].Result, all[0].Why, err, want)
		}
	}
	set.Twins = twin(10.3, 10.3, 10.3, 10.3, 10.3, 10.3, 10.3)
	all, err := Judge(analysis.Of(set), []Claim{more, of("at most 1 times: ops/s of a over b in mix=m/g=2"), of("at least 0.9 times: ops/s of a over b in mix=m/g=2")})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []Result{Undecided, Undecided, Holds} {
		if all[i].Result != want {
			t.Errorf("the twin differs by 3 %%: %s: %s, %s; want %s", all[i].Said(), all[i].Result, all[i].Why, want)
		}
	}
}

// TestRestated: a figure of another value keeps its unit and its digits.
func TestRestated(t *testing.T) {
	for _, c := range []struct {
		figure string
		value  float64
		want   string
	}{
		{"2.1 times", 1.84, "1.8 times"},
		{"30 % more", 1.12, "12 % more"},
		{"30 % more", 0.9, "10 % less"},
		{"5 % less", 1.5, "50 % more"},
		{"1.5 µs", 0.00000272, "2.7 µs"},
		{"40 M", 38.2e6, "38 M"},
		{"15 %", 0.27, "27 %"},
		{"110", 96.3, "96"},
		{"3 times", 1.495, "1.5 times"},
		{"0.3 times", 0.0123, "0.012 times"},
		{"13", 0, "0"},
	} {
		if got := (Claim{Figure: c.figure}).Restated(c.value); got != c.want {
			t.Errorf("%q of %v would be %q; want %q", c.figure, c.value, got, c.want)
		}
	}
}

// TestRestate: the figures of the text and of the claims become those of the cells. Each is
// replaced separately, even if several are equal. Restating the new text changes nothing.
func TestRestate(t *testing.T) {
	const text = `# Title

It does 1.5 times what b does, and 1.5 times
what c does; 20 ms.
<!-- claim: at least 1.5 times: ops/s of a over b in mix=m -->
<!-- claim: 1.5 times: ops/s of a over c in mix=m -->
<!-- claim: 20 ms: sec of a in mix=m -->

No figure.
`
	claims, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var findings []Judged
	for i, v := range []float64{2.34, 0.9, 0} {
		f := Judged{Claim: claims[i]}
		if v > 0 {
			f.Seen = stat.Summary{N: 1, Median: v}
		}
		findings = append(findings, f)
	}
	got, err := Restate(text, findings)
	want := strings.NewReplacer("does 1.5 times what b", "does 2.3 times what b", "1.5 times\n", "0.90 times\n",
		"at least 1.5 times", "at least 2.3 times", "claim: 1.5 times", "claim: 0.90 times").Replace(text)
	if err != nil || got != want {
		t.Errorf("%v, %s\nwant %s", err, got, want)
	}
	if _, err := Parse(got); err != nil {
		t.Error(err)
	}
	findings[0], findings[2] = findings[2], findings[0]
	if _, err := Restate(text, findings); err == nil {
		t.Error("claims in another order than their figures pass")
	}
}
