// Package results holds what was measured, in files that other tools read as well: cells, and
// the environment and plan that they came from. Package analysis says what follows from it.
//
// A run's folder has cells.txt, staleness.txt and latency.txt, in Go's benchmark text format, and
// manifest.json. [Load] reads a folder into a [Set].
//
// # Comments with a meaning
//
// Besides what benchstat reads, files of cells have comments that Load understands:
//
//	# block 3                        the cells that follow are of block 3
//	# block 9 process 2 link 1       and were measured by that process of that link
//	# fault: key 7 holds 3           the next cell failed its sum check
//	# aside: 0 B/op 0.25 allocs/op   more metrics of the next cell, usually zero
//
// # Words
//
//   - A cell is one configuration under one workload, measured once.
//   - A block is one round over all cells of a plan. Comparisons are paired by block.
//   - A link is the program, linked once: one layout of its code. Of each link there may
//     be several processes, each of which is one layout of memory, and measures blocks of
//     its own. Cells of one process have more in common than those of two.
//   - A configuration is a map with its strategy, table, writer mode and publish policy.
//   - A twin is a second measurement of a configuration in the same blocks, as if it were
//     another: the A/A control.
//   - A finding is a fact about the machine. From findings, from the control and from the
//     noise comes the grade of a run.
//   - A verdict is what a checker said of a map: ok, illegal or unknown.
//   - A warning is a doubt about results that are shown nevertheless. Warnings are
//     values and travel with the results; nothing here prints.
package results
