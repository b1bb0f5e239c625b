package stat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/aclements/go-moremath/stats"
	"golang.org/x/perf/benchmath"
)

// Confidence is the confidence level of every interval.
const Confidence = 0.95

// MinSamples is the smallest number of samples whose median has an interval at Confidence. With 5
// samples even the whole range covers the median in only 15 of 16 cases.
const MinSamples = 6

// Summary is the median of some values and, if there are enough of them, its interval. The interval
// makes no assumption about the distribution. If the values come from several processes, Median is
// a mean of medians: see SummarizeLayers.
type Summary struct {
	N int // number of values

	Links, Processes int // that the values come from; both 0 of plain numbers

	Median   float64
	Lo, Hi   float64 // the interval; both equal Median if there is none
	Interval bool    // whether there is one
	Warnings []string
}

// Summarize returns the summary of values, which it does not change. Without values the result is
// zero but for a warning.
func Summarize(values []float64) Summary {
	if len(values) == 0 {
		return Summary{Warnings: []string{"no values"}}
	}
	own := slices.Clone(values) // NewSample sorts its argument
	b := benchmath.AssumeNothing.Summary(benchmath.NewSample(own, &benchmath.DefaultThresholds), Confidence)
	s := Summary{N: len(values), Median: b.Center, Lo: b.Lo, Hi: b.Hi, Interval: true}
	if math.IsInf(b.Lo, 0) || math.IsInf(b.Hi, 0) {
		s.Lo, s.Hi, s.Interval = s.Median, s.Median, false
		s.Warnings = append(s.Warnings, fmt.Sprintf("%d repetitions are too few for an interval; want %d or more", s.N, MinSamples))
	}
	return s
}

// SummarizeLayers returns the summary of samples. If they come from one process, it is that of
// their values. Otherwise Median is the mean over the links of the mean over the processes of the
// median of the blocks, and the interval comes from a hierarchical bootstrap.
//
// One link is one sample of all layouts of code, and one process is one sample of all layouts of
// memory. Layouts change a figure as much as maps differ, and more blocks of one process do not
// average that out. So the bootstrap draws links with replacement, then processes of each link,
// then blocks of each process.
//
// Few links give few different draws, so that percentiles lie too close together. They are taken
// farther out, where they would be exact for the mean of a normal sample of the same size: the
// expanded percentile interval of Hesterberg, What Teachers Should Know About the Bootstrap,
// The American Statistician 69 (2015). With fewer than MinSamples of the topmost layer that has
// several members there is no interval.
func SummarizeLayers(samples []Sample) Summary {
	all := layersOf(samples)
	if all.processes() <= 1 {
		s := Summarize(singles(samples))
		s.Links, s.Processes = len(all), all.processes()
		return s
	}
	s := Summary{N: len(samples), Links: len(all), Processes: all.processes(), Median: all.mean()}
	s.Lo, s.Hi = s.Median, s.Median
	top, noun := len(all), "links"
	if top == 1 {
		top, noun = len(all[0]), "processes"
	}
	if top < MinSamples {
		s.Warnings = append(s.Warnings, fmt.Sprintf("%d %s are too few for an interval; want %d or more", top, noun, MinSamples))
		return s
	}
	s.Interval = true
	s.Lo, s.Hi = all.bootstrap(top)
	return s
}

// replicates is the number of draws of a bootstrap. It is large enough that some draws lie outside
// the interval if the topmost layer has MinSamples members.
const replicates = 2000

// bootstrap returns the interval of the mean. It uses a fixed seed, so that the same values give
// the same interval. top is the number of members of the topmost layer that has several.
func (l layers) bootstrap(top int) (lo, hi float64) {
	draw := rand.New(rand.NewPCG(1, uint64(top)))
	means := make([]float64, replicates)
	var blocks []float64
	for i := range means {
		sum := 0.0
		for range l {
			link := l[draw.IntN(len(l))]
			ofLink := 0.0
			for range link {
				from := link[draw.IntN(len(link))]
				blocks = blocks[:0]
				for range from {
					blocks = append(blocks, from[draw.IntN(len(from))])
				}
				ofLink += Median(blocks)
			}
			sum += ofLink / float64(len(link))
		}
		means[i] = sum / float64(len(l))
	}
	slices.Sort(means)
	n := float64(top)
	t := stats.InvCDF(stats.TDist{V: n - 1})(1 - (1-Confidence)/2)
	tail := stats.StdNormal.CDF(-t * math.Sqrt(n/(n-1)))
	outside := int(tail * replicates)
	return means[outside], means[replicates-1-outside]
}
