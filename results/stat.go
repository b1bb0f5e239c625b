package results

import (
	"math"

	"golang.org/x/perf/benchmath"
)

// Confidence is the level that every interval has at least.
const Confidence = 0.95

// MinSamples is the least number of samples of which the median has an interval at
// Confidence: with 5 the whole range covers it in 15 of 16 cases only.
const MinSamples = 6

// Summary is the median of a sample and, if it is large enough, an interval that
// holds the true median at Confidence, whatever the distribution. Where cells are of
// several processes, Median is the mean over the links of the mean over each one's
// processes of the median of the blocks, and its interval is that of layers.go.
type Summary struct {
	N int // values, of all links and processes

	Links, Processes int // that the cells are of; both 0 of plain numbers

	Median   float64
	Lo, Hi   float64 // the interval; both equal Median without one
	Interval bool    // whether there is one
	Warnings []Warning
}

// Summarize returns the summary of values, which it does not change. Without any, N is 0
// and so is the rest.
func Summarize(values []float64) Summary {
	if len(values) == 0 {
		return Summary{Warnings: []Warning{"no values"}}
	}
	own := append([]float64(nil), values...) // NewSample sorts its argument
	b := benchmath.AssumeNothing.Summary(benchmath.NewSample(own, &benchmath.DefaultThresholds), Confidence)
	s := Summary{N: len(values), Median: b.Center, Lo: b.Lo, Hi: b.Hi, Interval: true}
	if math.IsInf(b.Lo, 0) || math.IsInf(b.Hi, 0) {
		s.Lo, s.Hi, s.Interval = s.Median, s.Median, false
		s.Warnings = append(s.Warnings, warnf("%d repetitions are too few for an interval; want %d or more", s.N, MinSamples))
	}
	return s
}

// Summary summarizes the group's cells in a unit. Cells without it are passed over.
func (g Group) Summary(unit string) Summary {
	return summarize(g.samples(unit))
}

// SecondsPerOp returns the processor time of an operation, the median, or 0 if there is none:
// as it was measured, which who else takes processors does not lengthen, or else the time in
// which the processors in use did one.
func (g Group) SecondsPerOp() float64 {
	if measured := g.Summary(CPUPerOp); measured.N > 0 && measured.Median > 0 {
		return measured.Median
	}
	return g.WallPerOp()
}

// WallPerOp returns the time, the median, in which the processors in use did an operation, as
// many as there are or as there are workers: one over the rate, times them. It is 0 if
// there is none.
func (g Group) WallPerOp() float64 {
	rate := g.Summary(OpsPerSec).Median
	if rate == 0 {
		return 0
	}
	return float64(min(g.ID.Goroutines(), g.ID.Procs)) / rate
}

// Compare compares two groups in a unit, paired by block, so that what disturbs the
// machine for a while disturbs both alike. The result is the summary over the blocks of
// a's value over b's: 1.2 says that a has 20 % more. It is computed
// on logarithms, so that Compare(b, a) is exactly its inverse.
//
// Blocks that only one of them has, or in which one value is 0 and the other is not, are left
// out and warned of; N is the number of blocks that remain. Two zeros are as much as each other.
func Compare(a, b Group, unit string) Summary {
	logs, _, warnings := logRatios(a, b, unit)
	s := summarize(logs)
	if s.N > 0 {
		s.Median, s.Lo, s.Hi = math.Exp(s.Median), math.Exp(s.Lo), math.Exp(s.Hi)
	}
	s.Warnings = append(s.Warnings, warnings...)
	return s
}

// logRatios returns the logarithms of a's value over b's in each block that has both, and in
// how many blocks only one of them is zero.
func logRatios(a, b Group, unit string) (logs []sample, zeros int, warnings []Warning) {
	ofB := map[int]float64{}
	for _, c := range b.Cells {
		if v, ok := c.Metrics[unit]; ok && c.Block > 0 {
			ofB[c.Block] = v
		}
	}
	unpaired := len(ofB)
	for _, c := range a.Cells {
		va, ok := c.Metrics[unit]
		vb, paired := ofB[c.Block]
		switch {
		case !ok || !paired:
			unpaired++
			continue
		case va == vb:
			logs = append(logs, sample{c.Link, c.Process, 0})
		case va <= 0 || vb <= 0:
			zeros++
		default:
			logs = append(logs, sample{c.Link, c.Process, math.Log(va / vb)})
		}
		unpaired--
	}
	if unpaired > 0 {
		warnings = append(warnings, warnf("%d cells have no partner in their block", unpaired))
	}
	if zeros > 0 {
		warnings = append(warnings, warnf("%d blocks have a zero, which has no ratio", zeros))
	}
	return logs, zeros, warnings
}
