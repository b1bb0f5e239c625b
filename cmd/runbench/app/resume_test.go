package app_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"doublebuf/results"
)

// TestResumeBelievesOnlyThePlan changes the files of a run so that they are still readable but
// wrong. Resuming fails with one line, and nothing in the folder changes.
func TestResumeBelievesOnlyThePlan(t *testing.T) {
	dir := t.TempDir()
	r := filepath.Join(dir, "r")
	if code, stdout, stderr := stranger(t, dir, strings.Fields("run -impl good"+few)...); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	whole := map[string]string{}
	for _, name := range []string{"cells.txt", "manifest.json"} {
		text, err := os.ReadFile(filepath.Join(r, name))
		if err != nil {
			t.Fatal(err)
		}
		whole[name] = string(text)
	}
	const noCell = "which is not in its plan; want the files as the run left them"
	for _, c := range []struct{ name, file, old, now, want string }{
		{"block that no plan has", "cells.txt", `# block 2\b`, "# block 999999999", noCell},
		{"block behind the last", "cells.txt", `# block 2\b`, "# block 3", noCell},
		{"no block", "cells.txt", `# block 1.*\n`, "", "of block 0, process 0, link 0, " + noCell},
		{"another process", "cells.txt", `# block 2 process 1`, "# block 2 process 7", "process 7, link 1, " + noCell},
		{"another link", "cells.txt", `link 1\n`, "link 2\n", "link 2, " + noCell},
		{"another map", "cells.txt", `impl=good/`, "impl=other/", "impl=other/"},
		{"another workload", "cells.txt", `keys=64/g=`, "keys=65/g=", "keys=65/"},
		{"fewer blocks in the plan", "manifest.json", `"blocks": 2`, `"blocks": 1`, noCell},
		{"another seed", "manifest.json", `"seed": 1`, `"seed": 2`, "has seed 2 and 0 layouts, and its plan seed 1"},
		{"another mix of that name", "manifest.json", `"gets": 500`, `"gets": 501`, "it measured a mix r50w50 that is defined in another way here"},
		{"another map of that name", "manifest.json", `"role": "floor"`, `"role": "ceiling"`, "it measured a map noop that is defined in another way here"},
		{"layouts", "manifest.json", `"complete"`, `"layouts": [1, 2], "complete"`, "has seed 1 and 2 layouts, and"},
		{"ends of lines of old", "cells.txt", `\n`, "\r", "cannot continue: r/cells.txt: what seems to be one line that was cut off has 6 cells"},
		{"another machine", "manifest.json", `"processors": \d+`, `"processors": 4321`, ", 4321 processors, "},
		{"another processor", "manifest.json", `"cpu": "[^"]*"`, `"cpu": "8086"`, "it was measured on 8086, "},
		{"another commit", "manifest.json", `"commit": "[^"]*"`, `"commit": "0123456789abcdef"`, "it was measured by commit 0123456789ab"},
		{"changes on top of the commit", "manifest.json", `"dirty": (true|false)`, "", "and this is "},
	} {
		damaged := regexp.MustCompile(c.old).ReplaceAllString(whole[c.file], c.now)
		if c.name == "another seed" { // of the manifest; the plan has one too
			damaged = strings.Replace(whole[c.file], `"seed": 1`, `"seed": 2`, 1)
		}
		if c.name == "changes on top of the commit" { // or none, if this was built with some
			is := strconv.FormatBool(strings.Contains(whole[c.file], `"dirty": false`))
			damaged = regexp.MustCompile(c.old).ReplaceAllString(whole[c.file], `"dirty": `+is)
		}
		if damaged == whole[c.file] {
			t.Fatalf("%s: there is no %s", c.name, c.old)
		}
		for name, text := range whole {
			if name == c.file {
				text = damaged
			}
			if err := os.WriteFile(filepath.Join(r, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		code, _, stderr := stranger(t, dir, "run", "-resume", "-results", "r", "-plots", "p")
		if code != 1 || !strings.HasPrefix(stderr, "runbench: cannot ") || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, %s; want 1 and %q", c.name, code, stderr, c.want)
		}
		for name, text := range whole {
			if name == c.file {
				text = damaged
			}
			if now, err := os.ReadFile(filepath.Join(r, name)); err != nil || string(now) != text {
				t.Errorf("%s: %s was changed (%v)", c.name, name, err)
			}
		}
	}
}

// TestOneMeasuresAtATime resumes a run that another process measures.
func TestOneMeasuresAtATime(t *testing.T) {
	dir := t.TempDir()
	if code, stdout, stderr := stranger(t, dir, strings.Fields("run -impl good"+few)...); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	lock, err := results.Lock(filepath.Join(dir, "r"))
	if err != nil {
		t.Fatal(err)
	}
	if second, err := results.Lock(filepath.Join(dir, "r")); err == nil {
		second.Close()
		t.Skip("skipped: folders cannot be locked here")
	}
	code, _, stderr := stranger(t, dir, "run", "-resume", "-results", "r", "-plots", "p")
	if want := "runbench: results folder r: another process measures into it; want that one to end first\n"; code != 1 || stderr != want {
		t.Errorf("exit code %d and %q; want 1 and %q", code, stderr, want)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := stranger(t, dir, "run", "-resume", "-results", "r", "-plots", "p"); code != 0 {
		t.Errorf("when it had ended: exit code %d, %s", code, stderr)
	}
}
