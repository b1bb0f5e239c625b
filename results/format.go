package results

import "golang.org/x/perf/benchfmt"

const (
	cellsFile     = "cells.txt"
	stalenessFile = "staleness.txt"
	latencyFile   = "latency.txt"

	headerComment = "# Go benchmark text, for golang.org/x/perf/cmd/benchstat."

	blockComment = "# block "
	faultComment = "# fault: "
	asideComment = "# aside: "
)

func fileOf(k Kind) string {
	switch k {
	case Staleness:
		return stalenessFile
	case Latency:
		return latencyFile
	}
	return cellsFile
}

// fileConfig returns the only four keys that may stand outside comments. Any other key that differs
// between two files would split benchstat's tables.
func fileConfig(env Environment) []benchfmt.Config {
	var config []benchfmt.Config
	for _, kv := range [][2]string{
		{"goos", env.GOOS}, {"goarch", env.GOARCH}, {"pkg", "doublebuf"}, {"cpu", env.CPU},
	} {
		// By literal: the writer leaves out what SetConfig sets.
		config = append(config, benchfmt.Config{Key: kv[0], Value: []byte(kv[1]), File: true})
	}
	return config
}
