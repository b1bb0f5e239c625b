package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestCurrent checks that the generated files agree with the list and the adapters.
func TestCurrent(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range files {
		if got, err := os.ReadFile(filepath.Join(root, path)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not current (%v); run go generate ./baselines/kv", path, err)
		}
	}
}

// TestAdapters checks that adapters are found by their signature.
func TestAdapters(t *testing.T) {
	dir := t.TempDir()
	text := `package p
type few interface{ uint64 | string }
func newOne[K, V comparable](capacity int) kv.Map[K, V] { return nil }
func newTwo[K few, V any](options []int, more string) func(capacity int) kv.Map[K, V] { return nil }
func newOther[K comparable](capacity int) kv.Map[K, uint64] { return nil }
func makeOne[K, V comparable](capacity int) kv.Map[K, V] { return nil }
`
	if err := os.WriteFile(filepath.Join(dir, "p.go"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	all, err := adaptersIn(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 || all[0].name != "One" || all[0].keys != nil || all[0].params != "" || all[0].call != "" {
		t.Fatalf("the adapters are %+v; want One and Two", all)
	}
	if two := all[1]; two.name != "Two" || !slices.Equal(two.keys, []string{"uint64", "string"}) ||
		two.params != ", options []int, more string" || two.call != "(options, more)" {
		t.Errorf("the second adapter is %+v", two)
	}
}
