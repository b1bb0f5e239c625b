package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each folder is a module with a report, a version and a program. The command itself is run by
// .ci/nightly, because it downloads modules.
func TestFoldersAreComplete(t *testing.T) {
	dirs, err := os.ReadDir("bugs")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		b, err := read(filepath.Join("bugs", d.Name()))
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.HasPrefix(b.report, "https://") || b.module == "" {
			t.Errorf("%s: report %q, module %q", d.Name(), b.report, b.module)
		}
		text, err := os.ReadFile(filepath.Join(b.dir, "bug_test.go"))
		if err != nil {
			t.Error(err)
		} else if !strings.Contains(string(text), `"`+b.module) {
			t.Errorf("%s: the program does not import %s", d.Name(), b.module)
		}
	}
	if len(dirs) < 15 {
		t.Errorf("%d bugs, want 15 or more", len(dirs))
	}
}

func TestUnknownFlagIsRefused(t *testing.T) {
	b := &bug{}
	if err := b.flags([]string{"-const", "p.N=1", "-plain"}); err != nil || b.options.Consts["p.N"] != "1" || !b.options.Plain {
		t.Errorf("%v, options %+v", err, b.options)
	}
	if err := b.flags([]string{"-plane"}); err == nil {
		t.Error("the flag -plane is not refused")
	}
}
