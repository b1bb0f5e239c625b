// Package analysis computes what follows from the results of a run: groups of repetitions with
// their summaries, the verdict on each map, the A/A control and the grade. [Of] computes it once.
// Figures, reports and comparisons read it.
package analysis
