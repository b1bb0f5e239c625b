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

// TestGuardIsInlined reads the machine code of look-ups, as compiled into this package,
// which is not hashmap's own: nothing but the tables' access and the slow parts may be called.
func TestGuardIsInlined(t *testing.T) {
	if invariants.Enabled || runtime.GOARCH != "amd64" {
		t.Skip("checked builds call the checks, and only amd64 code is understood here")
	}
	binary := filepath.Join(t.TempDir(), "test") // this one has no symbols
	if out, err := exec.Command("go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go test -c: %v\n%s", err, out)
	}
	const shape = `\[go\.shape\.uint64,go\.shape\.uint64\]`
	for _, f := range []struct{ name, symbol, contains, calls string }{
		{"Get", `hashmap\.\(\*ReadHandle` + shape + `\)\.Get$`, "XCHG", `runtime\.|\.reget\(|\.get\(`},
		// The loop of a benchmark, with Get of a guard in it, of which Read and the deferred
		// Release are no part.
		{"a loop under a guard", `hashmap_test\.\(\*lookups\)\.held$`, "mapaccess2_fast64", `runtime\.|\.get\(|\.Read\(|CALL \w+\s*$`},
	} {
		code, err := exec.Command("go", "tool", "objdump", "-s", f.symbol, binary).Output()
		if err != nil {
			t.Fatalf("go tool objdump: %v", err)
		}
		if !strings.Contains(string(code), f.contains) {
			t.Fatalf("no %s in the machine code of %s, or none at all:\n%s", f.contains, f.name, code)
		}
		expected := regexp.MustCompile(f.calls)
		for line := range strings.Lines(string(code)) {
			if _, call, ok := strings.Cut(line, "CALL "); ok && !expected.MatchString("CALL "+call) {
				t.Errorf("%s calls %s", f.name, call)
			}
		}
	}
}
