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

// TestArchive: the archive holds the run, which loads again, and paths are shortened. The same run
// gives the same bytes.
func TestArchive(t *testing.T) {
	dir := run(t, func(m *results.Manifest) {
		m.Environment.Command = []string{"runbench", "run", "-results", "/home/somebody/runs/mine", "-plots=/tmp/x/y", `C:\Users\somebody\z`, "-mix", "r95w5"}
	})
	if err := os.MkdirAll(filepath.Join(dir, "evidence"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"evidence/m.txt": "panic\n\t/src/lib/map.go:12\n", "evidence/m.html": "<html>", "report.md": "# x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	a, err := Of(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := "fast-r-cpu-9000-2p-linux-amd64-20260102"; a.Name != want {
		t.Errorf("it is named %s; want %s", a.Name, want)
	}
	var one, two bytes.Buffer
	if err := errors.Join(a.Write(&one), a.Write(&two)); err != nil || !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Errorf("two archives of %d and %d bytes differ, %v", one.Len(), two.Len(), err)
	}
	to := t.TempDir()
	unpack(t, &one, to)
	if _, _, err := results.Load(filepath.Join(to, a.Name)); err != nil {
		t.Error(err)
	}
	manifest, _ := os.ReadFile(filepath.Join(to, a.Name, "manifest.json"))
	trace, _ := os.ReadFile(filepath.Join(to, a.Name, "evidence", "m.txt"))
	for _, bad := range []string{"somebody", "/home", "/tmp", "/src", "Users"} {
		if strings.Contains(string(manifest)+string(trace), bad) {
			t.Errorf("it says %s", bad)
		}
	}
	if !strings.Contains(string(trace), "\tmap.go:12") || a.Shortened != 4 {
		t.Errorf("%d paths shortened, and the trace is %q", a.Shortened, trace)
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

// TestRefused: an archive is not made of a run that is not whole, or that names somebody.
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
		{"cut short", "is damaged", cut(t, run(t, same))},
		{"no run", "cannot read cells", t.TempDir()},
	} {
		if _, err := Of(c.dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", c.name, err, c.want)
		}
	}
	a, err := Of(run(t, func(m *results.Manifest) { m.Environment.Kernel = "Linux 6 Annas-box" }))
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]bool{"annas-box": true, "annas": true, "anna": false, "root": false, "li": false, "nobody": false} {
		if err := a.private([]string{word}); (err != nil) != want {
			t.Errorf("%s: %v; want an error: %v", word, err, want)
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
