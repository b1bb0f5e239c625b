package report

import (
	"fmt"
	"math"
	"strings"
	"time"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/analysis/stat"
	"doublebuf/results"
)

// title is the heading of a part of the report.
func title(text string) export.Heading { return export.Heading{Level: 2, Text: text} }

// Label returns a verdict in the words that are printed beside a map's name everywhere.
func Label(v results.Verdict) string {
	switch {
	case v.Broken && v.Outcome == results.Illegal:
		return "FAILED, as expected"
	case v.Broken && v.Outcome == results.Ok:
		return "PASSED, expected to fail"
	case v.Outcome == results.Illegal:
		return "FAILED"
	}
	return string(v.Outcome)
}

// label is Label, strong if the verdict is not Ok.
func label(v results.Verdict) string { return export.Strong(Label(v), v.Outcome != results.Ok) }

// effect writes an effect, and whether it is conclusive.
func effect(e analysis.Effect) string {
	if e.N == 0 {
		return "no block in common"
	}
	form := percent
	if max(e.Median, e.Hi) >= 2 { // so that all three have one form
		form = func(ratio float64) string { return digits(ratio) + " times" }
	}
	text := form(e.Median) + interval(e.Summary, form)
	switch {
	case e.Doubt != analysis.NoDoubt:
		text += ", not conclusive: " + doubt(e)
	case e.OfBuild:
		text += ", in this build"
	}
	return text
}

// doubt says in words why an effect is not conclusive.
func doubt(e analysis.Effect) string {
	switch e.Doubt {
	case analysis.TooFew:
		return "too few blocks"
	case analysis.Tie:
		return "a tie"
	case analysis.WithinError:
		return fmt.Sprintf("it may lie within this run's %s error", analysis.Percent(e.Limit))
	}
	return "it may be chance"
}

// seconds writes the median of a time; nothing if there is none.
func seconds(s stat.Summary) string {
	if s.N == 0 {
		return ""
	}
	return results.FormatSeconds(s.Median)
}

// duration writes seconds as a time with three digits.
func duration(seconds float64) string {
	d := time.Duration(math.Round(seconds * 1e9))
	unit := time.Duration(1)
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit).String()
}

// nanoseconds writes the time of an operation; nothing if there is none.
func nanoseconds(seconds float64) string {
	if seconds == 0 {
		return ""
	}
	return number(seconds * 1e9)
}

// interval writes the interval of s, or nothing if it has none.
func interval(s stat.Summary, format func(float64) string) string {
	if !s.Interval {
		return ""
	}
	return fmt.Sprintf(" [%s, %s]", format(s.Lo), format(s.Hi))
}

// within writes the median of s and its interval, unless both ends are the same; nothing if there
// are no values.
func within(s stat.Summary, format func(float64) string) string {
	switch {
	case s.N == 0:
		return ""
	case s.Lo == s.Hi:
		return format(s.Median)
	}
	return format(s.Median) + interval(s, format)
}

// number writes three digits and a prefix.
func number(x float64) string {
	for _, p := range []struct {
		factor float64
		prefix string
	}{{1e9, " G"}, {1e6, " M"}, {1e3, " k"}} {
		if x >= p.factor*0.9995 {
			return digits(x/p.factor) + p.prefix
		}
	}
	return digits(x)
}

// digits writes x, which is below 1000, with three significant digits at least.
func digits(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// percent writes a ratio as a difference; large ones as a factor.
func percent(ratio float64) string {
	if ratio >= 2 {
		return fmt.Sprintf("%.3g times", ratio)
	}
	return strings.Replace(fmt.Sprintf("%+.1f %%", 100*(ratio-1)), "-0.0", "+0.0", 1)
}
