package results

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// State says what a finding means for figures that are measured there.
type State string

const (
	Fit    State = "fit"
	Doubt  State = "doubt"       // it may disturb
	Unfit  State = "unfit"       // it does disturb
	Hidden State = "not visible" // it could not be found out, and is not guessed
)

// Finding is one fact about the machine.
type Finding struct {
	What  string `json:"what"` // in one or two words
	State State  `json:"state"`
	Found string `json:"found"`
	Why   string `json:"why"`  // it matters
	Want  string `json:"want"` // what would be right
}

// Sitting is a stretch of measuring without a break. A run has one, and another each time
// it is resumed.
type Sitting struct {
	Before []Finding `json:"before"`
	During []Finding `json:"during"` // null if the run was killed
}

// Letter is a grade, from A, the best, to D.
type Letter string

// Letters are all grades, the best first.
var Letters = []Letter{"A", "B", "C", "D"}

// Grade says how far the figures of a run can be trusted.
type Grade struct {
	Letter Letter      `json:"letter"` // the worst of those of Parts; "" if the run was not watched
	Parts  []GradePart `json:"parts"`
}

// GradePart is one of the things that a grade hangs on.
type GradePart struct {
	What   string `json:"what"`
	Found  string `json:"found"`
	Letter Letter `json:"letter"`
}

// MaxLimit is the greatest A/A limit that is not graded D.
const MaxLimit = 0.15

// Bounds of the grades A, B and C, as shares; D is what lies beyond.
var (
	limitBounds = []float64{0.03, 0.06, MaxLimit}
	noiseBounds = []float64{0.02, 0.05, 0.12}
)

// GradeRule says how grades are given.
const GradeRule = `A grade is the worst of four: the A/A limit up to 3 % is A, to 6 % B, to 15 % C, more or none D;
noise, the standard deviation of a cell's repetitions, the median of all cells, up to 2 % is A,
to 5 % B, to 12 % C, more D; the machine before the run, and during it: A if all is fit, B if
there is a doubt or something that is not visible, C if anything is unfit.`

// Grade grades the run by GradeRule. Without a Sitting in its manifest it has no grade.
func (s *Set) Grade() Grade {
	var g Grade
	if len(s.Manifest.Sittings) == 0 {
		return g
	}
	var before, during []Finding
	for _, sitting := range s.Manifest.Sittings {
		before = append(before, sitting.Before...)
		if sitting.During == nil {
			during = append(during, Finding{What: "a part that was killed", State: Hidden})
		}
		during = append(during, sitting.During...)
	}
	g.Parts = []GradePart{
		controlPart(s.Control()), noisePart(s),
		findingsPart("machine before", before), findingsPart("machine during", during),
	}
	for _, p := range g.Parts {
		g.Letter = max(g.Letter, p.Letter)
	}
	return g
}

// letterOf returns the best letter whose bound is at least x.
func letterOf(x float64, bounds []float64) Letter {
	i := 0
	for i < len(bounds) && !(x <= bounds[i]) {
		i++
	}
	return Letters[i]
}

func controlPart(c Control) GradePart {
	p := GradePart{What: "A/A control", Letter: "D"}
	switch {
	case len(c.Pairs) == 0:
		p.Found = "none: no map was measured twice"
	case c.Limit == 0:
		p.Found = "too few repetitions for an interval"
	default:
		p.Found = fmt.Sprintf("limit %s: %v", Percent(c.Limit), c.Worst())
		p.Letter = letterOf(c.Limit, limitBounds)
	}
	return p
}

func noisePart(s *Set) GradePart {
	var all []float64
	for _, g := range s.Groups(Throughput) {
		if block := g.Spread(g.ID.Rate()).Block; !math.IsNaN(block) {
			all = append(all, block)
		}
	}
	if len(all) == 0 {
		return GradePart{"noise", "no cell was measured twice in a process", "D"}
	}
	noise := medianOf(all)
	return GradePart{"noise", fmt.Sprintf("repetitions of a cell deviate by %s (median of the cells)", Percent(noise)), letterOf(noise, noiseBounds)}
}

// findingsPart grades findings by the worst of them.
func findingsPart(what string, all []Finding) GradePart {
	p := GradePart{What: what, Letter: "A"}
	var parts []string
	for _, state := range []struct {
		State
		letter Letter
	}{{Unfit, "C"}, {Doubt, "B"}, {Hidden, "B"}} {
		var named []string
		for _, f := range all {
			if f.State == state.State && !slices.Contains(named, f.What) {
				named = append(named, f.What)
			}
		}
		if len(named) > 0 {
			parts = append(parts, string(state.State)+": "+strings.Join(named, ", "))
			p.Letter = max(p.Letter, state.letter)
		}
	}
	p.Found = strings.Join(parts, "; ")
	if p.Found == "" {
		p.Found = "fit"
	}
	return p
}
