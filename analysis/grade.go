package analysis

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// MaxLimit is the largest A/A limit that is not graded D.
const MaxLimit = 0.15

// Bounds of the grades A, B and C, as shares. Beyond the last one is D.
var (
	limitBounds     = []float64{0.03, 0.06, MaxLimit}
	precisionBounds = []float64{0.02, 0.05, 0.12}
)

// GradeRule says how grades are given.
const GradeRule = `The grade is the worst of four parts. A/A limit: A up to 3 %, B up to 6 %, C up to 15 %; D if it is larger or
missing. Precision, half the width of the interval of an effect (median over the compared maps): A up to
2 %, B up to 5 %, C up to 12 %; D if it is larger. Machine before the run, and machine during the run: A
if everything is fit, B if there is a doubt or something is not visible, C if anything is unfit.`

// gradeOf grades a run by GradeRule. A run without a session in its manifest has no grade.
func gradeOf(sessions []results.Session, control results.Control, standings []*Standing) results.Grade {
	var g results.Grade
	if len(sessions) == 0 {
		return g
	}
	var before, during []results.Finding
	for _, s := range sessions {
		before = append(before, s.Before...)
		if s.During == nil {
			during = append(during, results.Finding{What: "a part that was killed", State: results.Hidden})
		}
		during = append(during, s.During...)
	}
	g.Parts = []results.GradePart{
		controlPart(control), precisionPart(standings, control),
		findingsPart("machine before", before), findingsPart("machine during", during),
	}
	for _, p := range g.Parts {
		g.Letter = max(g.Letter, p.Letter)
	}
	return g
}

// letterOf returns the best letter whose bound is at least x.
func letterOf(x float64, bounds []float64) results.Letter {
	i := 0
	for i < len(bounds) && !(x <= bounds[i]) {
		i++
	}
	return results.Letters[i]
}

func controlPart(c results.Control) results.GradePart {
	p := results.GradePart{What: "A/A control", Letter: "D"}
	switch {
	case len(c.Pairs) == 0:
		p.Found = "none: no map was measured twice"
	case c.Limit == 0:
		p.Found = "too few blocks for an interval"
	default:
		p.Found = fmt.Sprintf("limit %s: %s", Percent(c.Limit), Worst(c))
		p.Letter = letterOf(c.Limit, limitBounds)
	}
	return p
}

// precisionPart grades how well the effects between maps are known. If no two maps were compared,
// it takes those between a map and its twin.
func precisionPart(standings []*Standing, control results.Control) results.GradePart {
	var all []float64
	for _, s := range standings {
		all = append(all, s.halves()...)
	}
	if len(all) == 0 {
		for _, p := range control.Pairs {
			all = append(all, halfOf(p))
		}
	}
	p := results.GradePart{What: "precision", Letter: "D"}
	if len(all) == 0 {
		p.Found = "no two maps were compared"
		return p
	}
	half := stat.Median(all)
	if math.IsInf(half, 0) {
		p.Found = "too few blocks for an interval"
		return p
	}
	p.Letter = letterOf(half, precisionBounds)
	p.Found = fmt.Sprintf("effects are known to within %s (half of an interval; median of %d effects)", Percent(half), len(all))
	return p
}

// plainName says what a finding is about to a reader of the grade, who does not see its reason.
func plainName(what string) string {
	if what == "others" {
		return "other programs used the processors"
	}
	return what
}

// findingsPart grades findings by the worst of them.
func findingsPart(what string, all []results.Finding) results.GradePart {
	p := results.GradePart{What: what, Letter: "A"}
	var parts []string
	for _, state := range []struct {
		results.State
		letter results.Letter
	}{{results.Unfit, "C"}, {results.Doubt, "B"}, {results.Hidden, "B"}} {
		var named []string
		for _, f := range all {
			if name := plainName(f.What); f.State == state.State && !slices.Contains(named, name) {
				named = append(named, name)
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
