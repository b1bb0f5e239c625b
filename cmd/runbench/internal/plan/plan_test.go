package plan

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
	"doublebuf/workloads"
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

// good is a plan that uses every field of a plan.
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
		Staleness:   []Cell{at(Cell{Impl: "mutex", Mix: "roles", Readers: 1, Writers: 1})},
		LatencyTime: Duration(3 * time.Millisecond),
		Latency:     []Cell{at(Cell{Impl: "mutex", Mix: "r90w10", G: 2, Load: 70})},
	}
}

func TestPlanIsItsJSON(t *testing.T) {
	text, err := json.MarshalIndent(good(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "plan.json", string(text)+"\n")
	back, err := Parse("plan.json", text)
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

func TestParseErrors(t *testing.T) {
	var out strings.Builder
	for _, text := range []string{
		``,
		"{\n \"seed\": 1",
		"{\n \"seed\": 1,\n \"sed\": 2\n}",
		"{\n \"seed\": 1,,\n}",
		`{"blocks": "six"}`,
		`{"time": "soon"}`,
		`{"time": 5}`,
		`{"target-ci": "two"}`,
		`{"target-ci": 2}`,
		`{} {}`,
		`[]`,
		`{"cells": {}}`,
		`{"cells": [{"impl": "mutex"}, {"impl": "mutex", "seed": 1}]}`,
		`{"staleness": [{"keys": "many"}]}`,
		`{"latency": [{"load": "high"}]}`,
		`{"pin-workers": 1}`,
	} {
		_, err := Parse("plan.json", []byte(text))
		fmt.Fprintf(&out, "%s\n\t%v\n", text, err)
	}
	golden(t, "parse.txt", out.String())
}

func TestValidateErrors(t *testing.T) {
	// A fixed choice, so that the golden file does not change with the registry.
	var entries []kv.Entry
	for _, name := range []string{"mutex", "syncmap", "plain", "noop"} {
		e, ok := FindMap(baselines.All(), name)
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
		func(p *Plan) { p.Slice = -1 },
		func(p *Plan) { p.Slice = p.Time + 1 },
		func(p *Plan) { p.Slice = 1 },
		func(p *Plan) { p.Memory = 100 },
		func(p *Plan) { p.Memory, p.Slice = -1, p.Time },
		func(p *Plan) { p.Extra = -1 },
		func(p *Plan) { p.Extra, p.Forks = 1, 2 },
		func(p *Plan) { p.Extra, p.TargetCI, p.Max = 1, 1, 1 },
		func(p *Plan) { p.Extra, p.Cells = 1, nil },
		func(p *Plan) { p.LatencyBlocks = -1 },
		func(p *Plan) { p.LatencyBlocks = p.Blocks + 1 },
		func(p *Plan) { p.LatencyBlocks, p.Staleness, p.Latency, p.LatencyTime = 1, nil, nil, 0 },
		func(p *Plan) { p.Procs = 0 },
		func(p *Plan) { p.Links = -1 },
		func(p *Plan) { p.Forks = 1001 },
		func(p *Plan) { p.PinWorkers = true },
		func(p *Plan) { p.Pin = "1-" },
		func(p *Plan) { p.TargetCI = 2 },
		func(p *Plan) { p.TargetCI, p.Max, p.Links = 2, 1, 3 },
		func(p *Plan) { p.Max = Duration(time.Minute) },
		func(p *Plan) { p.Cells, p.Staleness, p.Latency = nil, nil, nil },
		func(p *Plan) { p.LatencyTime = 0 },
		func(p *Plan) { p.Latency[0].Load = 0 },
		func(p *Plan) { p.Latency[0].Load = 1001 },
		func(p *Plan) { p.Cells[0].Load = 70 },
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
	// The list of all key types is replaced, so that a new one does not change the file.
	types := strings.Join(nameOf(workloads.KeyTypes(), func(k workloads.KeyType) string { return k.Name }), ", ")
	golden(t, "validate.txt", strings.ReplaceAll(out.String(), types, "<all key types>"))
}

func TestJobsGoBackAndForth(t *testing.T) {
	p := good()
	jobs := p.Jobs()
	if want := p.Blocks * 5; len(jobs) != want {
		t.Fatalf("%d jobs, want %d", len(jobs), want)
	}
	for i := range 5 {
		if a, b, c := jobs[i], jobs[9-i], jobs[10+i]; a.ID != b.ID || a.ID != c.ID || a.Block != 1 || b.Block != 2 || c.Block != 3 {
			t.Errorf("cell %d: %v, backwards %v, again %v", i, a, b, c)
		}
	}
	if a, b := jobs[3].ID.Kind, jobs[4].ID.Kind; a != results.Staleness || b != results.Latency {
		t.Errorf("the last cells of block 1 are of the kinds %q and %q, want staleness and latency", a, b)
	}
	if got, least := p.Estimate(), 15*2*time.Millisecond+3*3*time.Millisecond; got < least {
		t.Errorf("estimate %v is less than the time of the cells alone, %v", got, least)
	}
}

// TestSets: links take turns, every set has a process of its own, and the numbers of blocks
// continue. A plan that is not forked has one process.
func TestSets(t *testing.T) {
	p := good()
	p.Cells, p.Staleness, p.Latency = p.Cells[:1], nil, nil
	for _, c := range []struct {
		links, forks, from, to int
		want                   string // process.link of each set
	}{
		{0, 0, 0, 2, "1.1 1.1"},
		{1, 3, 0, 4, "1.1 2.1 3.1 4.1"},
		{2, 2, 0, 4, "1.1 2.2 3.1 4.2"},
		{3, 0, 3, 6, "4.1 5.2 6.3"},
	} {
		p.Links, p.Forks = c.links, c.forks
		if got := p.Sets(); got != max(1, c.links)*max(1, c.forks) {
			t.Errorf("%+v: %d sets", c, got)
		}
		var sets []string
		for i, j := range p.JobsOf(c.from, c.to) {
			if want := c.from*p.Blocks + i + 1; j.Block != want {
				t.Errorf("%+v: job %d is of block %d, want %d", c, i, j.Block, want)
			}
			if i%p.Blocks == 0 {
				sets = append(sets, fmt.Sprintf("%d.%d", j.Process, j.Link))
			}
		}
		if got := strings.Join(sets, " "); got != c.want {
			t.Errorf("%+v: sets %s", c, got)
		}
	}
}
