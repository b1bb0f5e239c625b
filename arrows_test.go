package doublebuf

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rooms lists the folders from the top of the house down. A package imports only packages
// of rooms that stand above its own, and packages of its own room.
var rooms = []string{
	"impl/atomicx",
	"impl/invariants",
	"impl/strategy",
	"impl/buffers",
	"impl/table",
	"impl/hashmap",
	"baselines/kv",
	"baselines",
	"baselines/faulty",
	"workloads",
	"lincheck/history",
	"lincheck/order",
	"lincheck/judge",
	"lincheck/drive",
	"lincheck/soak",
	"lincheck",
	"results",
	"analysis",
	"plots",
	"cmd/runbench/internal/exit",
	"cmd/runbench/internal/names",
	"cmd/runbench/internal/pin",
	"cmd/runbench/internal/topology",
	"cmd/runbench/internal/counters",
	"cmd/runbench/internal/gate",
	"cmd/runbench/internal/doctor",
	"cmd/runbench/internal/report",
	"cmd/runbench/internal/compare",
	"cmd/runbench/internal/study",
	"cmd/runbench/internal/plan",
	"cmd/runbench/internal/bundle",
	"cmd/runbench/internal/run",
	"cmd/runbench/internal/terminal",
	"cmd/runbench/internal/selftest",
	"cmd/runbench/internal/campaign",
	"cmd/runbench/app",
	"cmd/runbench",
}

// only says which rooms may import a package (or one below its path); "room/..." stands for all
// rooms below room. Packages from outside that are not listed may be imported below impl.
var only = map[string][]string{
	"sync":                              {"impl/atomicx", "baselines", "baselines/faulty", "baselines/kv", "workloads", "lincheck/drive", "lincheck/soak", "lincheck", "analysis", "plots", "cmd/runbench/..."},
	"github.com/anishathalye/porcupine": {"lincheck/judge"},
	"github.com/puzpuzpuz/xsync":        {"baselines"},
	"github.com/alphadose/haxmap":       {"baselines"},
	"github.com/cornelk/hashmap":        {"baselines"},
	"github.com/zhangyunhao116/skipmap": {"baselines"},
	"github.com/bytedance/gg":           {"baselines"},
	"github.com/tidwall/hashmap":        {"baselines"},
	"github.com/orcaman/concurrent-map": {"baselines"},
	"github.com/benbjohnson/immutable":  {"baselines"},
	"github.com/cockroachdb/swiss":      {"baselines"},
	"github.com/kamstrup/intmap":        {"baselines"},
	"gonum.org/v1/plot":                 {"plots"},
	"github.com/aclements/go-moremath":  {"analysis"},
	"golang.org/x/perf":                 {"results", "analysis", "plots", "cmd/runbench/..."},
	"golang.org/x/sys":                  {"impl/atomicx", "impl/strategy", "results", "cmd/runbench/..."},
	"doublebuf/lincheck":                {"lincheck", "lincheck/...", "cmd/runbench/internal/gate", "cmd/runbench/internal/campaign", "cmd/runbench/app"},
}

type goPackage struct {
	ImportPath string
	Imports    []string // of non-test files
}

func TestArrows(t *testing.T) {
	var packages []goPackage
	for _, tags := range []string{"", "explore"} {
		packages = append(packages, list(t, tags)...)
	}
	for _, p := range packages {
		from := room(p.ImportPath)
		if from == "" {
			t.Errorf("%s stands in no room", p.ImportPath)
			continue
		}
		for _, imported := range p.Imports {
			if err := allowed(from, imported); err != nil {
				t.Errorf("%s imports %s: %v", p.ImportPath, imported, err)
			}
		}
	}
}

// TestArrowsCanFail plants the faults that TestArrows is for.
func TestArrowsCanFail(t *testing.T) {
	for _, arrow := range [][2]string{
		{"impl/strategy", "doublebuf/impl/hashmap"},
		{"impl/hashmap", "sync/atomic"},
		{"impl/hashmap", "github.com/google/go-cmp/cmp"},
		{"baselines", "doublebuf/lincheck"},
		{"results", "github.com/anishathalye/porcupine"},
		{"lincheck", "github.com/anishathalye/porcupine"},
		{"lincheck/drive", "github.com/anishathalye/porcupine"},
		{"lincheck/history", "doublebuf/lincheck/judge"},
		{"lincheck/order", "doublebuf/lincheck/judge"},
		{"lincheck/order", "sync"},
		{"lincheck/judge", "doublebuf/lincheck/drive"},
		{"lincheck/judge", "sync"},
		{"lincheck/drive", "doublebuf/lincheck/soak"},
		{"lincheck/soak", "doublebuf/lincheck"},
		{"results", "doublebuf/analysis"},
		{"plots", "github.com/aclements/go-moremath/stats"},
		{"lincheck", "gonum.org/v1/plot/plotter"},
		{"workloads", "github.com/puzpuzpuz/xsync/v4"},
		{"lincheck", "github.com/orcaman/concurrent-map/v2"},
		{"cmd/runbench/internal/plan", "doublebuf/cmd/runbench/internal/run"},
		{"cmd/runbench/internal/run", "doublebuf/cmd/runbench/internal/campaign"},
		{"cmd/runbench/internal/run", "doublebuf/lincheck"},
		{"cmd/runbench/internal/campaign", "doublebuf/cmd/runbench/app"},
	} {
		if allowed(arrow[0], arrow[1]) == nil {
			t.Errorf("an arrow from %s to %s is not found", arrow[0], arrow[1])
		}
	}
	for from, imported := range map[string]string{
		"impl/atomicx":               "sync/atomic",
		"cmd/runbench/internal/run":  "sync/atomic",
		"cmd/runbench/internal/plan": "doublebuf/results",
		"cmd/runbench/app":           "doublebuf/lincheck/explore",
	} {
		if err := allowed(from, imported); err != nil {
			t.Errorf("%s imports %s: %v", from, imported, err)
		}
	}
}

func allowed(from, imported string) error {
	for prefix, who := range only {
		in := func(r string) bool {
			above, below := strings.CutSuffix(r, "...")
			return r == from || below && strings.HasPrefix(from, above)
		}
		if (imported == prefix || strings.HasPrefix(imported, prefix+"/")) && !slices.ContainsFunc(who, in) {
			return errors.New("only for " + strings.Join(who, ", "))
		}
	}
	if to, ours := strings.CutPrefix(imported, "doublebuf/"); ours {
		if slices.Index(rooms, room("doublebuf/"+to)) > slices.Index(rooms, from) {
			return errors.New("the arrow points down the list of rooms")
		}
		return nil
	}
	first, _, _ := strings.Cut(imported, "/")
	if strings.HasPrefix(from, "impl/") && strings.Contains(first, ".") && !strings.HasPrefix(imported, "golang.org/x/sys/") {
		return errors.New("impl needs nothing but the standard library")
	}
	return nil
}

// room returns the longest entry of rooms that a package of ours stands in.
func room(path string) string {
	best := ""
	for _, r := range rooms {
		if in := "doublebuf/" + r; (path == in || strings.HasPrefix(path, in+"/")) && len(r) > len(best) {
			best = r
		}
	}
	return best
}

func list(t *testing.T, tags string) []goPackage {
	out, err := exec.Command("go", "list", "-tags", tags, "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list -tags=%q: %v", tags, err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.ImportPath != "doublebuf" {
			packages = append(packages, p)
		}
	}
	if len(packages) < len(rooms) {
		t.Fatalf("go list finds %d packages, fewer than there are rooms", len(packages))
	}
	return packages
}
