package doctor

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"doublebuf/analysis/export"
	"doublebuf/results"
)

var update = flag.Bool("update", false, "write what is found into the golden files")

// host returns the machine whose files are in the archives. Files of later archives replace those
// of earlier ones.
func host(t *testing.T, names ...string) Host {
	t.Helper()
	all := &txtar.Archive{}
	for _, name := range names {
		a, err := txtar.ParseFile(filepath.Join("testdata", name+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range a.Files {
			all.Files = slices.DeleteFunc(all.Files, func(old txtar.File) bool { return old.Name == f.Name })
			all.Files = append(all.Files, f)
		}
	}
	root, err := txtar.FS(all)
	if err != nil {
		t.Fatal(err)
	}
	return Host{Root: root, Procs: 2, Clock: 40 * time.Nanosecond}
}

// TestMachines compares the findings on some machines, before and during 10 seconds, with golden
// texts.
func TestMachines(t *testing.T) {
	for _, name := range []string{"server", "laptop", "container", "nothing"} {
		h := host(t, name)
		var got bytes.Buffer
		before := h.Examine()
		if name == "nothing" {
			// The number of processors does not come from these files.
			before[0].Found = strings.Replace(before[0].Found, fmt.Sprint(runtime.NumCPU())+" may", "N may", 1)
			before[0].State = results.Fit
		}
		within := during(h.counters(), host(t, name, name+"-later").counters(), 10*time.Second)
		text := func(all []results.Finding) {
			t.Helper()
			d := &export.Document{}
			Describe(d, all)
			if err := (export.Text{}).Export(&got, d); err != nil {
				t.Fatal(err)
			}
		}
		text(before)
		fmt.Fprintf(&got, "\nagainst it: %q\n\nduring:\n", Against(before))
		text(within)
		path := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(path, got.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got.String() != string(want) {
			t.Errorf("%s: found\n%s\nwant\n%s(go test ./cmd/runbench/internal/doctor -update writes it)", name, &got, want)
		}
	}
}

// TestHere looks at the machine that runs the test, whatever it is.
func TestHere(t *testing.T) {
	h := Here(1)
	if h.Clock <= 0 || h.Clock > time.Millisecond {
		t.Errorf("a reading of the clock costs %v", h.Clock)
	}
	w := h.Watch()
	found := append(h.Examine(), w.End()...)
	for _, f := range found {
		if f.What == "" || f.Found == "" || f.Why == "" || f.Want == "" || f.State == "" {
			t.Errorf("incomplete: %+v", f)
		}
	}
	if runtime.GOOS == "linux" && (found[0].State == results.Hidden || found[7].State == results.Hidden) {
		t.Errorf("processors and clock source of Linux: %+v, %+v", found[0], found[7])
	}
}
