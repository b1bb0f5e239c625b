package hashmap_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"doublebuf/impl/invariants"
)

// TestGuardIsInlined reads the machine code of a look-up, as compiled into this package,
// which is not hashmap's own: nothing but the table's access and the slow parts may be called.
func TestGuardIsInlined(t *testing.T) {
	if invariants.Enabled || runtime.GOARCH != "amd64" {
		t.Skip("checked builds call the checks, and only amd64 code is understood here")
	}
	binary := filepath.Join(t.TempDir(), "test") // this one has no symbols
	if out, err := exec.Command("go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go test -c: %v\n%s", err, out)
	}
	const symbol = `hashmap\.\(\*ReadHandle\[go\.shape\.uint64,go\.shape\.uint64\]\)\.Get$`
	code, err := exec.Command("go", "tool", "objdump", "-s", symbol, binary).Output()
	if err != nil {
		t.Fatalf("go tool objdump: %v", err)
	}
	if !strings.Contains(string(code), "XCHG") {
		t.Fatalf("no atomic operation in the machine code of Get, or none at all:\n%s", code)
	}
	expected := regexp.MustCompile(`runtime\.|\.wake\(|\.reget\(|\.get\(`)
	for line := range strings.Lines(string(code)) {
		if _, call, ok := strings.Cut(line, "CALL "); ok && !expected.MatchString(call) {
			t.Errorf("Get calls %s", call)
		}
	}
}
