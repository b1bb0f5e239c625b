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

// TestGuardIsInlined reads the machine code of lookups as compiled into this package, which is not
// hashmap itself. Only the tables' lookups and the slow paths may be called.
func TestGuardIsInlined(t *testing.T) {
	if invariants.Enabled || runtime.GOARCH != "amd64" {
		t.Skip("checked builds call the checks, and only amd64 code is understood here")
	}
	binary := testBinary(t)
	for _, f := range []struct{ name, symbol, contains, calls string }{
		{"get", method("get"), "XCHG", `runtime\.|\.getMoved\(|\.getGuarded\(|\.get\(|\.getInt\(|\.seek\(|\.seekPointer\(|refcountReader\)\.Close\(`},
		// A lookup of an integer in a flat table calls nothing at all, so it needs no stack frame.
		{"getInt", method("getInt"), "IMULQ", `$^`},
		// The loop of a benchmark, with Get of a handle in it.
		{"a loop", `hashmap_test\.\(\*lookups\)\.guarded$`, "look).get(", `runtime\.|look\)\.get\(|\.get\(|\.free\(`},
		// The loop of a benchmark, with Get of a guard in it. Read and the deferred Release are
		// outside the loop.
		{"a loop under a guard", `hashmap_test\.\(\*lookups\)\.held$`, "mapaccess2_fast64", `runtime\.|\.get\(|\.[rR]ead\(|CALL \w+\s*$`},
	} {
		code := disassemble(t, binary, f.symbol)
		if !strings.Contains(code, f.contains) {
			t.Fatalf("no %s in the machine code of %s, or none at all:\n%s", f.contains, f.name, code)
		}
		expected := regexp.MustCompile(f.calls)
		for line := range strings.Lines(code) {
			if _, call, ok := strings.Cut(line, "CALL "); ok && !expected.MatchString("CALL "+call) {
				t.Errorf("%s calls %s", f.name, call)
			}
		}
	}
}

// method returns the symbol of a method of read handles.
func method(name string) string {
	return `hashmap\.\(\*ReadHandle\[go\.shape\.uint64,go\.shape\.uint64\]\)\.` + name + `$`
}

// testBinary builds this package's test once more, because the running one has no symbols.
func testBinary(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "test")
	if out, err := exec.Command("go", "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go test -c: %v\n%s", err, out)
	}
	return binary
}

func disassemble(t *testing.T, binary, symbol string) string {
	t.Helper()
	code, err := exec.Command("go", "tool", "objdump", "-s", symbol, binary).Output()
	if err != nil {
		t.Fatalf("go tool objdump: %v", err)
	}
	return string(code)
}

// countsTakenOn is the Go version for which exact numbers of instructions are tested. Order, and
// that there are no more locked instructions, is tested for all versions.
const countsTakenOn = "go1.26"

// TestPlainTagMachineCode checks the machine code of lookups under the strategies asymmetric and
// adaptive against their arguments. A plain instruction stores the tag. After it comes the load of
// the readable copy, under adaptive with a locked addition in between. Then the table is read. Then
// the tag is cleared. Of the locked instructions, the exchanges are the atomic tag's, and two
// others are refcount's.
func TestPlainTagMachineCode(t *testing.T) {
	if invariants.Enabled || runtime.GOARCH != "amd64" {
		t.Skip("plain words are used on amd64 only, and not in checked builds, where calls to the checks stand between")
	}
	const tag, retract = `atomicx\.go:\d+\s.*MOVL [A-Z]+, 0\([A-Z]+\)`, `atomicx\.go:\d+\s.*MOVL \$0x0, 0\([A-Z]+\)`
	const xtag, readable = `type\.go:\d+\s.*XCHGL`, `type\.go:\d+\s.*MOVQ 0\(`
	locked := map[string]int{"get": 3, "getInt": 1}
	exits := map[string]int{"get": 1, "getInt": 3} // each takes the tag back
	binary := testBinary(t)
	for symbol, table := range map[string]string{"get": `mapaccess2_fast64|\.get\(`, "getInt": `flat\.go:\d+\s.*MOVQ`} {
		code := disassemble(t, binary, method(symbol))
		for _, steps := range [][]string{
			{tag, readable, table, retract},
			{tag, `type\.go:\d+\s.*LOCK XADDL`, readable, table, retract},
			{xtag, readable, table, xtag},
		} {
			at := 0
			for _, step := range steps {
				hits := regexp.MustCompile(step).FindAllStringIndex(code[at:], -1)
				if len(hits) == 0 {
					t.Fatalf("no %s after the steps before it, in\n%s", step, code)
				}
				at += hits[0][1]
			}
		}
		counts := map[string]int{`\sXCHG`: 1 + exits[symbol], `LOCK`: locked[symbol], `MFENCE`: 0, `atomicx\.go:\d+\s.*MOV`: 2 + exits[symbol]}
		for what, want := range counts {
			n := len(regexp.MustCompile(what).FindAllString(code, -1))
			if strings.HasPrefix(runtime.Version(), countsTakenOn) && n != want {
				t.Errorf("%d instructions of %s in %s, want %d, in\n%s", n, what, symbol, want, code)
			}
			if n > want && !strings.HasSuffix(what, "MOV") {
				t.Errorf("%d locked instructions of %s in %s, want at most %d", n, what, symbol, want)
			}
		}
	}
}

// TestCollectorMachineCode checks the machine code of lookups under the strategy collector against
// its argument. One load opens the guard, and no other instruction does. The reference is stored on
// the stack, where the garbage collector finds it, before the table is read. It is live there
// because KeepAlive uses it later. Otherwise the compiler would not have stored it.
func TestCollectorMachineCode(t *testing.T) {
	if invariants.Enabled || runtime.GOARCH != "amd64" {
		t.Skip("only amd64 code is understood here, and checked builds have calls to the checks between")
	}
	code := disassemble(t, testBinary(t), `hashmap\.\(\*Shared\[go\.shape\.uint64,go\.shape\.uint64\]\)\.Get$`)
	load := regexp.MustCompile(`type\.go:\d+\s.*MOVQ 0\([A-Z0-9]+\), ([A-Z0-9]+)`).FindStringSubmatchIndex(code)
	if load == nil {
		t.Fatalf("no load of a copy in\n%s", code)
	}
	register := code[load[2]:load[3]]
	path, _, _ := strings.Cut(code[load[1]:], "RET") // that of collector comes first
	before, _, found := strings.Cut(path, "CALL ")
	if !found || !strings.Contains(path, "mapaccess2_fast64") {
		t.Fatalf("no table is read in\n%s", path)
	}
	if !regexp.MustCompile(`MOVQ ` + register + `, 0x[0-9a-f]+\(SP\)`).MatchString(before) {
		t.Errorf("the reference in %s is not on the stack when the table is read, in\n%s", register, path)
	}
	for _, what := range []string{`type\.go.*MOVQ 0\(`, `atomicx\.go`, `LOCK`, `XCHG`, `MFENCE`, `strategy\.`} {
		if regexp.MustCompile(what).MatchString(path) {
			t.Errorf("a lookup does more than load: it has %s, in\n%s", what, path)
		}
	}
}
