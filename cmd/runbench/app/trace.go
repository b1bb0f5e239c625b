package app

import (
	"flag"
	"fmt"
	"math"
	"strings"

	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/workloads"
)

func traceCommand() command {
	return command{
		name:  "trace",
		args:  "[flags] FILE|source|defs|bgp",
		short: "what a trace of real input is like: keys, hits, skew",
		long: `
Reads a trace and says what it is like: its licence, steps, distinct keys, the share of its
gets that an unlimited cache would hit, and the Zipf distribution that is nearest to how often
keys come, with the greatest difference between the two (0 to 1). A trace is a file, which may
be compressed by gzip, or one of these:

` + traceDocs() + `
Formats of files:

` + formatDocs(),
		examples: `  runbench trace defs
  runbench trace -format twitter -skip-malformed cluster001.csv.gz
`,
		setup: func(s *session, fs *flag.FlagSet) func([]string) error {
			var in workloads.TraceInput
			declareTrace(fs, &in)
			return func(args []string) error {
				if len(args) != 1 {
					return usagef("trace: %d arguments; want one, a file or one of source, defs and bgp", len(args))
				}
				in.Name = args[0]
				t, err := loadTrace(&in)
				if err != nil {
					return err
				}
				s.describe(t)
				return nil
			}
		},
	}
}

func traceDocs() string {
	var b strings.Builder
	for _, k := range workloads.KnownTraces() {
		fmt.Fprintf(&b, "  %-9s %s\n", k.Name, k.Doc)
	}
	return b.String()
}

func formatDocs() string {
	var b strings.Builder
	for _, f := range workloads.Formats() {
		fmt.Fprintf(&b, "  %-9s %s\n", f.Name, f.Doc)
	}
	return b.String()
}

// declareTrace declares the flags that say how a trace is read.
func declareTrace(fs *flag.FlagSet, in *workloads.TraceInput) {
	fs.StringVar(&in.Format, "format", "plain", "the `format` of a trace's file")
	fs.BoolVar(&in.SkipMalformed, "skip-malformed", false, "count malformed lines of a trace, rather than refuse it")
}

// loadTrace reads the trace.
func loadTrace(in *workloads.TraceInput) (*workloads.Trace, error) {
	if _, ok := workloads.FindFormat(in.Format); !ok {
		var known []string
		for _, f := range workloads.Formats() {
			known = append(known, f.Name)
		}
		return nil, exit{ExitUsage, names.Unknown("format", in.Format, known)}
	}
	for _, k := range workloads.KnownTraces() {
		if k.Name == in.Name && (in.Format != "plain" || in.SkipMalformed) {
			return nil, usagef("trace %s is no file: it has no -format and no malformed lines; want it alone", in.Name)
		}
	}
	return in.Load()
}

// describe prints what t is like.
func (s *session) describe(t *workloads.Trace) {
	w := columns(s.stdout)
	for _, row := range traceRows(t) {
		fmt.Fprintln(w, row[0]+"\t"+row[1])
	}
	w.Flush()
}

// traceRows says what t is like, in rows of a name and what it stands for.
func traceRows(t *workloads.Trace) [][2]string {
	var kinds [3]int
	for _, k := range t.Kinds {
		kinds[k]++
	}
	percent := func(share float64) string {
		if math.IsNaN(share) {
			return "-"
		}
		return fmt.Sprintf("%.1f %%", 100*share)
	}
	of := func(k workloads.Kind) string { return percent(float64(kinds[k]) / float64(len(t.Kinds))) }
	theta, off := t.ZipfFit()
	licence := t.Licence
	if licence == "" {
		licence = "not stated"
	}
	return [][2]string{
		{"trace", t.Name},
		{"licence", licence},
		{"sha256", t.Digest},
		{"steps", fmt.Sprintf("%d: %s gets, %s sets, %s deletes", len(t.Index), of(workloads.Get), of(workloads.Set), of(workloads.Delete))},
		{"distinct keys", fmt.Sprint(len(t.Names))},
		{"gets that hit", percent(t.HitShare())},
		{"nearest zipf", fmt.Sprintf("theta %.2f, off by %.3f", theta, off)},
		{"malformed lines", fmt.Sprintf("%d, skipped", t.Skipped)},
	}
}
