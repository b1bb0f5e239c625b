//go:build explore

package programs

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// documented compares the number of executions of a program with the table in the explorer's
// README.md.
func documented(t *testing.T, executions int) {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if row := "| " + thousands(executions) + " |"; !strings.Contains(string(text), row) {
		t.Errorf("the table in %s has no %q", "lincheck/explore/README.md", row)
	}
}

// thousands writes n with a comma before each group of three digits.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{7: "7", 792: "792", 8041: "8,041", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is written %s, want %s", n, got, want)
		}
	}
}
