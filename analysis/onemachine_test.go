package analysis

import (
	"testing"

	"doublebuf/results"
)

func TestOneMachine(t *testing.T) {
	of := func(cpus ...string) string {
		var all []Machine
		for _, cpu := range cpus {
			e := results.Environment{Go: "go1.26", CPU: cpu, Processors: 2}
			if cpu == "" {
				e = results.Environment{}
			}
			all = append(all, Machine{Name: cpu, Run: Of(&results.Set{Manifest: results.Manifest{Environment: e}})})
		}
		return OneMachine(all)
	}
	if of("a", "a") == "" || of("a", "b") != "" || of("", "") != "" {
		t.Errorf("%q, %q, %q", of("a", "a"), of("a", "b"), of("", ""))
	}
}
