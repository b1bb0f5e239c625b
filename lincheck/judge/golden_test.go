package judge

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doublebuf/lincheck/history"
)

// The histories of testdata have their verdict in the header. A history of stamped guards breaks
// only the law that its header names.
func TestJudgeFiles(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.jsonl")
	if len(files) < 30 {
		t.Fatalf("%d histories in testdata; want all of them", len(files))
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".jsonl"), func(t *testing.T) {
			h := readFile(t, path)
			v, err := File(path)
			if err != nil {
				t.Fatal(err)
			}
			if v.Outcome != h.Verdict || v.Checker != h.Checker {
				t.Errorf("got %v, want %v (%s): %s", v, h.Verdict, h.Checker, h.Note)
			}
			t.Log(v)
			if h.Claim.Stamped() && !several(h) {
				onlyBreaks(t, h)
			}
		})
	}
}

// onlyBreaks reports violations in h of other laws than the one that its header names.
func onlyBreaks(t *testing.T, h *history.History) {
	s := newSweep(h, stampedLaws(h.Claim))
	s.all()
	for l, f := range s.broken {
		if f != nil && law(l).String() != h.Checker {
			t.Errorf("%v is also broken: %s", law(l), f.reason)
		}
	}
}

func TestAmbiguousPairsAreCounted(t *testing.T) {
	for path, want := range map[string]int{"testdata/ok-ambiguous.jsonl": 4, "testdata/unknown-within-slack.jsonl": 1} {
		v, err := File(path)
		if err != nil || v.Counts.Ambiguous != want {
			t.Errorf("%s: %d ambiguous, %v; want %d", path, v.Counts.Ambiguous, err, want)
		}
	}
}

func readFile(t *testing.T, path string) *history.History {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := history.Parse(f)
	if err != nil {
		t.Fatal(path, err)
	}
	return h
}
