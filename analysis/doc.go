// Package analysis computes what follows from the results of a run. [Of] computes it once, into a
// [Run]. Figures, reports, studies and comparisons read that value and compute nothing again.
//
//   - A [Group] is all repetitions of one cell. It has the summary and the spread of each unit.
//   - [Run.Verdict] is the worst verdict on a map.
//   - Control is what the A/A control shows, and Grade how far the figures can be trusted.
//   - A [Standing] is the order of the maps in one workload.
//   - An [Effect] compares two maps. It is conclusive or not, after Holm's correction for all
//     effects that a report shows.
//
// Package stat has the statistics, and package export the formats in which all of this is printed.
package analysis
