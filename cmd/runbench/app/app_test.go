package app_test

import (
	"bytes"
	"errors"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/app"
)

// asStranger in the environment makes the test binary a program that adds maps of its own, good and
// bad ones.
const asStranger = "RUNBENCH_TEST_AS_STRANGER"

func TestMain(m *testing.M) {
	if os.Getenv(asStranger) != "" {
		os.Exit(app.Main(os.Args[1:], os.Stdout, os.Stderr, strangers()...))
	}
	if file := os.Getenv(noteInto); file != "" {
		os.Exit(mainNoting(file))
	}
	os.Exit(m.Run())
}

// fault is what is wrong with a stranger's map.
type fault struct {
	lose  int // one Set in this many does nothing
	crash bool
	print bool // it prints something
}

// printer is made before main begins, with the standard output of that time.
var printer = log.New(os.Stdout, "{", 0)

// locked is a stranger's map.
type locked struct {
	fault
	mu   sync.Mutex
	m    map[uint64]uint64
	sets int
}

func (l *locked) Get(key uint64) (uint64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, ok := l.m[key]
	return v, ok
}

func (l *locked) Set(key, value uint64) {
	if l.crash {
		panic("a map that crashes")
	}
	if l.print {
		printer.Println("a map that prints}")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sets++
	if l.lose == 0 || l.sets%l.lose != 0 {
		l.m[key] = value
	}
}

func (l *locked) Delete(key uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.m, key)
}

func strangers() []kv.Entry {
	entry := func(name string, f fault, broken bool) kv.Entry {
		return kv.Entry{
			Name: name, Doc: "a stranger's", Level: kv.Linearizable, Caps: kv.Concurrent | kv.Writes, Broken: broken,
			Uint64: func(capacity int) kv.Map[uint64, uint64] {
				return &locked{fault: f, m: make(map[uint64]uint64, capacity)}
			},
		}
	}
	elsewhere := entry("elsewhere", fault{}, false)
	elsewhere.Instead = func() error { return errors.New("it is at home elsewhere, good instead") }
	measured := len(os.Args) > 1 && os.Args[1] == "measure-child"
	var unchecked fault
	if !checking {
		unchecked.lose = 1
	}
	return append(traps(), []kv.Entry{
		entry("good", fault{}, false),
		entry("loses", fault{lose: 2}, false),
		entry("loses-known", fault{lose: 2}, true),
		entry("loses-measured", unchecked, false), // no check finds it
		entry("slandered", fault{}, true),
		entry("crashes", fault{crash: true}, false),
		entry("crashes-measured", fault{crash: measured}, false),
		entry("prints-measured", fault{print: measured}, false),
		elsewhere,
	}...)
}

// stranger runs the stranger's program in the folder dir.
func stranger(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asStranger+"=1", "GORACE=atexit_sleep_ms=0")
	var out, told bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &told
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), told.String()
}

func TestVerdictsAndExitCodes(t *testing.T) {
	for _, c := range []struct {
		name   string
		args   string
		code   int
		output []string // what stdout or the report must contain
		stderr string
	}{
		{"good", "check -impl good", 0, []string{"Ok ["}, ""},
		{"another instead", "check -impl elsewhere", 0, []string{"Ok ["}, "warning: elsewhere: it is at home elsewhere, good instead\n"},
		{"illegal", "check -impl good,loses", 3, []string{"Illegal (linearizable)"}, "not what was declared: loses;"},
		{"illegal as expected", "check -impl good,loses-known", 0, []string{"Illegal, as expected"}, ""},
		{"ok but expected illegal", "check -impl slandered", 3, []string{"Ok, but expected to be Illegal"}, "not what was declared: slandered;"},
		{"crash", "check -impl crashes,good", 3, []string{"it crashed: panic: a map that crashes"}, "not what was declared: crashes;"},
		{"run", "run -impl good,loses-known", 0, []string{
			"| good | linearizable | Ok", "| loses-known | linearizable | **FAILED, as expected**",
		}, ""},
		{"run illegal", "run -impl good,loses,loses-measured,crashes", 3, []string{
			"| good | linearizable | Ok",
			"| loses | linearizable | **FAILED** | linearizable: ",
			"| loses-measured | linearizable | **FAILED** | wrong answers: ",
			"| crashes | linearizable | **FAILED** | it crashed: panic",
		}, "not what was declared: loses, loses-measured, crashes;"},
		{"run crash alone", "run -impl crashes", 3, []string{
			"Illegal (child)", "| crashes | linearizable | **FAILED** | it crashed: panic",
		}, "not what was declared: crashes; see r/report.md"},
		{"run another instead", "run -impl good,elsewhere", 0, []string{
			"> Warning: elsewhere: it is at home elsewhere, good instead.\n",
		}, "warning: elsewhere: it is at home elsewhere, good instead\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := strings.Fields(c.args)
			if args[0] == "run" {
				args = append(args, "-preset", "smoke", "-mix", "r50w50", "-g", "2", "-keys", "64", "-reps", "1", "-time", "20ms", "-results", "r", "-plots", "p")
			} else {
				args = append(args, "-time", "20ms", "-results", "r")
			}
			dir := t.TempDir()
			code, stdout, stderr := stranger(t, dir, args...)
			report, err := os.ReadFile(filepath.Join(dir, "r", "report.md"))
			if (err == nil) != (args[0] == "run") {
				t.Errorf("the report: %v", err)
			}
			if code != c.code || !strings.Contains(stderr, c.stderr) {
				t.Errorf("exit code %d, want %d; want %q in stderr\n%s%s", code, c.code, c.stderr, stdout, stderr)
			}
			manifest, _ := os.ReadFile(filepath.Join(dir, "r", "manifest.json"))
			if got, want := strings.Count(string(manifest), `"check": "sum"`), strings.Count(c.args, "loses"); args[0] == "run" && got != want {
				t.Errorf("the manifest has %d verdicts by the final-state check; want %d\n%s", got, want, manifest)
			}
			for _, want := range c.output {
				if !strings.Contains(stdout+string(report), want) {
					t.Errorf("neither stdout nor the report has %q\n%s%s", want, stdout, report)
				}
			}
		})
	}
}

func TestListTellsOfSubstitutes(t *testing.T) {
	if _, stdout, _ := stranger(t, t.TempDir(), "list"); !strings.Contains(stdout, "a stranger's (it is at home elsewhere, good instead)") {
		t.Errorf("the list does not say that elsewhere is another map, and why:\n%s", stdout)
	}
}

// TestResumeWithAnotherInstead: a run is not resumed where other maps are measured instead of those
// of the plan.
func TestResumeWithAnotherInstead(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := stranger(t, dir, "run", "-preset", "smoke", "-impl", "good,elsewhere", "-mix", "read-only", "-g", "1", "-keys", "64", "-reps", "1", "-time", "1ms", "-results", "r", "-plots", "p"); code != 0 {
		t.Fatal(stderr)
	}
	path := filepath.Join(dir, "r", "manifest.json")
	manifest, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const instead = `"elsewhere": "it is at home elsewhere, good instead"`
	for _, c := range []struct{ was, want string }{
		{instead, ""},
		{"", "runbench: cannot resume r: it measured elsewhere itself, and here it is at home elsewhere, good instead; want the same map\n"},
		{instead + `, "good": "it is ill"`, "runbench: cannot resume r: it measured another map instead of good (it is ill), and here it would measure good itself; want the same map\n"},
	} {
		if err := os.WriteFile(path, bytes.Replace(manifest, []byte(instead), []byte(c.was), 1), 0o666); err != nil {
			t.Fatal(err)
		}
		if code, _, stderr := stranger(t, dir, "run", "-resume", "-results", "r", "-plots", "p"); (code == 0) != (c.want == "") || c.want != "" && stderr != c.want {
			t.Errorf("resumed what had %q: exit code %d, %q; want %q", c.was, code, stderr, c.want)
		}
	}
}

// TestNothingIsLeftOfARunThatCannotBegin checks that a run removes its folder if it cannot make
// its second folder.
func TestNothingIsLeftOfARunThatCannotBegin(t *testing.T) {
	for _, c := range []struct{ results, plots, left string }{
		{"there", "p", "p"},
		{"r", "there/file/p", "r"},
	} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "there"), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "there", "file"), nil, 0o666); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := stranger(t, dir, "run", "-impl", "good", "-mix", "read-only", "-results", c.results, "-plots", c.plots)
		if code != app.ExitError {
			t.Errorf("%v: exit code %d, want %d: %s", c, code, app.ExitError, stderr)
		}
		if _, err := os.Stat(filepath.Join(dir, c.left)); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v: %s is left behind (%v): %s", c, c.left, err, stderr)
		}
	}
}
