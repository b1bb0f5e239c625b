package results

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"doublebuf/impl/invariants"
)

// NotKnown is the value in an Environment of what could not be found out.
const NotKnown = "unknown"

// Environment is where and how a run was made. What could not be found out is NotKnown.
type Environment struct {
	Go         string    `json:"go"` // version of the toolchain that built the program
	GOOS       string    `json:"goos"`
	GOARCH     string    `json:"goarch"`
	CPU        string    `json:"cpu"`               // model name
	Processors int       `json:"processors"`        // that the process may use
	GOMAXPROCS int       `json:"gomaxprocs"`        // when the run began; each cell sets its own
	Kernel     string    `json:"kernel"`            // name and release of the operating system
	Commit     string    `json:"commit"`            // revision or version of the main module
	Dirty      bool      `json:"dirty"`             // the commit had changes on top of it
	Checked    bool      `json:"checked,omitempty"` // built with -race or the tag invariants: what is measured asserts laws, or is traced
	Date       time.Time `json:"date"`              // in UTC
	Command    []string  `json:"command"`

	// Settings of the runtime and of the compiler, those that are not the default: GOGC,
	// GOMEMLIMIT, GODEBUG, GOEXPERIMENT, and GOAMD64 or the like.
	Settings map[string]string `json:"settings,omitempty"`
}

// CollectEnvironment asks the program and the system. It blocks while it runs short commands. The
// date is now.
func CollectEnvironment(command []string) Environment {
	e := Environment{
		Go:         runtime.Version(),
		GOOS:       runtime.GOOS,
		GOARCH:     runtime.GOARCH,
		CPU:        cpuModel(),
		Processors: runtime.NumCPU(),
		GOMAXPROCS: runtime.GOMAXPROCS(0),
		Kernel:     orNotKnown(output("uname", "-sr")),
		Checked:    invariants.Enabled,
		Date:       time.Now().UTC().Truncate(time.Second),
		Command:    command,
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	e.Commit, e.Dirty = commit(info)
	e.Settings = settings(info, os.Getenv)
	return e
}

// RuntimeSettings are the environment variables that change how the runtime works.
var RuntimeSettings = []string{"GOGC", "GOMEMLIMIT", "GODEBUG"}

// settings returns the settings that are not the default.
func settings(info *debug.BuildInfo, getenv func(string) string) map[string]string {
	all := map[string]string{}
	for _, name := range RuntimeSettings {
		if value := getenv(name); value != "" && !(name == "GOGC" && value == "100") {
			all[name] = value
		}
	}
	for _, s := range info.Settings {
		switch usual, known := map[string]string{"GOAMD64": "v1", "GOARM64": "v8.0", "GO386": "sse2", "GOEXPERIMENT": "", "-tags": "", "-gcflags": ""}[s.Key]; {
		case known && s.Value != usual:
			all[s.Key] = s.Value
		}
	}
	return all
}

// SettingsLabel lists the settings that are not the default; "" if there are none.
func (e Environment) SettingsLabel() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(e.Settings)) {
		all = append(all, name+"="+e.Settings[name])
	}
	return strings.Join(all, ", ")
}

// CommitLabel is the commit as figures print it: 12 digits of a revision, whether there were
// changes on top of it, and whether the build was a checked one.
func (e Environment) CommitLabel() string {
	label := "commit " + e.Commit
	switch {
	case e.Commit == NotKnown || e.Commit == "":
		label = "commit unknown"
	case !strings.Contains(e.Commit, ".") && len(e.Commit) > 12:
		label = "commit " + e.Commit[:12]
	}
	if e.Dirty {
		label += " with changes"
	}
	if e.Checked {
		label += ", checked build"
	}
	return label
}

// MachineLabel is the machine as figures print it.
func (e Environment) MachineLabel() string {
	cpu := e.CPU
	if cpu == NotKnown || cpu == "" {
		cpu = "unknown processor"
	}
	noun := "processors"
	if e.Processors == 1 {
		noun = "processor"
	}
	return fmt.Sprintf("%s, %d %s, %s/%s, %s", cpu, e.Processors, noun, e.GOOS, e.GOARCH, e.Go)
}

// commit finds the revision of the program. The go command stamps it into the program, or it is the
// version under which the module was fetched. go run, and go build outside of a repository, stamp
// nothing. What git has checked out in the current folder may be something else.
func commit(info *debug.BuildInfo) (revision string, dirty bool) {
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			dirty = s.Value == "true"
		}
	}
	if v := info.Main.Version; revision == "" && v != "" && v != "(devel)" {
		return v, false
	}
	return orNotKnown(revision), dirty
}

func cpuModel() string {
	if runtime.GOOS == "darwin" {
		return orNotKnown(output("sysctl", "-n", "machdep.cpu.brand_string"))
	}
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return NotKnown
	}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return orNotKnown(strings.TrimSpace(value))
		}
	}
	return NotKnown
}

func orNotKnown(s string) string {
	if s == "" {
		return NotKnown
	}
	return s
}

// output returns what a command prints, without space around it; "" if it fails.
func output(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
