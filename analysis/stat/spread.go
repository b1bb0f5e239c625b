package stat

import "math"

// Spread is how much repetitions of a cell differ, as standard deviations of the logarithm: 0.02 is
// about 2 %. A part that cannot be computed, because its layer has one member, is NaN.
type Spread struct {
	Link    float64 // of the means of links
	Process float64 // of the means of processes of one link
	Block   float64 // of the blocks of one process
}

// SpreadOf splits the variance of samples into the parts that links, processes and blocks cause.
// Values of 0 are left out. If every link has one process, the effect of both counts as the link's.
// A part that sampling error would make negative is 0.
//
// It is the analysis of variance of an unbalanced nested design: Searle, Casella and McCulloch,
// Variance Components (1992), chapter 3.
func SpreadOf(samples []Sample) Spread {
	var logs []Sample
	for _, s := range samples {
		if s.Value > 0 {
			s.Value = math.Log(s.Value)
			logs = append(logs, s)
		}
	}
	return layersOf(logs).spread()
}

// squares are the sums that an analysis of variance needs.
type squares struct {
	all              tally
	links            float64 // sum over the links of n times the square of their mean's deviation
	processes        float64 // the same for processes, with the deviation of their mean from their link's mean
	blocks           float64 // sum over the blocks of the square of their deviation from their process
	perProcess       float64 // sum over all processes of n²
	perProcessOfLink float64 // sum over the links of their sum of n² over n
	perLink          float64 // sum over the links of n²
}

func (l layers) squares() squares {
	var s squares
	var links []tally
	for _, link := range l {
		var ofLink tally
		var processes []tally
		squares := 0.0
		for _, blocks := range link {
			var p tally
			for _, x := range blocks {
				p.add(tally{1, x})
			}
			for _, x := range blocks {
				s.blocks += (x - p.mean()) * (x - p.mean())
			}
			squares += p.n * p.n
			ofLink.add(p)
			processes = append(processes, p)
		}
		for _, p := range processes {
			s.processes += p.n * (p.mean() - ofLink.mean()) * (p.mean() - ofLink.mean())
		}
		s.perProcess += squares
		s.perProcessOfLink += squares / ofLink.n
		s.perLink += ofLink.n * ofLink.n
		s.all.add(ofLink)
		links = append(links, ofLink)
	}
	for _, link := range links {
		s.links += link.n * (link.mean() - s.all.mean()) * (link.mean() - s.all.mean())
	}
	return s
}

func (l layers) spread() Spread {
	sum := l.squares()
	n, p, a := sum.all.n, float64(l.processes()), float64(len(l))
	s := Spread{math.NaN(), math.NaN(), math.NaN()}
	var block, process float64
	if n > p {
		block = sum.blocks / (n - p)
		s.Block = math.Sqrt(block)
	}
	if p > a {
		process = max(0, (sum.processes/(p-a)-block)/((n-sum.perProcessOfLink)/(p-a)))
		s.Process = math.Sqrt(process)
	}
	if a > 1 {
		rest := block + process*(sum.perProcessOfLink-sum.perProcess/n)/(a-1)
		s.Link = math.Sqrt(max(0, (sum.links/(a-1)-rest)/((n-sum.perLink/n)/(a-1))))
	}
	return s
}

// tally is a number of values and their sum.
type tally struct{ n, sum float64 }

func (t *tally) add(u tally)  { t.n, t.sum = t.n+u.n, t.sum+u.sum }
func (t tally) mean() float64 { return t.sum / t.n }
