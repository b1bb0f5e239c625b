package analysis

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// Curve is how the rate of a map depends on the number of processors in use. Either the number of
// goroutines varies, up to GOMAXPROCS, or GOMAXPROCS does, with as many goroutines.
type Curve struct {
	Impl     string
	Workload results.ID // without the map and the goroutines; Procs is 0 if GOMAXPROCS varies
	Points   []Point    // two at least, in ascending order; the first is of one processor
}

// Point is a point of a curve.
type Point struct {
	Processors int
	Group      *Group
	// Efficiency is the rate over that of as many processors which each do what the first one did
	// alone: the ratio in each block, with its interval.
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
	for _, g := range r.Groups(results.Throughput) {
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

// gain is the least gain, as a share, for which more processors are worth while.
const gain = 0.05

// over returns the effect of point i over point j.
func (c *Curve) over(i, j int) stat.Summary {
	return pair(c.Points[i].Group, c.Points[j].Group, results.OpsPerSec).Summary()
}

// Peak returns the index of the point up to which the map scales: the first that no later point
// beats by more than gain. It is -1 if an interval is missing, or too wide to decide.
func (c *Curve) Peak() int {
next:
	for i := range c.Points {
		for j := i + 1; j < len(c.Points); j++ {
			switch e := c.over(j, i); {
			case !e.Interval:
				return -1
			case e.Lo > 1+gain:
				continue next
			case e.Hi > 1+gain && e.Median > 1+gain:
				return -1
			}
		}
		return i
	}
	return len(c.Points) - 1
}

// Verdict says in a sentence without its subject how far the map scales.
func (c *Curve) Verdict() string {
	i, last := c.Peak(), len(c.Points)-1
	if i < 0 {
		return "cannot be judged: the intervals are too wide, or there are too few blocks"
	}
	p := c.Points[i]
	share := fmt.Sprintf("%.0f %% of the ideal rate there", 100*p.Efficiency.Median)
	slower := i < last && c.over(last, i).Hi < 1/(1+gain)
	switch {
	case i == last && p.Processors == 2:
		return fmt.Sprintf("scales to both processors (%s)", share)
	case i == last:
		return fmt.Sprintf("scales to all %d processors (%s)", p.Processors, share)
	case i == 0 && slower:
		return "does not scale: one processor does more than several"
	case i == 0:
		return "does not scale: more processors gain nothing"
	case slower:
		return fmt.Sprintf("scales to %d processors (%s); beyond, coherence costs more than it gains", p.Processors, share)
	}
	return fmt.Sprintf("scales to %d processors (%s); more gain nothing", p.Processors, share)
}

// Short says in a few words how far the map scales, as in "to 32 processors (42 % of the ideal
// rate)".
func (c *Curve) Short() string {
	switch i := c.Peak(); {
	case i < 0:
		return "cannot be judged"
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
