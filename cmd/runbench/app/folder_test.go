package app

import (
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"testing"

	"doublebuf/cmd/runbench/internal/plan"
)

// TestTwoFoldersInOneSecond: a folder that another run has just made is not an error, unless the
// user named it.
func TestTwoFoldersInOneSecond(t *testing.T) {
	for dir, want := range map[string]int{"": 3, "mine": 1} {
		var tried []string
		err := inFolder(dir, "results", "check", func(dir string) error {
			if tried = append(tried, dir); len(tried) < 3 {
				return fmt.Errorf("%s: %w", dir, fs.ErrExist)
			}
			return nil
		})
		slices.Sort(tried)
		if len(slices.Compact(tried)) != want || (err == nil) != (want == 3) {
			t.Errorf("-results %q: %q, %v", dir, tried, err)
		}
	}
}

// TestBounds: more than the machine can do is a usage error, before anything is begun.
func TestBounds(t *testing.T) {
	for _, test := range []struct{ args, says string }{
		{fmt.Sprintf("run -procs %d -mix read-only", runtime.NumCPU()+1), "this machine has no more processors"},
		{fmt.Sprintf("run -g %d -mix read-only", 1024*runtime.NumCPU()+1), "1024 for each processor of this machine"},
		{"run -mix roles -g 2", "-g does not apply to -mix roles, whose goroutines only read or only write; want -readers and -writers"},
	} {
		var errs strings.Builder
		if code := Main(strings.Fields(test.args), io.Discard, &errs); code != ExitUsage || !strings.Contains(errs.String(), test.says) {
			t.Errorf("%s: exit %d, %s; want %q", test.args, code, errs.String(), test.says)
		}
	}
}

// TestPlanOfManifest: a manifest stands for its plan.
func TestPlanOfManifest(t *testing.T) {
	for text, want := range map[string]string{
		`{"environment": {"go": "go1"}, "plan": {"seed": 3}}`: `{"seed": 3}`,
		`{"seed": 3}`:           `{"seed": 3}`,
		`{"plan": {"seed": 3}}`: `{"plan": {"seed": 3}}`,
		`nonsense`:              `nonsense`,
	} {
		if got := plan.OfManifest([]byte(text)); string(got) != want {
			t.Errorf("%s: %s; want %s", text, got, want)
		}
	}
}

// TestLeaveOut: a plan without the identifiers of Go's source needs no go command.
func TestLeaveOut(t *testing.T) {
	p := plan.Plan{Cells: []plan.Cell{{KeyType: "ident"}, {KeyType: "uint64"}}}
	if !p.LeaveOut("ident") || len(p.Cells) != 1 || p.Cells[0].KeyType != "uint64" || p.LeaveOut("ident") {
		t.Errorf("%+v", p.Cells)
	}
}
