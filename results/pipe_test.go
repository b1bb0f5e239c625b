//go:build unix

package results

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestNoPlainFile: an endless device ends soon. A run's folder holds plain files: reading a pipe
// would wait for a writer.
func TestNoPlainFile(t *testing.T) {
	if _, _, err := Open("/dev/zero"); err == nil || !strings.Contains(err.Error(), "a line of more than") {
		t.Errorf("/dev/zero: %v", err)
	}
	for _, name := range []string{cellsFile, latencyFile, manifestFile} {
		dir := writeRun(t, testCells(1)[:1])
		if name == cellsFile {
			dir = t.TempDir()
		}
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "no regular file") {
			t.Errorf("a pipe as %s: %v", name, err)
		}
	}
}
