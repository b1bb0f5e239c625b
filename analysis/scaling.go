package analysis

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// Curve is how the rate of a map depends on the number of processors in use. Either the number of
// goroutines varies, up to GOMAXPROCS. Or GOMAXPROCS varies, and there are as many goroutines.
type Curve struct {
	Impl     string
	Workload results.ID // without the map and the goroutines; Procs is 0 if GOMAXPROCS varies
	Points   []Point    // two at least, in ascending order; the first is of one processor
}

// Point is a point of a curve.
type Point struct {
	Processors int
	Group      *Group
	// Efficiency is the rate of n processors over n times the rate of one in the same block, with
	// its interval.
	Efficiency stat.Summary
}

// Curves returns the curves of the throughput cells of r, in the order in which they were measured.
func (r *Run) Curves() (curves []*Curve) {
	at := map[results.ID]*Curve{}
	add := func(key results.ID, g *Group) {
		c := at[key]
		if c == nil {
			c = &Curve{Impl: key.Impl, Workload: key}
			c.Workload.Impl = ""
			at[key] = c
			curves = append(curves, c)
		}
		c.Points = append(c.Points, Point{Processors: g.ID.G, Group: g})
	}
	machine := r.Manifest.Environment.Processors
	for _, g := range r.Groups(results.Throughput) {
		if machine > 0 && g.ID.G > machine {
			continue // the system makes goroutines share processors, whatever GOMAXPROCS is
		}
		key := g.ID
		key.G = 0
		if g.ID.G > 0 && g.ID.G <= g.ID.Procs {
			add(key, g)
		}
		key.Procs = 0
		if g.ID.G > 0 && g.ID.G == g.ID.Procs {
			add(key, g)
		}
	}
	return slices.DeleteFunc(curves, func(c *Curve) bool { return !c.finish() })
}

// finish orders the points and computes what follows from them. It reports whether c is a curve.
func (c *Curve) finish() bool {
	slices.SortFunc(c.Points, func(a, b Point) int { return cmp.Compare(a.Processors, b.Processors) })
	if len(c.Points) < 2 || c.Points[0].Processors != 1 {
		return false
	}
	one := c.Points[0].Group
	for i := range c.Points {
		p := &c.Points[i]
		e := pair(p.Group, one, results.OpsPerSec).Summary()
		n := float64(p.Processors)
		e.Median, e.Lo, e.Hi = e.Median/n, e.Lo/n, e.Hi/n
		p.Efficiency = e
	}
	return true
}

// Rate returns the median rate of p.
func (p Point) Rate() float64 { return p.Group.Summary(results.OpsPerSec).Median }

// Last is the point with the most processors.
func (c *Curve) Last() Point { return c.Points[len(c.Points)-1] }

// gain is the least gain, as a share, by which a map scales to more processors.
const gain = 0.05

// over returns the effect of point i over point j.
func (c *Curve) over(i, j int) stat.Summary {
	return pair(c.Points[i].Group, c.Points[j].Group, results.OpsPerSec).Summary()
}

// Peak returns the index of the point up to which the map scales: the first that no later point
// conclusively beats by more than gain. certain says that no later point can have that gain: the
// intervals exclude it. The index is -1 if an interval is missing.
func (c *Curve) Peak() (index int, certain bool) {
next:
	for i := range c.Points {
		certain = true
		for j := i + 1; j < len(c.Points); j++ {
			e := c.over(j, i)
			if !e.Interval {
				return -1, false
			}
			if e.Lo > 1+gain {
				continue next
			}
			certain = certain && e.Hi <= 1+gain
		}
		return i, certain
	}
	return len(c.Points) - 1, true
}

// Verdict says how far the map scales. It is a sentence without a subject, which is the map.
func (c *Curve) Verdict() string {
	i, certain := c.Peak()
	last := len(c.Points) - 1
	if i < 0 {
		return "cannot be judged: there are too few blocks for intervals"
	}
	p := c.Points[i]
	text := fmt.Sprintf("scales to %d processors (%.0f %% of the ideal rate there)", p.Processors, 100*p.Efficiency.Median)
	switch slower := i < last && c.over(last, i).Hi < 1/(1+gain); {
	case i == last && p.Processors == 2:
		return strings.Replace(text, "2 processors", "both processors", 1)
	case i == last:
		return strings.Replace(text, "scales to ", "scales to all ", 1)
	case i == 0 && slower:
		return "does not scale: one processor does more than several"
	case i == 0 && certain:
		return "does not scale: more processors add less than 5 %"
	case i == 0:
		return "no gain from more processors was shown: the intervals are wide"
	case slower && c.coherent():
		return text + "; beyond, coherence costs more than it gains"
	case slower:
		return text + "; with more the rate falls"
	case certain:
		return text + "; more add less than 5 %"
	}
	return text + "; no gain from more was shown"
}

// coherent reports whether the law fits and has a cost of coherence.
func (c *Curve) coherent() bool {
	u, err := c.Law()
	return err == nil && u.Coherence.Lo > 0
}

// Short says in a few words how far the map scales, as in "to 32 processors (42 % of the ideal
// rate)".
func (c *Curve) Short() string {
	switch i, certain := c.Peak(); {
	case i < 0:
		return "cannot be judged"
	case i == 0 && !certain:
		return "shows no gain"
	case i == 0:
		return "not at all"
	default:
		p := c.Points[i]
		return fmt.Sprintf("to %d processors (%.0f %% of the ideal rate)", p.Processors, 100*p.Efficiency.Median)
	}
}

// Law fits the Universal Scalability Law to c. The error says why it could not.
func (c *Curve) Law() (stat.USL, error) {
	var processors []int
	ofBlock := map[int][]float64{}
	var blocks []int
	for _, p := range c.Points {
		processors = append(processors, p.Processors)
		for _, s := range p.Group.Samples(results.OpsPerSec) {
			if s.Process > 1 {
				return stat.USL{}, fmt.Errorf("the law is fitted to runs of one process only")
			}
			if !slices.Contains(blocks, s.Block) {
				blocks = append(blocks, s.Block)
			}
			ofBlock[s.Block] = append(ofBlock[s.Block], s.Value)
		}
	}
	var rates [][]float64
	for _, b := range blocks {
		if all := ofBlock[b]; len(all) == len(processors) && slices.Min(all) > 0 && !math.IsInf(slices.Max(all), 0) {
			rates = append(rates, all)
		}
	}
	return stat.FitUSL(processors, rates)
}
