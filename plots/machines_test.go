package plots

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/results"
)

// otherMachine is the same run on another machine: it has another GOMAXPROCS and other maps, and
// two maps failed there that pass here.
func otherMachine() *results.Set {
	s := testRun(testMaps[1:], 6)
	s.Manifest.Environment.CPU, s.Manifest.Environment.Processors = "Another CPU", 8
	for i := range s.Cells {
		s.Cells[i].Procs = 8
		for unit := range s.Cells[i].Metrics {
			s.Cells[i].Metrics[unit] *= 1.5
		}
	}
	for i, v := range s.Manifest.Verdicts {
		if v.Impl == "syncmap" || v.Impl == "stranger" { // here its check has no answer
			s.Manifest.Verdicts[i].Outcome = results.Illegal
		}
	}
	return s
}

func TestMachines(t *testing.T) {
	runs := []analysis.Machine{{Name: "here", Run: analysis.Of(wholeRun)}, {Name: "there", Run: analysis.Of(otherMachine())}}
	all := byMachine(runs)
	var data, digests strings.Builder
	for _, c := range all {
		fmt.Fprintf(&data, "%s\n%s\n%s\n", c.name, c.title, c.subtitle)
		for _, row := range c.table {
			fmt.Fprintln(&data, strings.Join(row, ","))
		}
		svg := svgOf(t, c)
		fmt.Fprintf(&digests, "%x %s\n", sha256.Sum256(svg), c.name)
		for _, want := range []string{">here<", ">there<", "Another CPU, 8 processors", "n = 6 blocks", ">syncmap FAILED CHECK<", ">stranger FAILED CHECK<", ">dbuf-epoch-b1<"} {
			if !strings.Contains(string(svg), want) {
				t.Errorf("%s lacks %q", c.name, want)
			}
		}
		if strings.Contains(string(svg), ">noop<") {
			t.Errorf("%s shows the floor as a map", c.name)
		}
	}
	golden(t, "machines.txt", data.String())
	if runtime.GOARCH == "amd64" {
		golden(t, "machines-digests.txt", digests.String())
	}
	if len(all) != 8 { // four numbers of goroutines, three other mixes, and roles
		t.Errorf("%d figures; want 8", len(all))
	}
	if *keep != "" {
		if _, err := DrawMachines(runs, *keep); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMachinesWithNothingInCommon(t *testing.T) {
	other := otherMachine()
	for i := range other.Cells {
		other.Cells[i].Dist = "uniform"
	}
	dir := t.TempDir()
	if figures, err := DrawMachines([]analysis.Machine{{Name: "here", Run: analysis.Of(wholeRun)}, {Name: "there", Run: analysis.Of(other)}}, dir); err == nil || len(figures) > 0 {
		t.Errorf("%d figures, error %v; want an error", len(figures), err)
	}
}
