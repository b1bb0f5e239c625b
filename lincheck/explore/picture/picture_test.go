package picture

import (
	"strings"
	"testing"

	"doublebuf/lincheck/explore"
)

// The second goroutine's load names the store before it. A load after a load names nothing.
func TestWrite(t *testing.T) {
	f := &explore.Failure{Kind: explore.Assertion, Message: "1 < 2", Schedule: "sc:A1B1A1", Trace: []explore.Event{
		{Goroutine: "A", Op: "Store", Loc: 0, Writes: true, Location: "word"},
		{Goroutine: "B", Op: "Load", Loc: 0, Location: "word", Value: "1"},
		{Goroutine: "A", Op: "Load", Loc: 1, Location: "other"},
		{Goroutine: "B", Op: "Load", Loc: 1, Location: "other"},
	}}
	var b strings.Builder
	if err := Write(&b, []explore.Checked{{Test: "T", Result: explore.Result{Failure: f}}, {Test: "passes"}}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for part, n := range map[string]int{"&larr; 1": 1, "&larr;": 1, `class="c"`: 2, "1 &lt; 2": 1, "<th>A<th>B": 1, "passes": 0, "ZgotmplZ": 0} {
		if strings.Count(text, part) != n {
			t.Errorf("%q stands %d times in the page, want %d", part, strings.Count(text, part), n)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}
