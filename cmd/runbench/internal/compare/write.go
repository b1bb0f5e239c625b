package compare

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"golang.org/x/perf/benchunit"

	"doublebuf/analysis"
)

// Heading is what stands above a comparison, and what is to be said of it.
type Heading struct {
	Old   string   `json:"old"` // what is compared with
	New   string   `json:"new"` // what is judged
	Notes []string `json:"notes"`
}

// Text writes c for a terminal.
func Text(w io.Writer, h Heading, c *Comparison) error {
	var b strings.Builder
	fmt.Fprintf(&b, "old: %s\nnew: %s\n", h.Old, h.New)
	for _, t := range c.Tables {
		fmt.Fprintf(&b, "\n%s\n", t.title())
		columns := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, row := range t.lines() {
			fmt.Fprintln(columns, strings.Join(row, "\t"))
		}
		columns.Flush()
	}
	fmt.Fprintf(&b, "\n%s\n", c.Tally())
	for _, note := range c.notes(h) {
		fmt.Fprintf(&b, "%s\n", note)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes c for a page or a pull request.
func Markdown(w io.Writer, h Heading, c *Comparison) error {
	var b strings.Builder
	fmt.Fprintf(&b, "- old: %s\n- new: %s\n", h.Old, h.New)
	for _, t := range c.Tables {
		fmt.Fprintf(&b, "\n### %s\n\n", t.title())
		for i, row := range t.lines() {
			if v := len(row) - 1; row[v] == string(Worse) || row[v] == string(Better) {
				row[v] = "**" + row[v] + "**"
			}
			fmt.Fprintf(&b, "| %s |\n", strings.ReplaceAll(strings.Join(row, "\x00"), "|", `\|`))
			if i == 0 {
				b.WriteString("|" + strings.Repeat(" --- |", len(row)) + "\n")
			}
		}
	}
	fmt.Fprintf(&b, "\n%s\n", c.Tally())
	for _, note := range c.notes(h) {
		fmt.Fprintf(&b, "\n> %s\n", note)
	}
	_, err := io.WriteString(w, strings.ReplaceAll(b.String(), "\x00", " | "))
	return err
}

// JSON writes c for another program. A number that JSON does not know is null.
func JSON(w io.Writer, h Heading, c *Comparison) error {
	type row struct {
		Cell    string     `json:"cell"`
		Old     *float64   `json:"old_median"`
		New     *float64   `json:"new_median"`
		N       [2]int     `json:"n"`
		Ratio   *float64   `json:"ratio"`
		Range   []*float64 `json:"interval"` // null without one
		P       float64    `json:"p"`
		Holm    float64    `json:"p_holm"`
		Verdict Verdict    `json:"verdict"`
		Why     string     `json:"why,omitempty"`
	}
	type table struct {
		Unit   string `json:"unit"`
		Better string `json:"better"`
		Rows   []row  `json:"rows"`
		Mean   *row   `json:"geomean"`
	}
	out := struct {
		Heading
		MinEffect float64  `json:"min_effect"`
		Claimable float64  `json:"claimable"` // the least effect that can be worse or better
		Paired    bool     `json:"paired"`
		Tables    []table  `json:"tables"`
		OnlyOld   []string `json:"only_old"`
		OnlyNew   []string `json:"only_new"`
	}{Heading: h, MinEffect: c.MinEffect, Claimable: c.Claimable(), Paired: c.Paired, OnlyOld: append([]string{}, c.OnlyOld...), OnlyNew: append([]string{}, c.OnlyNew...)}
	out.Notes = append([]string{}, h.Notes...)
	of := func(r Row) row {
		o := row{
			Cell: r.Cell, Old: finite(r.Old), New: finite(r.New), N: r.Effect.N, Ratio: finite(r.Effect.Ratio),
			P: r.Effect.P, Holm: r.Holm, Verdict: r.Verdict, Why: r.Why,
		}
		if r.Effect.Interval {
			o.Range = []*float64{finite(r.Effect.Lo), finite(r.Effect.Hi)}
		}
		return o
	}
	for _, t := range c.Tables {
		o := table{Unit: t.Unit, Better: t.Better}
		for _, r := range t.Rows {
			o.Rows = append(o.Rows, of(r))
		}
		if t.Mean != nil {
			mean := of(*t.Mean)
			o.Mean = &mean
		}
		out.Tables = append(out.Tables, o)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

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

// lines are the rows as text, below their heading.
func (t Table) lines() [][]string {
	lines := [][]string{{"cell", "old", "new", "effect", "95 % interval", "p (Holm)", "n", "verdict"}}
	rows := t.Rows
	if t.Mean != nil {
		rows = append(rows[:len(rows):len(rows)], *t.Mean)
	}
	class := benchunit.ClassOf(t.Unit)
	for _, r := range rows {
		interval, verdict := "-", string(r.Verdict)
		if r.Effect.Interval {
			interval = fmt.Sprintf("[%s, %s]", percent(r.Effect.Lo), percent(r.Effect.Hi))
		}
		if r.Why != "" {
			verdict += ": " + r.Why
		}
		n := fmt.Sprintf("%d+%d", r.Effect.N[0], r.Effect.N[1])
		if r.Effect.N[0] == r.Effect.N[1] {
			n = fmt.Sprint(r.Effect.N[0])
		}
		lines = append(lines, []string{
			r.Cell, benchunit.Scale(r.Old, class), benchunit.Scale(r.New, class),
			percent(r.Effect.Ratio), interval, probability(r.Holm), n, verdict,
		})
	}
	return lines
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

// Tally counts the verdicts.
func (c *Comparison) Tally() string {
	text := fmt.Sprintf("%d worse, %d better, %d same, %d inconclusive; minimum effect %.3g %%",
		len(c.Named(Worse)), len(c.Named(Better)), len(c.Named(Same)), len(c.Named(Inconclusive)), 100*c.MinEffect)
	if least := c.Claimable(); least > c.MinEffect {
		text += fmt.Sprintf(", and only what is more than %s is worse or better", analysis.Percent(least))
	}
	return text
}

// probability writes p with three digits after the point, never as none.
func probability(p float64) string {
	if p < 0.001 {
		return "<0.001"
	}
	return fmt.Sprintf("%.3f", p)
}

// notes are what is to be said below the tables.
func (c *Comparison) notes(h Heading) []string {
	of, test := "of all repetitions", "Welch's t test"
	if c.Paired {
		of, test = "within a block", "t test"
	}
	notes := []string{fmt.Sprintf("Effect: median of the ratios %s, with its interval; p: %s of the logarithms beyond %.3g %%, after Holm's correction over all rows.", of, test, 100*c.Claimable())}
	for _, only := range []struct {
		where string
		cells []string
	}{{"old", c.OnlyOld}, {"new", c.OnlyNew}} {
		if len(only.cells) > 0 {
			notes = append(notes, fmt.Sprintf("Only in %s, and not compared: %s.", only.where, strings.Join(only.cells, ", ")))
		}
	}
	return append(notes, h.Notes...)
}
