package campaign

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/gate"
	"doublebuf/cmd/runbench/internal/pin"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/cmd/runbench/internal/topology"
	"doublebuf/results"
)

// firstManifest returns the manifest of a new campaign.
func (c *Campaign) firstManifest(name string) (results.Manifest, error) {
	text, err := json.Marshal(c.plan)
	maps, mixes := c.plan.Describe(c.Maps)
	return results.Manifest{
		Preset: name, Seed: c.plan.Seed, Plan: text, Inputs: inputs(c.runner), Instead: substitutes(c.plan, c.Maps),
		Layouts: layouts(c.plan), Maps: maps, Mixes: mixes, Topology: topologyOf(c.plan, c.Place),
		NotCounted: c.runner.NotCounted(), Environment: results.CollectEnvironment(append([]string{"runbench"}, c.Args...)),
	}, err
}

// topologyOf returns how the processors of this machine are connected. If p binds workers, it
// includes where on the way from one to many of them something begins.
func topologyOf(p plan.Plan, place string) results.Topology {
	m, err := topology.ReadThis()
	if err != nil {
		return results.Topology{}
	}
	t := results.Topology{Machine: m.String(), Place: place}
	if p.PinWorkers {
		ids, _ := pin.CPUs(p.Pin) // it is valid
		t.Boundaries = topology.Boundaries(m.Of(ids))
	}
	return t
}

// inputs returns the digests of the real input that a run replays, and for a trace what
// plan.TraceRows says of it.
func inputs(r *run.Runner) map[string]string {
	all := map[string]string{}
	if src := r.Source(); src != nil {
		all["identifiers of the standard library of "+src.GoVersion] = "sha256:" + src.Digest
	}
	if t := r.Trace(); t != nil {
		text := "sha256:" + t.Digest
		for _, row := range plan.TraceRows(t) {
			if row[0] != "trace" && row[0] != "sha256" {
				text += "; " + row[0] + ": " + row[1]
			}
		}
		all["trace "+t.Name] = text
	}
	return all
}

// substitutes returns, for each map of p that another map replaces on this machine, which map it
// is and why.
func substitutes(p plan.Plan, maps []kv.Entry) map[string]string {
	all := map[string]string{}
	for _, e := range maps {
		if err := gate.Instead(e); err != nil && measures(p, e) {
			all[e.Name] = err.Error()
		}
	}
	return all
}

// layouts returns the layout of each link of a plan that has several.
func layouts(p plan.Plan) (all []int64) {
	for link := 1; p.Links > 1 && link <= p.Links; link++ {
		all = append(all, layout(p.Seed, link))
	}
	return all
}

// layout returns the seed of a link's layout, from 1. It follows from the seed of the run.
func layout(seed uint64, link int) int64 {
	h := fnv.New64a()
	fmt.Fprint(h, seed, link)
	return int64(h.Sum64()%math.MaxInt32) + 1
}
