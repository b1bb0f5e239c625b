// Package study compares a text about a run with the cells of that run, or of another one. It reads
// the claims in the text and says of each whether it holds.
//
// # Claims
//
// A claim is a comment in the Markdown text, after the sentence that it belongs to. Readers of the
// text do not see it:
//
//	Over 1Mi keys the flat table does 2.1 times what xsync.Map does.
//	<!-- claim: 2.1 times: ops/s of dbuf-flat-b4096 over xsync in mix=read-only/keys=1Mi/g=2 -->
//
//	claim    = "claim:" [ "at least" | "at most" ] figure ":"
//	           unit "of" map [ "over" map ] "in" cell
//	figure   = number [ unit ]
//	unit     = "times" | "% more" | "% less" | "k" | "M" | "G" | "ns" | "µs" | "ms" | "s" | "%"
//	cell     = parts of its benchmark name, as in mix=r95w5/g=2, after its kind unless that is Map
//
// The paragraph must contain the figure in the same words. The parts name one cell of each map.
// With "over" the figure is the first map's value over the second's, paired by block. Without, it
// is the map's value.
//
// Every figure of a paragraph with such a unit needs a claim. Headings, tables and code are not
// checked.
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
	Figure   string // in the words of the text
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

// Said is the figure in the words of the claim, with "at least" or "at most".
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
			err = fmt.Errorf("the paragraph does not contain %q", c.Figure)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: claim: %w", c.Line, err)
		}
		claims = append(claims, c)
	}
	for _, m := range figure.FindAllStringIndex(plain, -1) {
		said := strings.TrimRight(plain[m[0]:m[1]], " \t\n.,;:()*_")
		if !slices.ContainsFunc(claims, func(c Claim) bool { return c.Figure == said }) {
			return nil, fmt.Errorf("line %d: %q has no claim; want one after it, as in <!-- claim: %s: ops/s of A over B in mix=M/g=2 -->", line+strings.Count(plain[:m[0]], "\n"), said, said)
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
		return c, fmt.Errorf("the figure %q is not a number; want one as in 2.1 times", c.Figure)
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

// Restated is the figure as the text would have it of a value: in the same words, with as many
// digits after the point, or more if it had less than two significant ones.
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

// Result says whether a run bears a claim out.
type Result string

const (
	// Holds: the whole interval agrees with the claim. For a figure without "at least" or "at most"
	// it lies within Tolerance of the figure. The value is inside the bounds of the claim by more
	// than the A/A limit of its workload. And the claim is conclusive after Holm's correction over
	// all claims of the text that have an interval.
	Holds Result = "holds"
	// Fails: the same, on the other side of a bound, or a map failed its check.
	Fails Result = "fails"
	// Undecided: neither, or there is no interval.
	Undecided Result = "undecided"
	// Missing: the run has not measured it.
	Missing Result = "not measured"
)

// Tolerance is the largest ratio between a value and the figure that claims it, either way.
const Tolerance = 1.25

// Judged is a claim with its result.
type Judged struct {
	Claim
	Result Result
	Seen   stat.Summary // what the cells show; zero if it was not measured
	Why    string       // if the claim does not hold
}

// Judge compares the claims of a text with the cells of a run. It fails if a claim names several
// cells.
func Judge(run *analysis.Run, claims []Claim) ([]Judged, error) {
	all := make([]Judged, len(claims))
	var family []*Judged // all claims that have an interval
	var p []float64
	for i, c := range claims {
		j, probability, err := judge(run, c)
		if err != nil {
			return nil, err
		}
		if all[i] = j; probability <= 1 {
			family, p = append(family, &all[i]), append(p, probability)
		}
	}
	for i, corrected := range stat.Holm(p) {
		if j := family[i]; j.Result != Undecided && corrected >= 1-stat.Confidence {
			j.Result, j.Why = Undecided, fmt.Sprintf("not conclusive as one of %d claims", len(p))
		}
	}
	return all, nil
}

// untested is the probability of a result without an interval.
const untested = 2

// judge compares one claim with the cells of a run. It returns the probability of the result, not
// corrected for other claims.
func judge(run *analysis.Run, c Claim) (Judged, float64, error) {
	j := Judged{Claim: c}
	a, err := find(run, c, c.Map)
	if err != nil {
		return j, untested, err
	}
	var b *analysis.Group
	if c.Over != "" {
		if b, err = find(run, c, c.Over); err != nil {
			return j, untested, err
		}
	}
	switch {
	case a == nil || c.Over != "" && b == nil:
	case c.Over != "":
		j.Seen = run.Effect(a, b, c.Unit).Summary
	default:
		j.Seen = a.Summary(c.Unit)
	}
	if j.Seen.N == 0 {
		j.Result, j.Why = Missing, "no such cells"
		if a != nil && (c.Over == "" || b != nil) {
			j.Why = "the cells have no such value, or zeros, which have no ratio"
		}
		return j, untested, nil
	}
	for _, name := range []string{c.Map, c.Over} {
		if name != "" && run.Verdict(name).Outcome == results.Illegal {
			j.Result, j.Why = Fails, name+" failed its check"
			return j, untested, nil
		}
	}
	if !j.Seen.Interval {
		j.Result, j.Why = Undecided, "too few blocks for an interval"
		return j, untested, nil
	}
	limit := 0.0
	if a.ID.Kind == results.Throughput && results.IsRate(c.Unit) {
		limit = run.Limit(a.ID.Workload())
	}
	var bounds []bound
	j.Result, j.Why, bounds = c.compare(j.Seen, limit)
	p := 0.0
	for _, at := range bounds {
		p = max(p, analysis.Beyond(a, b, c.Unit, at.value, at.side))
	}
	if len(bounds) == 0 { // undecided
		p = 1
	}
	return j, p, nil
}

// bound is an edge of a claim. side is the side on which the values lie.
type bound struct {
	value float64
	side  stat.Side
}

// compare compares the claim with what was seen in a workload with an A/A limit. It returns the
// bounds that decided.
func (c Claim) compare(seen stat.Summary, limit float64) (r Result, why string, decided []bound) {
	// The claim is that the true value lies from low to high.
	low, high := c.value/Tolerance, c.value*Tolerance
	switch c.relation {
	case atLeast:
		low, high = c.value, math.Inf(1)
	case atMost:
		low, high = math.Inf(-1), c.value
	}
	holds := seen.Lo >= low && seen.Hi <= high
	switch {
	case holds:
		r, decided = Holds, []bound{{low, stat.Above}, {high, stat.Below}}
	case seen.Hi < low:
		r, why, decided = Fails, "the whole interval speaks against it", []bound{{low, stat.Below}}
	case seen.Lo > high:
		r, why, decided = Fails, "the whole interval speaks against it", []bound{{high, stat.Above}}
	default:
		return Undecided, "the interval includes values for and against it", nil
	}
	decided = slices.DeleteFunc(decided, func(b bound) bool { return math.IsInf(b.value, 0) })
	for _, b := range decided {
		if near := seen.Median <= b.value*(1+limit) && seen.Median >= b.value/(1+limit); near && limit > 0 {
			return Undecided, fmt.Sprintf("it is decided by less than %s, the A/A limit of the workload", analysis.Percent(limit)), nil
		}
	}
	return r, why, decided
}

// find returns the group that the parts of a claim's cell name, of the map name; nil if there is
// none.
func find(run *analysis.Run, c Claim, name string) (*analysis.Group, error) {
	var found []*analysis.Group
	parts := strings.Split(c.Cell, "/")
	if strings.Contains(parts[0], "=") {
		parts = append([]string{string(results.Throughput)}, parts...)
	}
	for _, g := range run.AllGroups() {
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
