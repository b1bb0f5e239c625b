package gate

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doublebuf/lincheck"
)

// TestKept: an interrupted check keeps the verdicts that it has.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	stopped := errors.New("interrupted while b was checked")
	if err := (&checks{}).kept(dir, stopped); err != stopped {
		t.Errorf("without a verdict: %v", err)
	}
	err := (&checks{verdicts: []lincheck.Verdict{{Map: "a"}}}).kept(dir, stopped)
	if !errors.Is(err, stopped) || !strings.Contains(err.Error(), "; the 1 verdicts before it are in ") {
		t.Error(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, VerdictsFile)); err != nil || !strings.Contains(string(text), `"map": "a"`) {
		t.Errorf("%s, %v", text, err)
	}
}
