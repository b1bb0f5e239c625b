package report

import (
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/results/synthetic"
)

// machineOf is the run of a machine that does not exist. If swapped, xsync and the double buffer
// have each other's rates.
func machineOf(name string, procs int, swapped bool) analysis.Machine {
	maps := synthetic.Peers()
	if swapped {
		maps[0].Law, maps[1].Law = maps[1].Law, maps[0].Law
	}
	m := synthetic.Machine{CPU: name, Procs: procs, Maps: maps, Blocks: 20, Noise: 0.02, Seed: uint64(procs)}
	return analysis.Machine{Name: name, Run: analysis.Of(m.Set())}
}

func markdown(t *testing.T, d *export.Document) string {
	t.Helper()
	var text strings.Builder
	if err := (export.Markdown{}).Export(&text, d); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// TestMachinesReport: of three machines, one has two maps in another order. The report says so, and
// says nothing of the kind about machines with the same order.
func TestMachinesReport(t *testing.T) {
	laptop, server, other := machineOf("laptop", 8, false), machineOf("server", 64, false), machineOf("other", 16, true)
	text := markdown(t, Machines([]analysis.Machine{laptop, server, other}, nil))
	for _, want := range []string{
		"- **dbuf-epoch-b64** is faster than xsync on laptop, and slower on other, in 14 of the 14 workloads that both have",
		"- **dbuf-epoch-b64** is faster than xsync on server, and slower on other, in 16 of the 16 workloads that both have",
		"| laptop | dbuf-epoch-b64 > xsync > syncmap > rwmutex |",
		"| other | xsync > dbuf-epoch-b64 > syncmap > rwmutex |",
		"### read-only, zipf0.99, 16Ki uint64 keys, twice as many goroutines as processors",
		"| syncmap | scales to all 8 processors (",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	same := markdown(t, Machines([]analysis.Machine{laptop, server}, nil))
	if want := "no pair of maps conclusively changes its order between machines"; !strings.Contains(same, want) || strings.Contains(same, "is faster than") {
		t.Errorf("the report on two machines with one order lacks %q:\n%s", want, same[:2000])
	}
}

// TestScalingReport: the answers say in a sentence which map scales and how far. On two processors
// there is nothing to say.
func TestScalingReport(t *testing.T) {
	text := markdown(t, Document("m", machineOf("server", 64, false).Run, nil, nil))
	for _, want := range []string{
		"How far maps scale in read-only, zipf0.99, 16Ki uint64 keys, by goroutines: **dbuf-epoch-b64** to 64 processors (",
		"**syncmap** to 32 processors (", "**rwmutex** not at all.",
		"beyond, coherence costs more than it gains",
		"| contention | coherence, % | peak by the law, processors |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	small := markdown(t, Document("m", machineOf("laptop", 2, false).Run, nil, nil))
	if strings.Contains(small, "How far maps scale in") || strings.Contains(small, "contention") || !strings.Contains(small, "| efficiency of all |") {
		t.Error("the report on two processors has a law, or no efficiency")
	}
}
