// Package results holds what was measured: cells, and the environment and plan that
// they came from, in files that other tools read as well.
//
// A run's folder has cells.txt and staleness.txt, in Go's benchmark text format, and
// manifest.json. Load reads a folder into a Set, which is all that figures and reports
// are made from.
//
// # Words
//
//   - A cell is one configuration under one workload, measured once.
//   - A block is one round over all cells of a plan. Comparisons are paired by block.
//   - A configuration is a map with its strategy, table, writer mode and publish policy.
//   - A verdict is what a checker said of a map: ok, illegal or unknown.
//   - A warning is a doubt about results that are shown nevertheless. Warnings are
//     values and travel with the results; nothing here prints.
package results
