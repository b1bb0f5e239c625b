package workloads

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

var tree = fstest.MapFS{
	"a/a.go":          {Data: []byte("package a // comment\nvar x, y = y, \"no z\"\n")},
	"a/a_test.go":     {Data: []byte("package a; var testing int")},
	"a/testdata/t.go": {Data: []byte("package t")},
	"b/b.go":          {Data: []byte("package b\nfunc x() { a() }")},
	"b/b.s":           {Data: []byte("package s")},
	"cmd/c.go":        {Data: []byte("package c")},
	"vendor/v/v.go":   {Data: []byte("package v")},
}

func TestReadSource(t *testing.T) {
	s, err := ReadSource(tree, "go9", 100)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "x", "y", "b"}; !slices.Equal(s.Names, want) {
		t.Errorf("names %q, want %q", s.Names, want)
	}
	if want := []uint32{0, 1, 2, 2, 3, 1, 0}; !slices.Equal(s.Trace, want) {
		t.Errorf("trace %v, want %v", s.Trace, want)
	}
	// printf 'a\nx\ny\ny\nb\nx\na\n' | sha256sum
	const digest = "9170df777d7697c8653ed7408d90061bf25c8592fee8889be16baa3bb6ed131c"
	if s.Digest != digest || s.GoVersion != "go9" {
		t.Errorf("digest %s of %s", s.Digest, s.GoVersion)
	}
	// Three distinct identifiers end before the fourth.
	if s, err = ReadSource(tree, "go9", 3); err != nil || !slices.Equal(s.Trace, []uint32{0, 1, 2, 2}) || s.Digest == digest {
		t.Errorf("up to three distinct ones: %+v, %v", s, err)
	}
}

func TestSourceKeys(t *testing.T) {
	s, err := ReadSource(tree, "go9", 100)
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]string{1: "a", 3: "a x y y", 4: "a x y y b x a"} {
		set := s.Keys(n, 1)
		tape, err := set.Tape(Dist{Source: true}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(tape.Keys, " "); got != want {
			t.Errorf("%d keys: tape %q, want %q", n, got, want)
		}
		for i, k := range tape.Index {
			if set.Keys[k] != tape.Keys[i] || tape.Lookups[i] != tape.Keys[i] {
				t.Errorf("%d keys: step %d is %q and %q, but its key is %q", n, i, tape.Keys[i], tape.Lookups[i], set.Keys[k])
			}
		}
		if len(set.Keys) != n {
			t.Errorf("%d keys, want %d", len(set.Keys), n)
		}
	}
	if want := []uint32{0, 1, 2, 2, 3, 1, 0}; !slices.Equal(s.Trace, want) {
		t.Errorf("Keys changed the trace to %v", s.Trace)
	}
}

func TestSourceErrors(t *testing.T) {
	if _, err := ReadSource(fstest.MapFS{}, "go9", 100); err == nil {
		t.Error("no error for an empty tree")
	}
	if _, err := ReadSource(broken{}, "go9", 100); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("error %v for a tree that cannot be read", err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := LoadSource(1); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v without the go command; want one line", err)
	}
}

type broken struct{}

func (broken) Open(string) (fs.File, error) { return nil, fs.ErrPermission }

func TestLoadSource(t *testing.T) {
	const n = 5000
	s, err := LoadSource(n)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Names) != n || len(s.Trace) < 10*n || !strings.HasPrefix(s.GoVersion, "go1.") {
		t.Errorf("%d identifiers, %d distinct, of %s", len(s.Trace), len(s.Names), s.GoVersion)
	}
	// It begins with archive/tar/common.go.
	for _, name := range []string{"tar", "errors", "fmt"} {
		if !slices.Contains(s.Names[:50], name) {
			t.Errorf("no identifier %s at the beginning: %q", name, s.Names[:50])
		}
	}
}
