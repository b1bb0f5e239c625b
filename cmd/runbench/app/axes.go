package app

import (
	"flag"
	"fmt"
	"strconv"
	"strings"

	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
	"doublebuf/workloads"
)

// declareAxes declares a flag for each axis.
func declareAxes(fs *flag.FlagSet, a *plan.Axes) {
	for name, axis := range map[string]struct {
		values *[]string
		usage  string
	}{
		"impl":    {&a.Impl, "axis: `maps`"},
		"mix":     {&a.Mix, "axis: `mixes` of operations"},
		"dist":    {&a.Dist, "axis: `distributions` of keys"},
		"keytype": {&a.KeyType, "axis: `types` of keys"},
	} {
		fs.Var(&list[string]{axis.values, word}, name, axis.usage)
	}
	for name, axis := range map[string]struct {
		values *[]int
		parse  func(string) (int, error)
		usage  string
	}{
		"keys":    {&a.Keys, results.ParseKeys, "axis: `numbers` of keys, as in 1000,64Ki,1Mi"},
		"g":       {&a.G, number, "axis: `numbers` of goroutines that each do the whole mix"},
		"procs":   {&a.Procs, number, "axis: `numbers` of processors (GOMAXPROCS), as in 1,2,4,8"},
		"readers": {&a.Readers, number, "axis: `numbers` of readers, for the mixes roles and walk-roles"},
		"writers": {&a.Writers, number, "axis: `numbers` of writers, for the mixes roles and walk-roles"},
		"latency": {&a.Loads, load, "axis: `loads` of latency cells, in % of the closed-loop rate, as in 50,70,90"},
	} {
		fs.Var(&list[int]{axis.values, axis.parse}, name, axis.usage)
	}
	fs.StringVar(&a.Trace.Name, "trace", "", "replay this `trace`: a file, or source, defs or bgp (see runbench trace)")
	declareTrace(fs, &a.Trace)
}

// load parses the load of a latency cell.
func load(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSuffix(s, "%"))
	if err != nil || n < 1 || n > results.MaxLoad {
		return 0, fmt.Errorf("%q; want a load of 1 to %d, in %% of the closed-loop rate", s, results.MaxLoad)
	}
	return n, nil
}

func hasRoles(mix string) bool {
	m, ok := workloads.FindMix(mix)
	return ok && m.Roles
}
