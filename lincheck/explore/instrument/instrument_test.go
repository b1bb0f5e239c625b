package instrument

import (
	"os"
	"strings"
	"testing"

	"doublebuf/lincheck/explore"
)

// replayed are tests whose failures are replayed in a new process.
var replayed = map[string]bool{"TestBugLostCount": true, "TestBugTimer": true, "TestBugHiddenPanic": true}

// The module in testdata knows nothing of the explorer. Those of its tests that have a fault fail,
// and schedules replay them. The others are exhausted.
func TestStranger(t *testing.T) {
	o := TestOptions{Options: Options{Dir: "testdata/stranger", Patterns: []string{"."}}}
	o.Settings.Preempt = -1
	run, err := Test(o)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Checked) < 13 {
		t.Fatalf("%d explorations, want 13 or more; go test says:\n%s", len(run.Checked), run.Output)
	}
	for _, c := range run.Checked {
		t.Logf("%s: %s %v", c.Test, c.Result, c.Limits)
		bug := strings.HasPrefix(c.Test, "TestBug")
		switch {
		case bug && c.Failure == nil:
			t.Errorf("%s: no failure", c.Test)
		case bug && replayed[c.Test]:
			again := o
			again.Run, again.Settings.Replay = "^"+c.Test+"$", c.Failure.Schedule
			r, err := Test(again)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Checked) != 1 || r.Checked[0].Failure == nil || r.Checked[0].Failure.Error() != c.Failure.Error() {
				t.Errorf("%s: the schedule %s does not replay\n%s", c.Test, c.Failure.Schedule, c.Failure)
			}
		case !bug && !c.Complete:
			t.Errorf("%s: %s\n%v", c.Test, c.Result, c.Failure)
		}
	}
}

// With plain accesses a program that is otherwise exhausted has a data race. The report names both
// places. A program without a race is exhausted in that way too.
func TestPlain(t *testing.T) {
	o := TestOptions{Options: Options{Dir: "testdata/stranger", Patterns: []string{"."}, Plain: true}, Run: "TestPlain|TestOnce|TestSpin|TestMerge|TestCond|TestWorker"}
	o.Settings.Preempt = -1
	run, err := Test(o)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Checked) != 6 {
		t.Fatalf("%d explorations, want 6; go test says:\n%s", len(run.Checked), run.Output)
	}
	for _, c := range run.Checked {
		t.Logf("%s: %s", c.Test, c.Result)
		switch {
		case c.Test != "TestPlain":
			if !c.Complete {
				t.Errorf("%s: %s\n%v", c.Test, c.Result, c.Failure)
			}
		case c.Failure == nil || c.Failure.Kind != explore.DataRace || strings.Count(c.Failure.Message, "plain_test.go:20") != 2:
			t.Errorf("%s: %v; want a data race of line 20 with itself", c.Test, c.Failure)
		}
	}
}

// The program of the guide fails as the guide says, with the version of the map that this module
// requires.
func TestGuide(t *testing.T) {
	o := TestOptions{Options: Options{Dir: "../first", Patterns: []string{"."}}}
	o.Settings.Preempt = -1
	run, err := Test(o)
	if err != nil {
		t.Fatal(err)
	}
	if len(run.Checked) != 1 || run.Checked[0].Failure == nil {
		t.Fatalf("%v; go test says:\n%s", run.Checked, run.Output)
	}
	text, err := os.ReadFile("../first/example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	f := run.Checked[0].Failure
	said := "// " + string(f.Kind) + ": " + strings.ReplaceAll(f.Message, "\n", "\n// ")
	if !strings.Contains(string(text), said) {
		t.Errorf("it fails with\n%s\nThe comment in ../first/example_test.go differs", said)
	}
	guide, err := os.ReadFile("../GUIDE.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(guide), f.Schedule) {
		t.Errorf("GUIDE.md does not have the schedule %s", f.Schedule)
	}
}
