package report

import (
	"bytes"
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/baselines/kv"
	"doublebuf/results"
	mixes "doublebuf/workloads"
)

// versionRun is a run whose reads must be of one version. If the manifest says which maps read
// several keys of one version, those of mixes do not.
func versionRun(says bool) *analysis.Run {
	id := results.ID{Kind: results.Throughput, Mix: "version10-roles", Dist: "zipf0.99", KeyType: "uint64", Keys: 1 << 16, Readers: 1, Writers: 1, Procs: 2}
	mix, _ := mixes.FindMix(id.Mix)
	set := &results.Set{Manifest: results.Manifest{Mixes: []mixes.Mix{mix}}}
	for _, m := range []struct {
		impl, reads string
		level       kv.Level
		s           speeds
	}{
		{"mixes", results.SeveralVersions, kv.Linearizable, drifting.times(3)},
		{"batched", results.OneVersion, kv.Atomic, drifting.times(2)},
		{"locked", results.OneVersion, kv.Linearizable, drifting},
		{"mixes-too", results.SeveralVersions, kv.Linearizable, drifting.times(0.5)},
	} {
		of := id
		of.Impl = m.impl
		set.Cells = append(set.Cells, cells(of, results.ReadsPerSec, m.s)...)
		known := results.Map{Impl: m.impl, Identity: kv.Identity{Family: m.impl}}
		if says {
			known.Reads = m.reads
		}
		set.Manifest.Maps = append(set.Manifest.Maps, known)
		set.Manifest.Verdicts = append(set.Manifest.Verdicts, results.Verdict{Impl: m.impl, Level: m.level.String(), Check: "history", Outcome: results.Ok})
	}
	return analysis.Of(set)
}

// TestReadsOfOneVersion: only maps with reads of one version compete where reads must be that.
func TestReadsOfOneVersion(t *testing.T) {
	var b bytes.Buffer
	if err := (export.Markdown{}).Export(&b, Document("versions", versionRun(true), nil, nil)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"### Reads of one version",
		"With reads of one version, **batched** was fastest in 1 of 1 workload",
		"| **batched**: 150 M read-ops/s [100 M, 200 M] | **locked**: 2.00 times [2.00 times, 2.00 times]",
		"| **locked**: 75.0 M read-ops/s [50.0 M, 100 M] | **mixes**: 225 M read-ops/s [150 M, 300 M] | +50.0 % [+50.0 %, +50.0 %]",
		"not compared: its reads may mix versions | 22.5 M |",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "fastest always-fresh map |") {
		t.Error("the workload is among those whose reads are of one key")
	}
}

// TestRunWithoutReads: in a run of the time before manifests said which maps read one version, all
// maps compete.
func TestRunWithoutReads(t *testing.T) {
	s := versionRun(false).Standings[0]
	if s.OneVersion || len(s.Mixing) != 0 || s.Contenders[0].Impl != "mixes" {
		t.Errorf("one version: %v; %d rows mix; first %s", s.OneVersion, len(s.Mixing), s.Contenders[0].Impl)
	}
	if s = versionRun(true).Standings[0]; !s.OneVersion || len(s.Mixing) != 2 || s.Contenders[0].Impl != "batched" || len(s.Contenders) != 2 {
		t.Errorf("one version: %v; %d rows mix; first %s of %d", s.OneVersion, len(s.Mixing), s.Contenders[0].Impl, len(s.Contenders))
	}
}
