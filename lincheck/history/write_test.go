package history

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every saved history reads back as it was written.
func TestWriteAndReadBack(t *testing.T) {
	files, _ := filepath.Glob("../judge/testdata/*.jsonl")
	for _, path := range files {
		h := readFile(t, path)
		h.Cut = false
		var file bytes.Buffer
		if err := h.Write(&file); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(&file)
		if err != nil {
			t.Fatal(path, err)
		}
		if diff := cmp.Diff(h, again); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func readFile(t *testing.T, path string) *History {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := Parse(f)
	if err != nil {
		t.Fatal(path, err)
	}
	return h
}
