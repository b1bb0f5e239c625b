package instrument

import (
	"strings"
	"testing"
)

// The module in testdata knows nothing of the explorer. Those of its tests that have a fault fail,
// and their schedules replay it. The others are exhausted.
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
		case bug:
			again := o
			again.Run, again.Settings.Replay = "^"+c.Test+"$", c.Failure.Schedule
			r, err := Test(again)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Checked) != 1 || r.Checked[0].Failure == nil || r.Checked[0].Failure.Error() != c.Failure.Error() {
				t.Errorf("%s: the schedule %s does not replay\n%s", c.Test, c.Failure.Schedule, c.Failure)
			}
		case !c.Complete:
			t.Errorf("%s: %s\n%v", c.Test, c.Result, c.Failure)
		}
	}
}
