//go:build linux && amd64 && !race && !explore

package strategy

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

var (
	locked     = regexp.MustCompile(`\b(LOCK|XCHG|MFENCE|XADD|CMPXCHG)`)
	countStore = regexp.MustCompile(`MOVQ [A-Z0-9]+, 0\([A-Z0-9]+\)\([A-Z0-9]+\*8\)`)
	loadInLine = regexp.MustCompile(`type\.go:\d+\s.*MOVQ 0\(`) // atomic.Pointer's
)

// TestAsymmetricMachineCode checks the machine code of the reader against its argument: no locked
// instruction, and in Open a load of the readable copy after the store of the count. Exact numbers
// of instructions are tested for one Go version only.
func TestAsymmetricMachineCode(t *testing.T) {
	if err := AsymmetricReady(); err != nil {
		t.Skip(err)
	}
	binary := filepath.Join(t.TempDir(), "test")
	if out, err := exec.Command("go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go test -c: %v\n%s", err, out)
	}
	for _, name := range []string{"Open", "reopen", "raise", "lower", "Close"} {
		out, err := exec.Command("go", "tool", "objdump", "-s", `strategy\.\(\*asymmetricReader\)\.`+name+`$`, binary).CombinedOutput()
		if err != nil {
			t.Fatalf("objdump: %v\n%s", err, out)
		}
		code := string(out)
		if name != "raise" && !strings.Contains(code, "TEXT") {
			t.Errorf("%s is not in the binary", name)
		}
		if hit := locked.FindString(code); hit != "" {
			t.Errorf("%s has the instruction %s, want none that is locked", name, hit)
		}
		if name == "Open" {
			stores, loads := countStore.FindAllStringIndex(code, -1), loadInLine.FindAllStringIndex(code, -1)
			if len(stores) == 0 || len(loads) < 2 || loads[0][0] > stores[0][0] || loads[len(loads)-1][0] < stores[len(stores)-1][0] {
				t.Errorf("Open does not load, store and load in this order:\n%s", code)
			}
			const countsTakenOn = "go1.26"
			if strings.HasPrefix(runtime.Version(), countsTakenOn) && (len(stores) != 1 || len(loads) != 2) {
				t.Errorf("Open has %d stores and %d loads, want 1 and 2:\n%s", len(stores), len(loads), code)
			}
		}
	}
}
