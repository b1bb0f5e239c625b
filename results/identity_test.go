package results

import (
	"encoding/json"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"doublebuf/baselines/kv"
	"doublebuf/workloads"
)

// TestManifestSaysWhatMapsAre: a run is read by the identities in its manifest, even if the
// program has others now.
func TestManifestSaysWhatMapsAre(t *testing.T) {
	mix, _ := workloads.FindMix("r95w5")
	mix.Sets, mix.Deletes, mix.Doc = 50, 50, "another definition"
	m := testManifest
	m.Mixes = []workloads.Mix{mix}
	m.Maps = []Map{
		MapOf(kv.Entry{
			Name: "dbuf-new-b64", Policy: kv.Policy{Every: 64},
			Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "new", Table: "builtin", Writer: "group", Variation: true, Role: kv.Ceiling},
		}),
		MapOf(kv.Entry{Name: "mine", Policy: kv.Policy{Interval: time.Millisecond}}),
		{Impl: "noop", Identity: kv.Identity{Family: "changed"}},
	}
	dir := t.TempDir()
	if err := WriteManifest(dir, m); err != nil {
		t.Fatal(err)
	}
	read, err := ReadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := &Set{Manifest: read}
	for _, want := range m.Maps {
		if diff := cmp.Diff(want, s.Map(want.Impl)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", want.Impl, diff)
		}
	}
	if got := s.Map("mine").Family; got != "mine" {
		t.Errorf("the family of an entry without one is %q; want its name", got)
	}
	if got, ok := s.Mix("r95w5"); !ok || got != mix {
		t.Errorf("the mix is %+v, %v; want that of the manifest", got, ok)
	}
	if _, ok := s.Mix("r50w50"); ok {
		t.Error("a mix that the manifest does not have is taken from the program")
	}
}

// TestEarlierManifests: a run without identities and mixes gets those of the time when manifests
// began to have them.
func TestEarlierManifests(t *testing.T) {
	s, _, err := Load("reference")
	if err != nil {
		t.Fatal(err)
	}
	s.Manifest.Maps, s.Manifest.Mixes = nil, nil // as in an earlier run
	for _, v := range s.Manifest.Verdicts {
		if !slices.ContainsFunc(earlier.Maps, func(m Map) bool { return m.Impl == v.Impl }) {
			t.Errorf("no identity of %s", v.Impl)
		}
	}
	for _, c := range s.Cells {
		if _, ok := s.Mix(c.Mix); !ok {
			t.Errorf("no definition of %s", c.Mix)
		}
	}
	want := Map{
		Impl:     "dbuf-flat-b4096",
		Identity: kv.Identity{Family: kv.DoubleBuffer, Strategy: "epoch", Table: "flat", Variation: true},
		Policy:   kv.Policy{Every: 4096},
	}
	if got := s.Map(want.Impl); got != want {
		t.Errorf("%+v; want %+v", got, want)
	}
	if got := s.Map("stranger"); got != (Map{Impl: "stranger", Identity: kv.Identity{Family: "stranger"}}) {
		t.Errorf("a map of no list is %+v; want a peer in a family of its own", got)
	}
	first, _ := s.Mix("first-seen")
	if want := "a key is set where the tape names it first and got wherever it comes again; the map starts empty"; first.Doc != want {
		t.Errorf("first-seen is %q; want %q, as it was then", first.Doc, want)
	}
}

// TestMixAsJSON: no field of a mix is lost, so a definition in a manifest is whole.
func TestMixAsJSON(t *testing.T) {
	for _, m := range workloads.Mixes() {
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back workloads.Mix
		if err := json.Unmarshal(text, &back); err != nil || back != m {
			t.Errorf("%s becomes %+v, %v; want %+v", text, back, err, m)
		}
	}
}

// TestVersions: two runs with the same version of a module have measured the same code.
func TestVersions(t *testing.T) {
	program := &debug.BuildInfo{Deps: []*debug.Module{
		{Path: "example.org/a", Version: "v1.2.3"},
		{Path: "example.org/b", Version: "v1.2.3", Replace: &debug.Module{Path: "example.org/fork", Version: "v1.2.4"}},
		{Path: "example.org/c", Version: "v1.2.3", Replace: &debug.Module{Path: "../c"}},
	}}
	for module, want := range map[string]string{
		"example.org/a": "v1.2.3",
		"example.org/b": "example.org/fork@v1.2.4",
		"example.org/c": "",
		"example.org/d": "",
		"":              "",
		kv.Standard:     runtime.Version(),
	} {
		if got := versionOf(module, program); got != want {
			t.Errorf("the version of %q is %q; want %q", module, got, want)
		}
	}
}
