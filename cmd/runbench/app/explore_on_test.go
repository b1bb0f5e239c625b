//go:build explore

package app

import (
	"strings"
	"testing"
)

func TestExplore(t *testing.T) {
	for _, c := range []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{[]string{"-readers", "1", "-guards", "1", "-publishes", "1"}, ExitOK, "epoch: 1 readers x 1 guards, 1 publishes\nexhaustive: ", ""},
		{[]string{"-preemptions", "1", "-wait"}, ExitOK, "exhaustive up to 1 preemptions: ", ""},
		{[]string{"-program", "nested guards", "-preemptions", "1"}, ExitOK, "epoch: nested guards\n", ""},
		{[]string{"-readers", "1", "-replay", "sc:A3"}, ExitOK, "reader 0", ""},
		{[]string{"-readers", "1", "-json", "-replay", "sc:A3"}, ExitOK, `"goroutine": "reader 0",`, ""},
		{[]string{"-readers", "1", "-md", "-replay", "sc:A3"}, ExitOK, "| step | goroutine | operation |", ""},
		{[]string{"-md", "-json"}, ExitUsage, "", "two formats"},
		{[]string{"-readers", "1", "-replay", "sc:C3"}, ExitFailed, "not deterministic", "move 1 of the schedule is impossible"},
		{[]string{"-time", "1ns"}, ExitUnknown, "incomplete", "not finished"},
		{[]string{"-strategy", "epok"}, ExitUsage, "", `unknown strategy "epok"`},
		{[]string{"-program", "nested"}, ExitUsage, "", `unknown program "nested"`},
		{[]string{"-readers", "99"}, ExitUsage, "", "want 0 to 79 readers"},
		{[]string{"-replay", "A1"}, ExitUsage, "", `schedule "A1"`},
	} {
		var out, told strings.Builder
		code := Main(append([]string{"explore"}, c.args...), &out, &told)
		if code != c.code || !strings.Contains(out.String(), c.stdout) || !strings.Contains(told.String()+out.String(), c.stderr) {
			t.Errorf("explore %v: code %d, want %d\nstdout %s\nstderr %s", c.args, code, c.code, out.String(), told.String())
		}
		if code != ExitOK && strings.Count(told.String(), "\n") != 1 {
			t.Errorf("explore %v: stderr is not one line: %q", c.args, told.String())
		}
	}
}
