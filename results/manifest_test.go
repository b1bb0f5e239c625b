package results

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var testManifest = Manifest{
	Preset: "quick", Seed: 42, Environment: testEnv, Complete: true,
	Inputs:  map[string]string{"ident": "sha256:00"},
	Instead: map[string]string{"lost": "not here, sync.Map instead"},
	Verdicts: []Verdict{
		{Impl: "sync.Map", Level: "linearizable", Check: "history", Outcome: Ok},
		{Impl: "lost", Level: "atomic", Check: "history", Outcome: Illegal, Broken: true, Reason: "a lost publish", Evidence: []string{"lost.jsonl"}},
	},
	Plan: json.RawMessage(`{"blocks":6}`),
}

func TestManifestAndBack(t *testing.T) {
	dir := t.TempDir()
	for range 2 { // the second replaces the first
		if err := WriteManifest(dir, testManifest); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	compact := cmp.Transformer("compact", func(m json.RawMessage) string {
		return strings.Join(strings.Fields(string(m)), "")
	})
	if diff := cmp.Diff(testManifest, got, compact); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files are left in the folder; want one", len(files))
	}
}

func TestDamagedManifest(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"{\n \"seed\": 1,\n \"sede\": 2\n}", `manifest.json: json: unknown field "sede"`},
		{"{\n \"seed\": -1}", "manifest.json:2: json: cannot unmarshal number -1"},
		{"{\n \"seed\": 1,\n", "manifest.json:3: unexpected end of JSON input"},
		{`{"verdicts": [{"impl": "m", "outcome": "Maybe"}]}`, `manifest.json: the outcome of "m" is "Maybe"; want Ok, Illegal or Unknown`},
		{"null\n", "manifest.json: no environment with a Go version; want the manifest that runbench wrote"},
		{"{}", "manifest.json: no environment"},
		{`{"seed": 1, "environment": null}`, "manifest.json: no environment"},
		{"{\n \"seed\": 1,,\n}", "manifest.json:2: invalid character ','"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, manifestFile), []byte(test.text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadManifest(dir); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error %v; want %q in it", test.text, err, test.want)
		}
	}
}

func TestCommit(t *testing.T) {
	stamped := func(kv ...string) *debug.BuildInfo {
		info := &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}
		for i := 0; i < len(kv); i += 2 {
			info.Settings = append(info.Settings, debug.BuildSetting{Key: kv[i], Value: kv[i+1]})
		}
		return info
	}
	const head = "0123456789abcdef0123456789abcdef01234567"
	for _, test := range []struct {
		name  string
		info  *debug.BuildInfo
		label string
	}{
		{"stamped", stamped("vcs.revision", head, "vcs.modified", "false"), "commit 0123456789ab"},
		{"stamped, changed", stamped("vcs.revision", head, "vcs.modified", "true"), "commit 0123456789ab with changes"},
		{"a released version", &debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "commit v1.2.3"},
		{"go run", stamped(), "commit unknown"},
	} {
		var e Environment
		if e.Commit, e.Dirty = commit(test.info); e.CommitLabel() != test.label {
			t.Errorf("%s: %q, want %q", test.name, e.CommitLabel(), test.label)
		}
	}
}

// TestSettings: only settings that are not the default are recorded.
func TestSettings(t *testing.T) {
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "GOAMD64", Value: "v3"}, {Key: "GOOS", Value: "linux"}, {Key: "-tags", Value: "invariants"}}}
	env := map[string]string{"GOGC": "50", "GODEBUG": "asyncpreemptoff=1", "HOME": "/"}
	e := Environment{Settings: settings(info, func(name string) string { return env[name] })}
	if want := "-tags=invariants, GOAMD64=v3, GODEBUG=asyncpreemptoff=1, GOGC=50"; e.SettingsLabel() != want {
		t.Errorf("%q; want %q", e.SettingsLabel(), want)
	}
	info.Settings[0].Value = "v1"
	e = Environment{Settings: settings(&debug.BuildInfo{Settings: info.Settings[:2]}, func(string) string { return "" })}
	if e.SettingsLabel() != "" {
		t.Errorf("the defaults are recorded: %q", e.SettingsLabel())
	}
}

func TestCollectEnvironmentSaysWhatIsAbsent(t *testing.T) {
	e := CollectEnvironment([]string{"runbench", "run"})
	for name, v := range map[string]string{"Go": e.Go, "GOOS": e.GOOS, "CPU": e.CPU, "Kernel": e.Kernel, "Commit": e.Commit} {
		if v == "" {
			t.Errorf("%s is empty; want a value or %q", name, NotKnown)
		}
	}
	if e.Processors < 1 || e.GOMAXPROCS < 1 || e.Date.IsZero() {
		t.Errorf("%+v", e)
	}
}

// TestAsExpected: a map that must fail its check fails with Illegal, and not with Unknown.
func TestAsExpected(t *testing.T) {
	for _, outcome := range []Outcome{Ok, Unknown, Illegal} {
		if v := (Verdict{Outcome: outcome}); v.AsExpected() != (outcome == Ok) {
			t.Errorf("%s of a correct map: as expected is %v", outcome, v.AsExpected())
		}
		if v := (Verdict{Outcome: outcome, Broken: true}); v.AsExpected() != (outcome == Illegal) {
			t.Errorf("%s of a broken map: as expected is %v", outcome, v.AsExpected())
		}
	}
}
