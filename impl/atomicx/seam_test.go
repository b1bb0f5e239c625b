//go:build !explore && !race

package atomicx

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// In normal builds the types are those of the standard library. Otherwise this does not compile.
var (
	_ *atomic.Bool         = (*Bool)(nil)
	_ *atomic.Int64        = (*Int64)(nil)
	_ *atomic.Uint32       = (*Uint32)(nil)
	_ *atomic.Uint64       = (*Uint64)(nil)
	_ *atomic.Pointer[int] = (*Pointer[int])(nil)
	_ *sync.Mutex          = (*Mutex)(nil)
)

//go:noinline
func bare(p *int) int {
	*p++
	return *p
}

//go:noinline
func seamed(p *int) int {
	if AwaitWhole(func() bool { return *p > 0 }) {
		return 0
	}
	BeginRead(p)
	EndRead(p)
	BeginWrite(p)
	*p++
	EndWrite(p)
	return *p
}

//go:noinline
func yielding(p *int) int {
	Yield()
	*p++
	return *p
}

// TestSeamCostsNothing compares the machine code of a function with that of the same function with
// calls of the seam in it.
func TestSeamCostsNothing(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "test") // the running binary has no symbols
	if out, err := exec.Command("go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go test -c: %v\n%s", err, out)
	}
	if a, b := code(t, binary, "bare"), code(t, binary, "seamed"); a != b {
		t.Errorf("without the seam\n%s\nwith it\n%s", a, b)
	}
	if code(t, binary, "bare") == code(t, binary, "yielding") {
		t.Error("a call is not seen in the machine code")
	}
}

// code returns the instructions of a function of this package, without their addresses.
func code(t *testing.T, binary, function string) string {
	t.Helper()
	out, err := exec.Command("go", "tool", "objdump", "-s", `atomicx\.`+function+`$`, binary).Output()
	if err != nil {
		t.Fatalf("go tool objdump: %v", err)
	}
	var b strings.Builder
	for _, m := range regexp.MustCompile(`(?m)^\s+\S+:\d+\s+0x[0-9a-f]+\s+[0-9a-f]+\s+(.*)$`).FindAllStringSubmatch(string(out), -1) {
		b.WriteString(strings.TrimSpace(m[1]) + "\n")
	}
	if b.Len() == 0 {
		t.Fatalf("no machine code of %s", function)
	}
	return b.String()
}

// The linker would drop functions that are not used.
var _ = func() bool {
	n := 0
	return bare(&n)+seamed(&n)+yielding(&n) > 0
}()
