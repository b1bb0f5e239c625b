package run

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/results"
)

var update = flag.Bool("update", false, "write golden files anew")

// golden compares got with the file testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got\n%s\nwant\n%s", path, got, want)
	}
}

// good is a plan in which everything that a plan can have is used.
func good() Plan {
	at := func(c Cell) Cell {
		c.Dist, c.KeyType, c.Keys = "uniform", "uint64", 100
		return c
	}
	return Plan{
		Seed: 7, Blocks: 3, Time: Duration(2 * time.Millisecond), Procs: 2,
		Cells: []Cell{
			at(Cell{Impl: "mutex", Mix: "r90w10", G: 2}),
			at(Cell{Impl: "syncmap", Mix: "r90w10", G: 2}),
			at(Cell{Impl: "mutex", Mix: "roles", Readers: 1, Writers: 2}),
		},
		Staleness: []Cell{at(Cell{Impl: "mutex", Mix: "roles", Readers: 1, Writers: 1})},
	}
}

func TestPlanIsItsJSON(t *testing.T) {
	text, err := json.MarshalIndent(good(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "plan.json", string(text)+"\n")
	back, err := ParsePlan("plan.json", text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, good()) {
		t.Errorf("got %+v, want %+v", back, good())
	}
	if err := back.Validate(baselines.All()); err != nil {
		t.Error(err)
	}
}

func TestParsePlanErrors(t *testing.T) {
	var out strings.Builder
	for _, text := range []string{
		``,
		"{\n \"seed\": 1",
		"{\n \"seed\": 1,\n \"sed\": 2\n}",
		"{\n \"seed\": 1,,\n}",
		`{"blocks": "six"}`,
		`{"time": "soon"}`,
		`{"time": 5}`,
		`{} {}`,
		`[]`,
		`{"cells": {}}`,
		`{"cells": [{"impl": "mutex"}, {"impl": "mutex", "seed": 1}]}`,
		`{"staleness": [{"keys": "many"}]}`,
	} {
		_, err := ParsePlan("plan.json", []byte(text))
		fmt.Fprintf(&out, "%s\n\t%v\n", text, err)
	}
	golden(t, "parse.txt", out.String())
}

func TestValidateErrors(t *testing.T) {
	// A fixed choice, so that the golden file does not change with the registry.
	var entries []kv.Entry
	for _, name := range []string{"mutex", "syncmap", "plain", "noop"} {
		e, ok := find(baselines.All(), name)
		if !ok {
			t.Fatal(name)
		}
		entries = append(entries, e)
	}
	lonely := entries[0]
	lonely.Name, lonely.Caps, lonely.String = "lonely", 0, nil
	entries = append(entries, lonely)

	var out strings.Builder
	for _, change := range []func(*Plan){
		func(p *Plan) { p.Blocks = 0 },
		func(p *Plan) { p.Time = 0 },
		func(p *Plan) { p.Procs = 0 },
		func(p *Plan) { p.Cells, p.Staleness = nil, nil },
		func(p *Plan) { p.Cells[1].Impl = "snycmap" },
		func(p *Plan) { p.Cells[0].Mix = "r90w01" },
		func(p *Plan) { p.Cells[0].Dist = "unifrom" },
		func(p *Plan) { p.Cells[0].Dist = "zipf-1" },
		func(p *Plan) { p.Cells[0].Dist = "source" },
		func(p *Plan) { p.Cells[0].KeyType = "strin" },
		func(p *Plan) { p.Cells[0].Keys = 0 },
		func(p *Plan) { p.Cells[0].G = 0 },
		func(p *Plan) { p.Cells[0].Readers = 1 },
		func(p *Plan) { p.Cells[0].G = 1 << 20 },
		func(p *Plan) { p.Cells[2].G = 1 },
		func(p *Plan) { p.Cells[2].Readers = -1 },
		func(p *Plan) { p.Cells[2].Readers, p.Cells[2].Writers = 0, 0 },
		func(p *Plan) { p.Cells[0].Impl = "plain" },
		func(p *Plan) { p.Cells[2].Impl = "plain" },
		func(p *Plan) { p.Cells[1] = p.Cells[0] },
		func(p *Plan) { p.Staleness[0].Writers = 2 },
		func(p *Plan) { p.Staleness[0].Impl = "noop" },
		func(p *Plan) { p.Cells[0].Impl, p.Cells[0].Mix = "lonely", "read-only" },
		func(p *Plan) { p.Cells[0].Impl, p.Cells[0].KeyType = "lonely", "string" },
	} {
		p := good()
		change(&p)
		err := p.Validate(entries)
		if err == nil {
			t.Errorf("no error for %+v", p)
		}
		fmt.Fprintln(&out, err)
	}
	golden(t, "validate.txt", out.String())
}

func TestJobsGoBackAndForth(t *testing.T) {
	p := good()
	jobs := p.Jobs()
	if want := p.Blocks * 4; len(jobs) != want {
		t.Fatalf("%d jobs, want %d", len(jobs), want)
	}
	for i := range 4 {
		if a, b, c := jobs[i], jobs[7-i], jobs[8+i]; a.ID != b.ID || a.ID != c.ID || a.Block != 1 || b.Block != 2 || c.Block != 3 {
			t.Errorf("cell %d: %v, backwards %v, again %v", i, a, b, c)
		}
	}
	if k := jobs[3].ID.Kind; k != results.Staleness {
		t.Errorf("the last cell of block 1 is of kind %q, want staleness", k)
	}
	if got, least := p.Estimate(), 12*2*time.Millisecond; got < least {
		t.Errorf("estimate %v is less than the time of the cells alone, %v", got, least)
	}
}
