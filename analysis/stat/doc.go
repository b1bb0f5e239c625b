// Package stat holds the statistics of repeated measurements. It knows nothing of maps, cells or
// files.
//
//   - [Summarize] gives the median of some values with its interval; [SummarizeLayers] does so if
//     the values come from several links and processes.
//   - [SpreadOf] splits the variance of values among links, processes and blocks.
//   - [Pair] pairs two series by block; [Ratios] has their summary, spread and effect. [Unpaired]
//     compares series that share no block.
//   - [Holm] corrects the probabilities of a family of tests.
//
// Nothing here prints. Warnings are values that travel with the results.
package stat
