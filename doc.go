// Package doublebuf is the root of a benchmark and correctness-research harness for
// concurrent maps in Go, around a double-buffer hash map. It holds no code. These are its
// packages:
//
//	impl/hashmap       the double-buffer hash map, whose reads may be stale
//	impl/buffers       two copies of anything, a delayed swap, a log of operations
//	impl/strategy      how the writer knows when no reader is in a copy any more
//	impl/table         what one copy stores its entries in
//	impl/invariants    the laws' assertions, in checked builds
//	impl/atomicx       the seam to the machine, which the schedule explorer intercepts
//	baselines          every map behind one interface (baselines/kv), and the registry
//	workloads          which operations workers do, and on which keys
//	lincheck           the check of a map at the level that it declares
//	lincheck/history   recorded histories and their file format
//	lincheck/judge     the laws, and whether a history keeps them
//	lincheck/drive     recorders, schedules, child processes
//	lincheck/soak      long runs under an online oracle
//	lincheck/explore   schedules of concurrent code: all, or up to a bound. Below it are:
//	    linear             recorded calls, judged against a sequential map or another model
//	    standin            what takes the place of sync, channels and so on in explored code
//	    picture            failing schedules as a page
//	    instrument         builds the tests of any module for the explorer
//	    knownbugs          a command that explores modules with reported bugs
//	    programs           programs over impl, for the explorer
//	lincheck/mutants   patches that plant faults, and the matrix of the checkers that find them
//	results            what was measured, in files: cells as Go benchmark text, and the manifest
//	analysis           what follows from a run: summaries, verdicts, the A/A control, the grade
//	analysis/stat      the statistics of repeated measurements
//	analysis/export    documents as text, Markdown, HTML, JSON and CSV
//	plots              figures
//	cmd/runbench       the command. These are the main packages below it:
//	    internal/plan      what a run measures: presets, sweeps, validation
//	    internal/topology  how processors share cores and caches, and which ones to use
//	    internal/run       measures the cells of a plan, and does nothing else
//	    internal/gate      checks maps in child processes
//	    internal/campaign  a run from its plan to its report: checks, measuring, resuming
//	    app                the flags and commands
package doublebuf
