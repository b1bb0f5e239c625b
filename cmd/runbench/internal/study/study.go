// Package study holds a text about a run to the run's cells: it reads the claims that
// stand in the text, and says of each whether the cells of this or of another run bear it out.
//
// # Claims
//
// A claim is a comment of the Markdown text, behind the sentence that it belongs to, so that
// readers of the text do not see it:
//
//	Over 1Mi keys the flat table does 2.1 times what xsync.Map does.
//	<!-- claim: 2.1 times: ops/s of dbuf-flat-b4096 over xsync in mix=read-only/keys=1Mi/g=2 -->
//
//	claim    = "claim:" [ "at least" | "at most" ] figure ":" unit "of" map [ "over" map ] "in" cell
//	figure   = number [ "times" | "% more" | "% less" | "k" | "M" | "G" | "ns" | "µs" | "ms" | "s" | "%" ]
//	cell     = parts of its benchmark name, as in mix=r95w5/g=2, and its kind before them unless that is Map
//
// The figure stands in the paragraph in the same words. The parts name one cell of each map.
// With "over" the figure is the first map's value over the second's, paired by block; without,
// it is the map's value.
//
// Every figure of a paragraph that ends in one of these words needs a claim; headings, tables and code
// are not looked at.
package study

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"doublebuf/analysis"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// Claim is one claim of a text.
type Claim struct {
	Line     int    // of the text, from 1
	Figure   string // as it stands there
	Unit     string
	Map      string
	Over     string // "" if the figure is a value of Map's alone
	Cell     string // parts of the benchmark name
	relation relation
	value    float64
}

type relation string

const (
	about   relation = ""
	atLeast relation = "at least"
	atMost  relation = "at most"
)

var (
	comment = regexp.MustCompile(`<!--\s*claim:([^>]*)-->`)
	syntax  = regexp.MustCompile(`^\s*(at least |at most |)([^:]+): (\S+) of (\S+)(?: over (\S+))? in (\S+)\s*$`)
	figure  = regexp.MustCompile(`[+-]?\b\d+(?:\.\d+)? (?:times|% more|% less|%|k|M|G|ns|µs|ms|s)(?:\W|$)`)
	number  = regexp.MustCompile(`^(\d+(?:\.\d+)?) ?(.*)$`)
	scale   = map[string]float64{"": 1, "times": 1, "%": 0.01, "k": 1e3, "M": 1e6, "G": 1e9, "ns": 1e-9, "µs": 1e-6, "ms": 1e-3, "s": 1}
)

// Said is the figure as the claim has it, with "at least" or "at most".
func (c Claim) Said() string { return strings.TrimSpace(string(c.relation) + " " + c.Figure) }

// Parse returns the claims of a text in their order. A claim that cannot be understood and a
// figure without a claim are errors, with their lines.
func Parse(text string) ([]Claim, error) {
	var claims []Claim
	line, fenced := 1, false
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		found, err := parseParagraph(paragraph, line, &fenced)
		if err != nil {
			return nil, err
		}
		claims = append(claims, found...)
		line += strings.Count(paragraph, "\n") + 2
	}
	return claims, nil
}

// parseParagraph returns the claims of a paragraph that begins in a line.
func parseParagraph(paragraph string, line int, fenced *bool) ([]Claim, error) {
	if strings.HasPrefix(paragraph, "    ") {
		return nil, nil // code
	}
	prose := ""
	for i, l := range strings.Split(paragraph, "\n") {
		if strings.HasPrefix(l, "```") {
			*fenced = !*fenced
			l = ""
		}
		if *fenced || strings.HasPrefix(l, "#") || strings.HasPrefix(l, "|") {
			l = ""
		}
		if i > 0 {
			prose += "\n"
		}
		prose += l
	}
	at := func(offset int) int { return line + strings.Count(prose[:offset], "\n") }
	plain := comment.ReplaceAllStringFunc(prose, func(c string) string { return strings.Repeat("\n", strings.Count(c, "\n")) })
	var claims []Claim
	for _, m := range comment.FindAllStringSubmatchIndex(prose, -1) {
		c, err := parseClaim(strings.Join(strings.Fields(prose[m[2]:m[3]]), " "))
		c.Line = at(m[0])
		if err == nil && !strings.Contains(strings.Join(strings.Fields(plain), " "), c.Figure) {
			err = fmt.Errorf("the paragraph does not say %q", c.Figure)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: claim: %w", c.Line, err)
		}
		claims = append(claims, c)
	}
	for _, m := range figure.FindAllStringIndex(plain, -1) {
		said := strings.TrimRight(plain[m[0]:m[1]], " \t\n.,;:()*_")
		if !slices.ContainsFunc(claims, func(c Claim) bool { return c.Figure == said }) {
			return nil, fmt.Errorf("line %d: %q has no claim; want one behind it, as in <!-- claim: %s: ops/s of A over B in mix=M/g=2 -->", line+strings.Count(plain[:m[0]], "\n"), said, said)
		}
	}
	return claims, nil
}

func parseClaim(s string) (Claim, error) {
	m := syntax.FindStringSubmatch(s)
	if m == nil {
		return Claim{}, fmt.Errorf(`%q; want "[at least|at most] FIGURE: UNIT of MAP [over MAP] in CELL"`, s)
	}
	c := Claim{relation: relation(strings.TrimSpace(m[1])), Figure: m[2], Unit: m[3], Map: m[4], Over: m[5], Cell: m[6]}
	n := number.FindStringSubmatch(c.Figure)
	if n == nil {
		return c, fmt.Errorf("the figure %q is no number; want one as in 2.1 times", c.Figure)
	}
	v, err := strconv.ParseFloat(n[1], 64)
	if err != nil {
		return c, err
	}
	switch n[2] {
	case "% more":
		c.value = 1 + v/100
	case "% less":
		c.value = 1 - v/100
	default:
		by, ok := scale[n[2]]
		if !ok {
			return c, fmt.Errorf("the figure %q is in %q; want times, %% more, %% less, k, M, G, ns, µs, ms, s, %% or nothing", c.Figure, n[2])
		}
		c.value = v * by
	}
	return c, nil
}

// Restated is the figure as the text would have it of a value: in the same words, with as many digits
// after the point, or more if it had less than two significant ones.
func (c Claim) Restated(v float64) string {
	n := number.FindStringSubmatch(c.Figure)
	unit := n[2]
	_, fraction, _ := strings.Cut(n[1], ".")
	switch more := strings.HasSuffix(unit, "% more"); {
	case more || strings.HasSuffix(unit, "% less"):
		unit = "% more"
		if v = 100 * (v - 1); v < 0 {
			v, unit = -v, "% less"
		}
	default:
		v /= scale[unit]
	}
	digits := len(fraction)
	for scaled := v * math.Pow10(digits); scaled > 0 && scaled < 9.5 && digits < 4; scaled *= 10 {
		digits++
	}
	return strings.TrimSpace(strconv.FormatFloat(v, 'f', digits, 64) + " " + unit)
}

// Outcome is what the cells say of a claim.
type Outcome string

const (
	// Supported: the whole interval bears the claim out. For a figure without "at least" or
	// "at most" that is to lie within Tolerance of it.
	Supported Outcome = "supported"
	// Contradicted: the whole interval speaks against it, or a map failed its check.
	Contradicted Outcome = "contradicted"
	// Unsure: the interval holds both, or there is none.
	Unsure Outcome = "unsure"
	// Missing: the run has not measured it.
	Missing Outcome = "not measured"
)

// Tolerance is the ratio by which a value may be off a figure, either way.
const Tolerance = 1.25

// Finding is a claim with what the cells say.
type Finding struct {
	Claim
	Outcome Outcome
	Seen    stat.Summary // zero if not measured
	Why     string       // if not supported
}

// Judge holds a claim to the cells of a run. It fails if the claim names several cells.
func Judge(set *analysis.Run, c Claim) (Finding, error) {
	f := Finding{Claim: c}
	a, err := find(set, c, c.Map)
	if err != nil {
		return f, err
	}
	b := a
	if c.Over != "" {
		if b, err = find(set, c, c.Over); err != nil {
			return f, err
		}
	}
	switch {
	case a == nil || b == nil:
	case c.Over != "":
		f.Seen = set.Effect(a, b, c.Unit).Summary
	default:
		f.Seen = a.Summary(c.Unit)
	}
	if f.Seen.N == 0 {
		f.Outcome, f.Why = Missing, "no such cells"
		return f, nil
	}
	for _, name := range []string{c.Map, c.Over} {
		if name != "" && set.Verdict(name).Outcome == results.Illegal {
			f.Outcome, f.Why = Contradicted, name+" failed its check"
			return f, nil
		}
	}
	if !f.Seen.Interval {
		f.Outcome, f.Why = Unsure, "too few repetitions for an interval"
		return f, nil
	}
	// The claim is that the true value lies from low to high.
	low, high := c.value/Tolerance, c.value*Tolerance
	inf := max(f.Seen.Hi, high) + 1
	switch c.relation {
	case atLeast:
		low, high = c.value, inf
	case atMost:
		low, high = 0, c.value
	}
	switch {
	case f.Seen.Lo >= low && f.Seen.Hi <= high:
		f.Outcome = Supported
	case f.Seen.Hi < low || f.Seen.Lo > high:
		f.Outcome, f.Why = Contradicted, "the whole interval speaks against it"
	default:
		f.Outcome, f.Why = Unsure, "the interval holds values for and against it"
	}
	return f, nil
}

// find returns the group of a map that the parts of a claim's cell name; nil if there is
// none.
func find(set *analysis.Run, c Claim, name string) (*analysis.Group, error) {
	var found []*analysis.Group
	parts := strings.Split(c.Cell, "/")
	if strings.Contains(parts[0], "=") {
		parts = append([]string{string(results.Throughput)}, parts...)
	}
	for _, g := range set.AllGroups() {
		id := g.ID.Name()
		has := strings.Split(id[:strings.LastIndex(id, "-")], "/")
		if g.ID.Impl == name && !slices.ContainsFunc(parts, func(p string) bool { return !slices.Contains(has, p) }) {
			found = append(found, g)
		}
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("line %d: %q names %d cells of %s, such as %s and %s; want more parts", c.Line, c.Cell, len(found), name, found[0].ID.Name(), found[1].ID.Name())
}
