package results

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/aclements/go-moremath/stats"
)

// One link is one sample of the layouts of code, and one process one sample of the
// layouts of memory. Their effects are as large as those that maps are compared for, and
// no number of blocks of one process averages them out. So where there are several, what
// is estimated is the mean over all links and processes that there could be, and its
// interval comes from a hierarchical bootstrap: links are drawn with replacement from
// those that there are, of each link its processes, and of each process its blocks.
//
// Percentiles of few draws are too near to each other. They are taken farther out, where
// they would be exact for the mean of a normal sample as large as that of the topmost
// layer: the expanded percentile interval of Hesterberg, What Teachers Should Know About
// the Bootstrap, The American Statistician 69 (2015). Below MinSamples there is none.

// sample is a value with the link and process that it is of.
type sample struct {
	link, process int
	value         float64
}

// layers holds values by link, process and block.
type layers [][][]float64

// layersOf puts samples into their layers, in the order of their numbers.
func layersOf(samples []sample) layers {
	sorted := slices.Clone(samples)
	slices.SortStableFunc(sorted, func(a, b sample) int {
		return cmp.Or(cmp.Compare(a.link, b.link), cmp.Compare(a.process, b.process))
	})
	var all layers
	for i, s := range sorted {
		if i == 0 || s.link != sorted[i-1].link {
			all = append(all, nil)
		}
		link := &all[len(all)-1]
		if len(*link) == 0 || s.process != sorted[i-1].process {
			*link = append(*link, nil)
		}
		process := &(*link)[len(*link)-1]
		*process = append(*process, s.value)
	}
	return all
}

func (l layers) processes() int {
	n := 0
	for _, link := range l {
		n += len(link)
	}
	return n
}

// mean is the mean over the links of the mean over their processes of the median.
func (l layers) mean() float64 {
	sum := 0.0
	for _, link := range l {
		sum += meanOfLink(link)
	}
	return sum / float64(len(l))
}

func meanOfLink(link [][]float64) float64 {
	sum := 0.0
	for _, blocks := range link {
		sum += medianOf(slices.Clone(blocks))
	}
	return sum / float64(len(link))
}

// medianOf returns the median of x, which it sorts.
func medianOf(x []float64) float64 {
	slices.Sort(x)
	n := len(x)
	return (x[(n-1)/2] + x[n/2]) / 2
}

// singles returns one value for each member of the topmost layer that has several: links,
// or processes, or blocks. They have nothing in common that another such value has not.
func singles(samples []sample) (values []float64) {
	all := layersOf(samples)
	switch {
	case len(all) > 1:
		for _, link := range all {
			values = append(values, meanOfLink(link))
		}
	case len(all) == 1 && len(all[0]) > 1:
		for _, blocks := range all[0] {
			values = append(values, medianOf(slices.Clone(blocks)))
		}
	default:
		for _, s := range samples {
			values = append(values, s.value)
		}
	}
	return values
}

// summarize returns the summary of samples.
func summarize(samples []sample) Summary {
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
		s.Warnings = append(s.Warnings, warnf("%d %s are too few for an interval; want %d or more", top, noun, MinSamples))
		return s
	}
	s.Interval = true
	s.Lo, s.Hi = all.bootstrap(top)
	return s
}

// replicates is how often a bootstrap draws: enough that some lie outside the interval
// where the topmost layer has MinSamples.
const replicates = 2000

// bootstrap returns the interval of the mean, which is the same each time. The topmost
// layer of several has top members.
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
				ofLink += medianOf(blocks)
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

// Spread is how much repetitions of a cell differ, as standard deviations of the logarithm:
// 0.02 is about 2 %. What could not be told, for want of several of a layer, is NaN.
type Spread struct {
	Link    float64 // of the means of links
	Process float64 // of the means of processes of one link
	Block   float64 // within a process
}

// Spread splits the variance of the group's values in a unit into what links, processes
// and blocks cause. Values of 0 are left out. Where every link has one process, what both
// cause counts as the links'. A part that sampling error would make negative is 0.
//
// It is the analysis of variance of an unbalanced nested design: Searle, Casella and
// McCulloch, Variance Components (1992), chapter 3.
func (g Group) Spread(unit string) Spread {
	var logs []sample
	for _, s := range g.samples(unit) {
		if s.value > 0 {
			s.value = math.Log(s.value)
			logs = append(logs, s)
		}
	}
	return layersOf(logs).spread()
}

// SpreadOfRatio splits the variance of a's value over b's in the same block, in a unit, in
// the same way. What slows both down for a while is not in it.
func SpreadOfRatio(a, b Group, unit string) Spread {
	logs, _, _ := logRatios(a, b, unit)
	return layersOf(logs).spread()
}

func (l layers) spread() Spread {
	var (
		all               tally
		within, processes float64 // sums of squares
		links             float64
		nn                float64 // sum over all processes of n²
		nnOfLink          float64 // sum over the links of their sum of n² over n
		linkNN            float64 // sum over the links of n²
		linkTallies       []tally
	)
	for _, link := range l {
		var t tally
		var squares float64
		var ofLink []tally
		for _, blocks := range link {
			var p tally
			for _, x := range blocks {
				p.add(tally{1, x})
			}
			for _, x := range blocks {
				within += (x - p.mean()) * (x - p.mean())
			}
			squares += p.n * p.n
			t.add(p)
			ofLink = append(ofLink, p)
		}
		for _, p := range ofLink {
			processes += p.n * (p.mean() - t.mean()) * (p.mean() - t.mean())
		}
		nn += squares
		nnOfLink += squares / t.n
		linkNN += t.n * t.n
		all.add(t)
		linkTallies = append(linkTallies, t)
	}
	for _, t := range linkTallies {
		links += t.n * (t.mean() - all.mean()) * (t.mean() - all.mean())
	}
	n, p, a := all.n, float64(l.processes()), float64(len(l))
	s := Spread{math.NaN(), math.NaN(), math.NaN()}
	var block, process float64
	if n > p {
		block = within / (n - p)
		s.Block = math.Sqrt(block)
	}
	if p > a {
		process = max(0, (processes/(p-a)-block)/((n-nnOfLink)/(p-a)))
		s.Process = math.Sqrt(process)
	}
	if a > 1 {
		rest := block + process*(nnOfLink-nn/n)/(a-1)
		s.Link = math.Sqrt(max(0, (links/(a-1)-rest)/((n-linkNN/n)/(a-1))))
	}
	return s
}

// tally is a number of values and their sum.
type tally struct{ n, sum float64 }

func (t *tally) add(u tally)  { t.n, t.sum = t.n+u.n, t.sum+u.sum }
func (t tally) mean() float64 { return t.sum / t.n }
