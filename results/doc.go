// Package results holds what was measured, in files that other tools read as well: cells, and
// the environment and plan that they came from. Package analysis says what follows from it.
//
// A run's folder has cells.txt, staleness.txt and latency.txt, in Go's benchmark text format, and
// manifest.json. [Load] reads a folder into a [Set].
//
// # Comments with a meaning
//
// Files of cells have comments that Load understands, beside what benchstat reads:
//
//	# block 3                        the cells that follow are of block 3
//	# block 9 process 2 link 1       and were measured by that process of that link
//	# fault: key 7 holds 3           the next cell failed its final-state check
//	# aside: 0 B/op 0.25 allocs/op   more metrics of the next cell, usually zero
//
// # Words
//
//   - A cell is one map under one workload, measured once.
//   - A block is one pass over all cells of a plan. Comparisons are paired by block.
//   - A link is one build of the program, with one layout of its code. A process is one run of a
//     link, with one layout of its memory. It measures blocks of its own. Cells of one process have
//     more in common than cells of two.
//   - A map is what is measured under one name, such as dbuf-epoch-b64.
//   - A twin is a second measurement of a map in the same blocks, as if it were another map. Both
//     together are the A/A control.
//   - A finding is one fact about the machine. The grade of a run follows from its findings, from
//     the A/A control and from the noise.
//   - A verdict is a map's check result: Ok, Illegal or Unknown.
//   - A warning is a doubt about results that are shown nevertheless. Warnings are values that
//     travel with the results. Nothing here prints.
package results
