package app

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// TestCommandsHaveFormats: every command has -json and -md, but those that only another process
// runs.
func TestCommandsHaveFormats(t *testing.T) {
	for _, c := range commands() {
		fs := newFlagSet(c.name)
		c.setup(&shell{}, fs)
		has := fs.Lookup("json") != nil && fs.Lookup("md") != nil
		if has == c.hidden {
			t.Errorf("%s: has both formats: %v", c.name, has)
		}
	}
}

func TestListInFormats(t *testing.T) {
	print := func(args ...string) string {
		var out, err bytes.Buffer
		if code := Main(append([]string{"list"}, args...), &out, &err); code != ExitOK {
			t.Fatalf("list %q: exit code %d: %s", args, code, &err)
		}
		return out.String()
	}
	if md := print("-md"); !strings.HasPrefix(md, "### maps (-impl)") || !strings.Contains(md, "\n| name | level | capabilities | publish policy | what it is |\n| --- |") {
		t.Error(md)
	}
	var l listing
	if err := json.Unmarshal([]byte(print("-json")), &l); err != nil || len(l.Maps) == 0 || len(l.Presets) == 0 {
		t.Errorf("%d maps, %d presets, error %v", len(l.Maps), len(l.Presets), err)
	}
	if text := print(); !strings.HasPrefix(text, "maps (-impl)") || strings.Contains(text, "|") {
		t.Error(text)
	}
}
