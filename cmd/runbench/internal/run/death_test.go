package run

import (
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"

	"doublebuf/baselines"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// TestNoProof: a process that runs out of memory while a final state is checked proves nothing
// against the map, unless more memory was taken in that time than the check needs. Nor does one
// that the kernel killed while it held little. The reason says who held how much.
func TestNoProof(t *testing.T) {
	const gib = 1 << 30
	for _, c := range []struct {
		step    step
		held    float64
		how     Ended
		kills   bool // the kernel has killed a process
		noProof bool
		memory  bool
		reason  string
	}{
		{checking, 2.5 * gib, Starved, false, true, true, "it did not fit into the memory, with 2.5 GiB of 3 GiB held (a limit), while its final state was checked: the end" +
			"; about 512 MiB were in use before the maps of its cohort were built, and 1.5 GiB more before the check"},
		{checking, 2.5 * gib, Killed, false, true, true, "it did not fit into the memory, with 2.5 GiB of 3 GiB held (a limit), while its final state was checked: the end; about 512 MiB"},
		{checking, 2.9 * gib, Starved, false, true, true, "it did not fit into the memory, with 2.9 GiB"},
		{checking, 3 * gib, Starved, false, true, true, "it did not fit into the memory, with 3 GiB"},
		{checking, 3.5 * gib, Starved, false, false, true, "it ran out of memory, with 3.5 GiB of 3 GiB held (a limit), while its final state was checked: the end; about "},
		{drawing, 2.5 * gib, Starved, false, true, true, "it did not fit into the memory, with 2.5 GiB of 3 GiB held (a limit), while its input was drawn: the end"},
		{measuring, 2.5 * gib, Starved, false, false, true, "it ran out of memory, with 2.5 GiB of 3 GiB held (a limit), while it was measured: the end"},
		{measuring, 2.5 * gib, Killed, true, false, true, "it ran out of memory, with 2.5 GiB of 3 GiB held (a limit), while it was measured: the end"},
		{measuring, 0.5 * gib, Killed, true, true, true, "it did not fit into the memory, with 512 MiB of 3 GiB held (a limit), while it was measured: the end"},
		{measuring, 0.5 * gib, Killed, false, false, false, "its process was killed while it was measured: the end"},
		{measuring, 2.5 * gib, Otherwise, false, false, false, "it ended its process while it was measured: the end"},
	} {
		r, err := New(good(), baselines.All())
		if err != nil {
			t.Fatal(err)
		}
		r.Children.Cause = func(string, error) (string, Ended) { return "the end", c.how }
		m, child := marked(t)
		m.mark.step, m.mark.harness, m.mark.maps = c.step, gib/2, 3*gib/2
		m.tick()
		cmd := exec.Command("true")
		orders, err := cmd.StdinPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		child.Process, child.kill = &Process{Cmd: cmd, Orders: orders, Answers: io.NopCloser(strings.NewReader("")), Printed: &strings.Builder{}}, func() {}
		child.guard = newMemoryGuard()
		child.guard.available, child.guard.limit, child.guard.held = 3*gib, "a limit", c.held
		if c.kills {
			child.guard.kills--
		}
		r.child = child
		// The arrays of the check take half a GiB.
		d := r.endOf([]plan.Job{{ID: results.ID{Keys: 16 << 20}}}, "")
		if is := fmt.Sprint(d.noProof, d.memory, d.killed); is != fmt.Sprint(c.noProof, c.memory, c.how == Killed && !c.memory) || !strings.HasPrefix(d.reason, c.reason) {
			t.Errorf("%+v: %s, %q", c, is, d.reason)
		}
	}
}
