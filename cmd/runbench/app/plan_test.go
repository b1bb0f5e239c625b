package app

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/terminal"
	"doublebuf/results"
	"doublebuf/workloads"
)

// parsed returns the axes of a command line.
func parsed(t *testing.T, line string) plan.Axes {
	t.Helper()
	var o runFlags
	fs := newFlagSet("run")
	o.declare(fs)
	if err := parse(fs, strings.Fields(line)); err != nil {
		t.Fatal(err)
	}
	return o.axes
}

func TestAxes(t *testing.T) {
	quick, err := plan.FindPreset("quick", 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line       string
		throughput []string // mix/dist/keytype/keys and workers, of each cell
		staleness  []string
		latency    []string
	}{
		{
			line:       "-impl rwmutex -mix r95w5 -g 3",
			throughput: []string{"mix=r95w5/dist=zipf0.99/keytype=uint64/keys=16Ki/g=3-2"},
		},
		{
			line: "-impl rwmutex -mix r95w5 -keys 1Ki,2Ki --dist uniform",
			throughput: []string{
				"mix=r95w5/dist=uniform/keytype=uint64/keys=1Ki/g=1-2", "mix=r95w5/dist=uniform/keytype=uint64/keys=1Ki/g=2-2", "mix=r95w5/dist=uniform/keytype=uint64/keys=1Ki/g=4-2",
				"mix=r95w5/dist=uniform/keytype=uint64/keys=2Ki/g=1-2", "mix=r95w5/dist=uniform/keytype=uint64/keys=2Ki/g=2-2", "mix=r95w5/dist=uniform/keytype=uint64/keys=2Ki/g=4-2",
			},
		},
		{
			line: "-impl rwmutex -readers 1,3",
			throughput: []string{
				"mix=roles/dist=zipf0.99/keytype=uint64/keys=16Ki/r=1/w=1-2", "mix=roles/dist=zipf0.99/keytype=uint64/keys=16Ki/r=3/w=1-2",
			},
			staleness: []string{
				"mix=roles/dist=zipf0.99/keytype=uint64/keys=16Ki/r=1/w=1-2", "mix=roles/dist=zipf0.99/keytype=uint64/keys=16Ki/r=3/w=1-2",
			},
		},
		{
			// Staleness is that of one writer: with two there is throughput only.
			line:       "-impl rwmutex -writers 2",
			throughput: []string{"mix=roles/dist=zipf0.99/keytype=uint64/keys=16Ki/r=1/w=2-2"},
		},
		{
			// plain, the second, takes part where it can.
			line: "-impl plain,rwmutex -mix read-only,r95w5 -g 1",
			throughput: []string{
				"mix=read-only/dist=zipf0.99/keytype=uint64/keys=16Ki/g=1-2", "mix=read-only/dist=zipf0.99/keytype=uint64/keys=16Ki/g=1-2",
				"mix=r95w5/dist=zipf0.99/keytype=uint64/keys=16Ki/g=1-2",
			},
		},
		{
			line:       "-impl rwmutex -mix r95w5 -g 2 -latency 50,90",
			throughput: []string{"mix=r95w5/dist=zipf0.99/keytype=uint64/keys=16Ki/g=2-2"},
			latency: []string{
				"mix=r95w5/dist=zipf0.99/keytype=uint64/keys=16Ki/load=50/g=2-2", "mix=r95w5/dist=zipf0.99/keytype=uint64/keys=16Ki/load=90/g=2-2",
			},
		},
		{
			line:       "-impl rwmutex -g 1,1 -g 1 -mix read-only",
			throughput: []string{"mix=read-only/dist=zipf0.99/keytype=uint64/keys=16Ki/g=1-2"},
		},
	} {
		p, err := quick.Plan(parsed(t, c.line), baselines.All(), 2)
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		found := map[results.Kind][]string{}
		p.Blocks = 1
		for _, j := range p.Jobs() {
			_, name, _ := strings.Cut(j.ID.Name(), "impl="+j.ID.Impl+"/")
			found[j.ID.Kind] = append(found[j.ID.Kind], name)
		}
		want := map[results.Kind][]string{results.Throughput: c.throughput, results.Staleness: c.staleness, results.Latency: c.latency}
		for _, kind := range results.Kinds() {
			if !slices.Equal(found[kind], want[kind]) {
				t.Errorf("%s: cells of the kind %s are\n%q; want\n%q", c.line, kind, found[kind], want[kind])
			}
		}
	}
}

func TestListHasAllNames(t *testing.T) {
	var out, told bytes.Buffer
	if code := Main([]string{"list"}, &out, &told); code != ExitOK {
		t.Fatalf("exit code %d: %s", code, told.String())
	}
	want := append(plan.MapNames(baselines.All()), workloads.DistNames()...)
	for _, m := range workloads.Mixes() {
		want = append(want, m.Name)
	}
	for _, k := range workloads.KeyTypes() {
		want = append(want, k.Name)
	}
	for _, p := range plan.Presets(2) {
		want = append(want, p.Name)
	}
	for _, name := range want {
		if !strings.Contains(out.String(), "\n  "+name+" ") {
			t.Errorf("list lacks %s", name)
		}
	}
}

// TestHelpOfEveryCommand: help is on stdout, and fits a terminal of 80 columns.
func TestHelpOfEveryCommand(t *testing.T) {
	narrow := func(text string) {
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > terminal.Width {
				t.Errorf("a line of %d columns, want %d or fewer:\n%s", n, terminal.Width, line)
			}
		}
	}
	var out, errs bytes.Buffer
	if code := Main([]string{"help"}, &out, &errs); code != ExitOK || errs.Len() > 0 {
		t.Errorf("exit code %d, stderr %q", code, errs.String())
	}
	narrow(out.String())
	for _, c := range commands() {
		for _, args := range [][]string{{"help", c.name}, {c.name, "-h"}, {c.name, "--help"}} {
			var out, errs bytes.Buffer
			if code := Main(args, &out, &errs); code != ExitOK || !strings.HasPrefix(out.String(), "usage: runbench "+c.name) || errs.Len() > 0 {
				t.Errorf("%v: exit code %d, stdout %q, stderr %q", args, code, out.String(), errs.String())
			}
			if args[0] == "help" {
				narrow(out.String())
			}
		}
	}
}

func TestEntriesOfTheCaller(t *testing.T) {
	rwmutex, err := plan.PickMaps(baselines.All(), []string{"rwmutex"})
	if err != nil {
		t.Fatal(err)
	}
	nameless, undeclared := rwmutex[0], rwmutex[0]
	nameless.Name = "no spaces"
	undeclared.Name, undeclared.Level = "mine", 0
	for want, e := range map[string]kv.Entry{
		`two maps are named "rwmutex"`: rwmutex[0],
		`' ' in its name`:              nameless,
		`entry "mine": Level is 0; want kv.PerHandle, kv.Atomic or kv.Linearizable, or kv.None`: undeclared,
	} {
		var out, told bytes.Buffer
		if code := Main([]string{"list"}, &out, &told, e); code != ExitError || !strings.Contains(told.String(), want) {
			t.Errorf("exit code %d, stderr %q; want %d and %q", code, told.String(), ExitError, want)
		}
	}
}

// TestFitsOnlyPresets: a preset leaves something out to stay within its time, unless a flag says
// how much to measure.
func TestFitsOnlyPresets(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(64))
	for flag, want := range map[string]bool{"": true, "seed": true, "extra": false, "reps": false, "time": false} {
		o := &runFlags{preset: "quick", reps: 10, time: plan.Duration(20 * time.Millisecond), given: map[string]bool{flag: true}}
		p, _, _, err := o.plan(&shell{maps: baselines.All()})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.LeftOut != ""; got != want {
			t.Errorf("with -%s: left out %q; want something: %v", flag, p.LeftOut, want)
		}
	}
}
