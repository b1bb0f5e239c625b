package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doublebuf/results"
	"doublebuf/results/synthetic"
)

// run writes a run and returns its folder. change changes its manifest.
func run(t *testing.T, change func(*results.Manifest)) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	if err := (synthetic.Machine{CPU: "Fast (R) CPU 9000", Procs: 2, Maps: synthetic.Peers(), Blocks: 6, Noise: 0.02}).Write(dir); err != nil {
		t.Fatal(err)
	}
	m, err := results.ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	m.Plan = []byte(`{"seed": 1, "blocks": 6, "time": "20ms", "procs": 2, "cells": [{"impl": "xsync", "mix": "read-only", "dist": "zipf0.99", "keytype": "uint64", "keys": 16384, "g": 2}]}`)
	change(&m)
	if err := results.WriteManifest(dir, m); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestArchive: the archive holds the run, which loads again, and names nobody. The same run gives
// the same bytes.
func TestArchive(t *testing.T) {
	dir := run(t, func(m *results.Manifest) {
		m.Environment.Command = []string{
			"runbench", "run", "-results", "secretproj/acme/r", "-plots=/tmp/secret dir/y", `C:\Users\bob\z`, "-trace", "/home/zoë b/#x/t.txt", "-mix", "r95w5",
			"-results=bob_laptop",
		}
		m.Verdicts[0].Reason = "2 reads/s; see file:///home/bob/x, ../../bob/y or (/secret)"
		m.Verdicts[0].Evidence = []string{"evidence/m.jsonl", "runbench check -history secretproj/r/evidence/m.jsonl", "Map/impl=xsync/mix=r95w5"}
		m.Inputs = map[string]string{"trace /home/bob/t.txt": "sha256:0"}
	})
	if err := os.MkdirAll(filepath.Join(dir, "evidence"), 0o777); err != nil {
		t.Fatal(err)
	}
	trace := "panic on ANNAS-BOX\n\t/home/bob smith/a b/map.go:12 +0x1d\n"
	for name, text := range map[string]string{"evidence/m.txt": trace, "evidence/m.html": "<html>", "evidence/m.jsonl": "{}\n", "report.md": "# x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	a, err := of(dir, []string{"bob", "annas-box"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "fast-r-cpu-9000-2p-linux-amd64-20260102t0304z-quick"; a.Name != want {
		t.Errorf("it is named %s; want %s", a.Name, want)
	}
	var one, two bytes.Buffer
	if err := errors.Join(a.Write(&one), a.Write(&two)); err != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Errorf("two archives of %d and %d bytes differ, %v", one.Len(), two.Len(), err)
	}
	to := t.TempDir()
	unpack(t, &one, to)
	set, _, err := results.Load(filepath.Join(to, a.Name))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(set.Manifest.Environment.Command, " "), "runbench run -results r -plots=y z -trace t.txt -mix r95w5 -results=***_laptop"; got != want {
		t.Errorf("the command is %s; want %s", got, want)
	}
	v := set.Manifest.Verdicts[0]
	if want := "2 reads/s; see x, y or (secret)"; v.Reason != want {
		t.Errorf("the reason is %s; want %s", v.Reason, want)
	}
	if got, want := strings.Join(v.Evidence, "|"), "evidence/m.jsonl|runbench check -history evidence/m.jsonl|Map/impl=xsync/mix=r95w5"; got != want {
		t.Errorf("the evidence is %s; want %s", got, want)
	}
	text, _ := os.ReadFile(filepath.Join(to, a.Name, "evidence", "m.txt"))
	if want := "panic on ***\n\tmap.go:12 +0x1d\n"; string(text) != want {
		t.Errorf("the trace is %q; want %q", text, want)
	}
	if _, ok := set.Manifest.Inputs["t.txt"]; !ok || a.Hidden != 2 {
		t.Errorf("%d names hidden, inputs %v; want 2, and t.txt", a.Hidden, set.Manifest.Inputs)
	}
	for _, name := range []string{"report.md", "evidence/m.html"} {
		if _, err := os.Stat(filepath.Join(to, a.Name, name)); err == nil {
			t.Errorf("it holds %s", name)
		}
	}
}

func unpack(t *testing.T, from io.Reader, to string) {
	t.Helper()
	z, err := gzip.NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	for in := tar.NewReader(z); ; {
		h, err := in.Next()
		if err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		name := filepath.Join(to, filepath.FromSlash(h.Name))
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, text, 0o666)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOfAMapThatFailed: an archive is made of a run that lacks cells of a map that crashed.
func TestOfAMapThatFailed(t *testing.T) {
	dir := run(t, func(m *results.Manifest) {
		m.Plan = []byte(strings.ReplaceAll(string(m.Plan), `"blocks": 6`, `"blocks": 7`))
		m.Verdicts = append(m.Verdicts, results.Verdict{Impl: "xsync", Check: results.Crash, Outcome: results.Illegal})
	})
	if _, err := Of(dir); err != nil {
		t.Error(err)
	}
}

// TestRefused: an archive is not made of a run that is not whole.
func TestRefused(t *testing.T) {
	same := func(*results.Manifest) {}
	for _, c := range []struct {
		name, want string
		dir        string
	}{
		{"interrupted", "was interrupted", run(t, func(m *results.Manifest) { m.Complete = false })},
		{"a cell is missing", "lacks the cell Map/impl=xsync/mix=read-only", run(t, func(m *results.Manifest) {
			m.Plan = []byte(strings.ReplaceAll(string(m.Plan), `"blocks": 6`, `"blocks": 7`))
		})},
		{"a map without cells", "lacks the cell Map/impl=mutex", run(t, func(m *results.Manifest) {
			m.Plan = []byte(strings.ReplaceAll(string(m.Plan), "xsync", "mutex"))
			m.Verdicts = append(m.Verdicts, results.Verdict{Impl: "mutex", Outcome: results.Ok})
		})},
		{"cut short", "is damaged", cut(t, run(t, same))},
		{"no run", "cannot read cells", t.TempDir()},
	} {
		if _, err := Of(c.dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", c.name, err, c.want)
		}
	}
}

// cut removes the end of the last cell.
func cut(t *testing.T, dir string) string {
	t.Helper()
	name := filepath.Join(dir, "cells.txt")
	text, err := os.ReadFile(name)
	if err == nil {
		err = os.WriteFile(name, text[:len(text)-10], 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
