package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// TestDoctor examines this machine, whatever it is. The exit code follows from the findings.
func TestDoctor(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := runbench(t, t.TempDir(), "doctor", "-json", "-watch", "20ms")
	var found results.Session
	if err := json.Unmarshal([]byte(stdout), &found); err != nil {
		t.Fatalf("%v\n%s", err, stdout)
	}
	unfit := slices.ContainsFunc(append(found.Before, found.During...), func(f results.Finding) bool { return f.State == results.Unfit })
	switch {
	case len(found.Before) < 10 || len(found.During) < 4:
		t.Errorf("%d findings before, %d during", len(found.Before), len(found.During))
	case unfit && (code != 4 || !strings.HasPrefix(stderr, "runbench: unfit to measure: ")), !unfit && code != 0:
		t.Errorf("exit code %d, %s\n%s", code, stderr, stdout)
	}
	code, stdout, _ = runbench(t, t.TempDir(), "doctor", "-watch", "1ms")
	if code != 0 && code != 4 || strings.Count(stdout, " processors ") == 0 || !strings.Contains(stdout, "during the next 1ms:") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
}

// TestStrict requires a grade that a run of two blocks cannot have.
func TestStrict(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := []string{"run", "-preset", "smoke", "-impl", "rwmutex", "-mix", "r95w5", "-g", "1", "-keys", "64", "-time", "1ms", "-results", "r", "-plots", "p"}
	code, stdout, stderr := runbench(t, dir, append(args, "-strict", "C")...)
	if want := "runbench: the grade of the run is D; want C or better; see r/report.md\n"; code != 4 || !strings.HasSuffix(stderr, want) || !strings.Contains(stdout, "\ngrade D\n") {
		t.Errorf("exit code %d, stderr %q; want 4 and %q\n%s", code, stderr, want, stdout)
	}
	var m results.Manifest
	if err := json.Unmarshal([]byte(read(t, dir, "r/manifest.json")), &m); err != nil {
		t.Fatal(err)
	}
	if m.Grade == nil || m.Grade.Letter != "D" || m.Control == nil || len(m.Control.Pairs) != 1 || len(m.Sessions) != 1 || len(m.Sessions[0].During) == 0 {
		t.Errorf("the manifest has the grade %+v, the control %+v and %d sittings", m.Grade, m.Control, len(m.Sessions))
	}
	if len(m.Maps) != 2 || m.Maps[0].Impl != "rwmutex" || m.Maps[1].Role != kv.Floor || len(m.Mixes) != 1 || m.Mixes[0].Gets != 950 {
		t.Errorf("the manifest has the maps %+v and the mixes %+v; want rwmutex, the floor, and r95w5", m.Maps, m.Mixes)
	}
	for _, name := range []string{"noop", "rwmutex.twin"} {
		if !strings.Contains(read(t, dir, "r/cells.txt"), "impl="+name+"/mix=r95w5/") {
			t.Errorf("%s was not measured", name)
		}
	}
}
