package compare

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/perf/benchunit"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/analysis/stat"
)

// Heading names what is compared, with notes on the comparison.
type Heading struct {
	Old   string   `json:"old"` // what is compared with
	New   string   `json:"new"` // what is judged
	Notes []string `json:"notes"`
}

// Document returns c as a document.
func Document(h Heading, c *Comparison) *export.Document {
	d := &export.Document{Data: data(h, c)}
	d.Add(export.List{"old: " + h.Old, "new: " + h.New})
	for _, t := range c.Tables {
		d.Add(export.Gap{}, export.Heading{Level: 3, Text: t.title()}, t.table())
	}
	d.Add(export.Gap{}, export.Line(c.Tally()))
	for _, note := range c.notes(h) {
		d.Add(export.Note{note})
	}
	return d
}

// The form of a comparison as JSON. A number that JSON cannot express is null.
type (
	jsonComparison struct {
		Heading
		MinEffect float64     `json:"min_effect"`
		Claimable float64     `json:"claimable"` // the smallest effect that can be better or worse
		Paired    bool        `json:"paired"`
		Tables    []jsonTable `json:"tables"`
		Unchanged []string    `json:"unchanged,omitempty"`
		OnlyOld   []string    `json:"only_old"`
		OnlyNew   []string    `json:"only_new"`
	}
	jsonTable struct {
		Unit   string    `json:"unit"`
		Better string    `json:"better"`
		Varies float64   `json:"deviation,omitempty"` // of unchanged maps between the runs, as a share
		Rows   []jsonRow `json:"rows"`
		Mean   *jsonRow  `json:"geomean"`
	}
	jsonRow struct {
		Cell       string     `json:"cell"`
		Old        *float64   `json:"old_median"`
		New        *float64   `json:"new_median"`
		N          [2]int     `json:"n"`
		Ratio      *float64   `json:"ratio"`
		Range      []*float64 `json:"interval"`                    // null without one
		Relative   *float64   `json:"relative,omitempty"`          // to unchanged maps
		Around     []*float64 `json:"relative_interval,omitempty"` // of Relative
		Unchanged  bool       `json:"unchanged,omitempty"`
		P          float64    `json:"p"` // of Relative, if there is one
		Holm       float64    `json:"p_holm"`
		Conclusion Conclusion `json:"verdict"`
		Why        string     `json:"why,omitempty"`
	}
)

func data(h Heading, c *Comparison) jsonComparison {
	out := jsonComparison{
		Heading: h, MinEffect: c.MinEffect, Claimable: c.MinConclusive(), Paired: c.Paired, Unchanged: c.Unchanged,
		OnlyOld: append([]string{}, c.OnlyOld...), OnlyNew: append([]string{}, c.OnlyNew...),
	}
	out.Notes = append(append([]string{}, c.Notes...), h.Notes...)
	for _, t := range c.Tables {
		o := jsonTable{Unit: t.Unit, Better: t.Better, Varies: math.Expm1(t.Deviation.SD)}
		for _, r := range t.Rows {
			o.Rows = append(o.Rows, r.data())
		}
		if t.Mean != nil {
			mean := t.Mean.data()
			o.Mean = &mean
		}
		out.Tables = append(out.Tables, o)
	}
	return out
}

func (r Row) data() jsonRow {
	o := jsonRow{
		Cell: r.Cell, Old: finite(r.Old), New: finite(r.New), N: r.Effect.N, Ratio: finite(r.Effect.Ratio),
		Unchanged: r.Unchanged, P: r.judged().P, Holm: r.Holm, Conclusion: r.Conclusion, Why: r.Why,
	}
	if r.Effect.Interval {
		o.Range = []*float64{finite(r.Effect.Lo), finite(r.Effect.Hi)}
	}
	if r.Relative != nil {
		o.Relative = finite(r.Relative.Ratio)
		if r.Relative.Interval {
			o.Around = []*float64{finite(r.Relative.Lo), finite(r.Relative.Hi)}
		}
	}
	return o
}

// finite returns nil for a number that JSON cannot express.
func finite(x float64) *float64 {
	if math.IsInf(x, 0) || math.IsNaN(x) {
		return nil
	}
	return &x
}

func (t Table) title() string {
	if t.Better == "" {
		return t.Unit + " (which direction is better is not known)"
	}
	return t.Unit + " (" + t.Better + " is better)"
}

// table is the rows as text.
func (t Table) table() export.Table {
	rows := t.Rows
	if t.Mean != nil {
		rows = append(rows[:len(rows):len(rows)], *t.Mean)
	}
	relative := slices.ContainsFunc(rows, func(r Row) bool { return r.Relative != nil })
	out := export.Table{Columns: []string{"cell", "old", "new", "effect", "95 % interval"}}
	if relative {
		out.Columns = append(out.Columns, "relative to unchanged maps", "95 % interval")
	}
	out.Columns = append(out.Columns, "p (Holm)", "n", "conclusion")
	class := benchunit.ClassOf(t.Unit)
	for _, r := range rows {
		conclusion := export.Strong(string(r.Conclusion), r.Conclusion == Worse || r.Conclusion == Better)
		if r.Why != "" {
			conclusion += ": " + r.Why
		}
		n := fmt.Sprintf("%d+%d", r.Effect.N[0], r.Effect.N[1])
		if r.Effect.N[0] == r.Effect.N[1] {
			n = fmt.Sprint(r.Effect.N[0])
		}
		cell := r.Cell
		if r.Unchanged {
			cell += " (unchanged)"
		}
		row := []string{cell, scale(r.Old, class), scale(r.New, class), percent(r.Effect.Ratio), interval(r.Effect)}
		switch {
		case r.Relative != nil:
			row = append(row, percent(r.Relative.Ratio), interval(*r.Relative))
		case relative:
			row = append(row, "-", "-")
		}
		out.Rows = append(out.Rows, append(row, probability(r.Holm), n, conclusion))
	}
	return out
}

// scale writes a value with the prefix of its size.
func scale(value float64, class benchunit.Class) string {
	if math.IsNaN(value) {
		return "-"
	}
	return benchunit.Scale(value, class)
}

// interval writes the interval of an effect.
func interval(e stat.Effect) string {
	if !e.Interval {
		return "-"
	}
	return fmt.Sprintf("[%s, %s]", percent(e.Lo), percent(e.Hi))
}

// percent writes a ratio as a difference; large ones as a factor.
func percent(ratio float64) string {
	switch {
	case math.IsNaN(ratio):
		return "-"
	case math.IsInf(ratio, 1):
		return "from zero"
	case ratio >= 10:
		return fmt.Sprintf("%.3g times", ratio)
	}
	return strings.Replace(fmt.Sprintf("%+.1f %%", 100*(ratio-1)), "-0.0 ", "+0.0 ", 1)
}

// Tally counts the conclusions.
func (c *Comparison) Tally() string {
	text := fmt.Sprintf("%d worse, %d better, %d same, %d inconclusive; minimum effect %.3g %%",
		len(c.Named(Worse)), len(c.Named(Better)), len(c.Named(Same)), len(c.Named(Inconclusive)), 100*c.MinEffect)
	if least := c.MinConclusive(); least > c.MinEffect {
		text += fmt.Sprintf("; only differences of more than %s are better or worse", analysis.Percent(least))
	}
	return text
}

// probability writes p with three digits after the point. It never writes a small p as 0.
func probability(p float64) string {
	if p < 0.001 {
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// notes are the lines below the tables.
func (c *Comparison) notes(h Heading) []string {
	effect, test := "pseudomedian of the ratios of all repetitions (Hodges and Lehmann)", "Welch's t test"
	if c.Paired {
		effect, test = "pseudomedian of the ratios within a block (Hodges and Lehmann)", fmt.Sprintf("signed-rank test, or t test with fewer than %d blocks or several processes,", stat.MinRanks)
	}
	notes := []string{fmt.Sprintf("Effect: %s, with its interval. p: %s on the logarithms, for an effect beyond %.3g %%, Holm-corrected over all rows.", effect, test, 100*c.MinConclusive())}
	notes = append(notes, c.varies()...)
	for _, only := range []struct {
		where string
		cells []string
	}{{"old", c.OnlyOld}, {"new", c.OnlyNew}} {
		if len(only.cells) > 0 {
			notes = append(notes, fmt.Sprintf("Only in %s, and not compared: %s.", only.where, strings.Join(only.cells, ", ")))
		}
	}
	return slices.Concat(notes, c.Notes, h.Notes)
}

// drift says how much the rows of unchanged maps changed, and which of them the least and the most.
func (t Table) drift() string {
	var same []Row
	sum := 0.0
	for _, r := range t.Rows {
		if r.Unchanged && !math.IsInf(math.Log(r.Effect.Ratio), 0) && !math.IsNaN(r.Effect.Ratio) {
			same, sum = append(same, r), sum+math.Log(r.Effect.Ratio)
		}
	}
	byEffect := func(a, b Row) int { return cmp.Compare(a.Effect.Ratio, b.Effect.Ratio) }
	least, most := slices.MinFunc(same, byEffect), slices.MaxFunc(same, byEffect)
	return fmt.Sprintf("The unchanged rows changed by %s on average, from %s (%s) to %s (%s).",
		percent(math.Exp(sum/float64(len(same)))), percent(least.Effect.Ratio), least.Cell, percent(most.Effect.Ratio), most.Cell)
}

// varies says what is known about the variation between two runs.
func (c *Comparison) varies() (notes []string) {
	const one = "Each conclusion rests on one run of each side, and another run may differ."
	switch {
	case c.OneRun:
		return nil
	case len(c.Unchanged) == 0:
		return []string{"How much two runs of the same code differ is not known: no map is known to have the same code in both. " + one}
	}
	notes = append(notes, fmt.Sprintf("Unchanged maps, whose code is the same in both runs: %s.", strings.Join(c.Unchanged, ", ")))
	relative, known := false, false
	for _, t := range c.Tables {
		relative = relative || slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Relative != nil })
		if t.Deviation.DF > 0 {
			known = true
			notes = append(notes, fmt.Sprintf("The same code differed by %s between the two runs (standard deviation over the unchanged maps of one workload, %s, %d degrees of freedom). %s",
				analysis.Percent(math.Expm1(t.Deviation.SD)), t.Unit, t.Deviation.DF, t.drift()))
		}
	}
	if relative {
		notes = append(notes, "Relative: the effect over the mean effect of the other unchanged maps of the workload, block by block. Conclusions and p are about the relative effect where there is one.")
	}
	if known {
		return append(notes, "The relative interval allows for the variation between the two runs. "+one)
	}
	return append(notes, "How much two runs of the same code differ is not known: no workload has two unchanged maps. "+one)
}
