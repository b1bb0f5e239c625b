package analysis_test

import (
	"fmt"

	"doublebuf/analysis"
	"doublebuf/results"
)

// An analysis holds everything that follows from a run: here the order of the maps in the first
// workload of the reference run, and how far the run can be trusted.
func Example() {
	set, _, err := results.Load("../results/reference")
	if err != nil {
		fmt.Println(err)
		return
	}
	run := analysis.Of(set)
	first := run.Standings[0]
	fmt.Println(analysis.Describe(first.Workload))
	for _, row := range first.Fresh[:3] {
		fmt.Println(row.Impl, row.Verdict.Outcome)
	}
	fmt.Println("grade", run.Grade.Letter)
	// Output:
	// read-only, zipf0.99, 64Ki uint64 keys, 1 goroutine
	// xsync Ok
	// cow Ok
	// rwmutex Ok
	// grade C
}
