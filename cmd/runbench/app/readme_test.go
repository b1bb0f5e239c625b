package app_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// baselines/README.md shows how to add a map. The test runs that code in a separate module with
// the dependencies of this one. With an empty module cache, it may download go.mod files that this
// module, whose graph is pruned, does not need. README.md has one of the lines too.
func TestAddingAMap(t *testing.T) {
	clone, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	blocks := codeBlocks(t, clone)
	dir := t.TempDir()
	for i, file := range []struct {
		name  string
		lines int
	}{{"mine.go", 15}, {"main.go", 12}} {
		if n := strings.Count(blocks[i], "\n"); n > file.lines {
			t.Errorf("%s has %d lines; want at most %d", file.name, n, file.lines)
		}
		if err := os.WriteFile(filepath.Join(dir, file.name), []byte(blocks[i]), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(blocks[2], "PATH/OF/THIS/CLONE", clone)), "\n")
	readme, err := os.ReadFile(filepath.Join(clone, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if edit := strings.Split(blocks[2], "\n")[1]; !strings.HasPrefix(edit, "go mod edit ") || !strings.Contains(string(readme), "`"+edit+"`") {
		t.Errorf("README.md does not have the line %q", edit)
	}
	ran := ""
	for _, line := range lines {
		args := strings.Fields(line)
		if args[0] == "./mine" && args[1] == "run" {
			args = append(args, "-reps", "6", "-time", "2ms") // the figures do not matter here
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOTOOLCHAIN=local", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			// A comparison may well be inconclusive, in so little time.
			if args[0] != "./mine" || args[1] != "compare" || cmd.ProcessState.ExitCode() != 4 {
				t.Fatalf("%s: %v\n%s", line, err, out)
			}
		}
		if args[0] == "./mine" {
			ran += args[1] + " "
			for _, want := range map[string][]string{"check": {"mine", "Ok ["}, "run": {"mine", "g=1", "g=2"}, "compare": {"mine", "rwmutex"}}[args[1]] {
				if !strings.Contains(string(out), want) {
					t.Errorf("%s: no %q in\n%s", line, want, out)
				}
			}
		}
	}
	if ran != "check run compare " {
		t.Errorf("the lines run %s; want check, run and compare", ran)
	}
}

// codeBlocks returns the blocks of code in the section of baselines/README.md, in their order.
func codeBlocks(t *testing.T, clone string) []string {
	text, err := os.ReadFile(filepath.Join(clone, "baselines/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Adding a map\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string // those of code, in their order
	for i, part := range strings.Split(section, "\n```") {
		if _, code, ok := strings.Cut(part, "\n"); ok && i%2 == 1 {
			blocks = append(blocks, code+"\n")
		}
	}
	if len(blocks) != 3 {
		t.Fatalf("the section \"Adding a map\" has %d blocks of code; want mine.go, main.go and the lines to type", len(blocks))
	}
	return blocks
}
