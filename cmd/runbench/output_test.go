package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestQuiet: a run with -quiet prints nothing, and leaves the same files.
func TestQuiet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, stdout, stderr := runbench(t, dir, append(tiny, "-quiet", "-reps", "1")...)
	if code != 0 || stdout != "" || stderr != "" {
		t.Errorf("exit code %d, stdout %q, stderr %q; want 0 and nothing", code, stdout, stderr)
	}
	wantCells(t, dir, 12, 2, 6)
	if code, _, stderr = runbench(t, dir, append(tiny, "-quiet")...); code != 1 || strings.Count(stderr, "\n") != 1 {
		t.Errorf("into a folder that is there: exit code %d, stderr %q; want 1 and one line", code, stderr)
	}
}

// TestJSON reads the JSON output as other programs do.
func TestJSON(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := runbench(t, t.TempDir(), "list", "-json")
	var list struct {
		Maps []struct {
			Name string
			Caps []string
		}
		Mixes, Distributions, KeyTypes, Presets []struct{ Name, Doc string }
	}
	if err := json.Unmarshal([]byte(stdout), &list); err != nil || code != 0 {
		t.Fatalf("list: exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	if len(list.Maps) < 10 || len(list.Mixes) < 10 || len(list.Distributions) < 5 || len(list.KeyTypes) < 5 || len(list.Presets) < 4 || list.Mixes[0].Doc == "" {
		t.Errorf("list: %+v", list)
	}
	code, stdout, stderr = runbench(t, t.TempDir(), "check", "-json", "-impl", "rwmutex,control-lost-publish", "-time", "50ms")
	var verdicts []struct{ Map, Outcome string }
	if err := json.Unmarshal([]byte(stdout), &verdicts); err != nil || code != 0 {
		t.Fatalf("check: exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	if len(verdicts) != 2 || verdicts[0].Map != "rwmutex" || verdicts[0].Outcome != "Ok" || verdicts[1].Outcome != "Illegal" {
		t.Errorf("check: %+v", verdicts)
	}
	code, stdout, stderr = runbench(t, t.TempDir(), "soak", "-json", "-impl", "control-stale-guard", "-time", "5m")
	if err := json.Unmarshal([]byte(stdout), &verdicts); err != nil || code != 0 || stderr != "" {
		t.Fatalf("soak: exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	if len(verdicts) != 1 || verdicts[0].Map != "control-stale-guard" || verdicts[0].Outcome != "Illegal" {
		t.Errorf("soak: %+v", verdicts)
	}
	code, stdout, stderr = runbench(t, t.TempDir(), append(tiny, "-json", "-reps", "1")...)
	var summary any
	if err := json.Unmarshal([]byte(stdout), &summary); err != nil || code != 0 || stderr != "" {
		t.Fatalf("run: exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
}
