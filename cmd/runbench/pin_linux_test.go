package main

import (
	"encoding/json"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"doublebuf/cmd/runbench/internal/pin"
	"doublebuf/results"
)

// TestPin runs on one processor and resumes there, also with child processes.
func TestPin(t *testing.T) {
	t.Parallel()
	var may unix.CPUSet
	if err := unix.SchedGetaffinity(0, &may); err != nil {
		t.Fatal(err)
	}
	last := 0
	for cpu := range 8 * len(may) * 8 {
		if may.IsSet(cpu) {
			last = cpu
		}
	}
	list := pin.Format([]int{last})
	dir := t.TempDir()
	args := []string{"run", "-preset", "smoke", "-impl", "rwmutex", "-mix", "r95w5", "-keys", "64", "-time", "1ms", "-results", "r", "-plots", "p"}
	code, stdout, stderr := runbench(t, dir, append(args, "-pin", list, "-pin-workers", "-forks", "2")...)
	if want := ", GOMAXPROCS 1, pinned to " + list + ", each worker to one of them\n"; code != 0 || !strings.Contains(stdout, want) {
		t.Fatalf("exit code %d; want 0 and %q\n%s%s", code, want, stdout, stderr)
	}
	var m results.Manifest
	if err := json.Unmarshal([]byte(read(t, dir, "r/manifest.json")), &m); err != nil {
		t.Fatal(err)
	}
	if found := m.Sessions[0].Before[0].Found; !strings.HasPrefix(found, "1 ") || !strings.HasSuffix(found, " usable, GOMAXPROCS 1") {
		t.Errorf("the process may use %q; want 1 processor", found)
	}

	// A resumed run is pinned by its plan.
	code, stdout, stderr = runbench(t, dir, "run", "-resume", "-results", "r", "-plots", "p")
	if code != 0 || !strings.Contains(stdout, "pinned to "+list) {
		t.Errorf("resumed: exit code %d\n%s%s", code, stdout, stderr)
	}

	// There is no such processor.
	code, _, stderr = runbench(t, dir, append(args, "-results", "s", "-pin", "8000")...)
	if code != 1 || !strings.HasPrefix(stderr, "runbench: cannot pin to processor 8000: this process may not use it, or there is none; want some of ") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
}

// TestPlace places workers by topology. The manifest says how, and the run goes into an archive.
func TestPlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	args := []string{"run", "-preset", "smoke", "-impl", "rwmutex", "-mix", "r95w5", "-keys", "64", "-time", "1ms", "-results", "r", "-plots", "p"}
	code, stdout, stderr := runbench(t, dir, append(args, "-place", "spread", "-prefill", "workers", "-procs", "1,2")...)
	if code != 0 || !strings.Contains(stdout, ", each worker to one of them") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	var m results.Manifest
	if err := json.Unmarshal([]byte(read(t, dir, "r/manifest.json")), &m); err != nil {
		t.Fatal(err)
	}
	if m.Topology.Place != "spread" || !strings.Contains(m.Topology.Machine, "processor") {
		t.Errorf("the manifest has the topology %+v; want that of the machine, and spread", m.Topology)
	}
	for _, want := range []string{`"pin-workers": true`, `"prefill": "workers"`, `"procs": 1`} {
		if plan := string(m.Plan); !strings.Contains(plan, want) {
			t.Errorf("the plan lacks %s: %s", want, plan)
		}
	}
	if code, stdout, stderr = runbench(t, dir, "bundle", "-o", "r.tar.gz", "r"); code != 0 || !strings.Contains(stdout, "r.tar.gz: ") {
		t.Errorf("bundle: exit code %d\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr = runbench(t, dir, "bundle", "-o", "r.tar.gz", "r"); code != 1 || !strings.Contains(stderr, "file exists") {
		t.Errorf("an archive is overwritten: exit code %d\n%s", code, stderr)
	}
}
