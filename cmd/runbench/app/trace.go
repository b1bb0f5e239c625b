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
			asJSON := fs.Bool("json", false, "print it as JSON")
			return func(args []string) error {
				if len(args) != 1 {
					return usagef("trace: %d arguments; want one, a file or one of source, defs and bgp", len(args))
				}
				in.Name = args[0]
				t, err := loadTrace(&in)
				if err != nil {
					return err
				}
				if *asJSON {
					return writeJSON(s.stdout, tracedOf(t))
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

// traced says what a trace is like.
type traced struct {
	Trace    string   `json:"trace"`
	Licence  string   `json:"licence"` // "" if it does not say
	SHA256   string   `json:"sha256"`
	Steps    int      `json:"steps"`
	Gets     int      `json:"gets"`
	Sets     int      `json:"sets"`
	Deletes  int      `json:"deletes"`
	Keys     int      `json:"distinct_keys"`
	HitShare *float64 `json:"hit_share"` // of the gets; null without any
	Theta    float64  `json:"zipf_theta"`
	Off      float64  `json:"zipf_off"`
	Skipped  int      `json:"malformed_lines_skipped"`
}

func tracedOf(t *workloads.Trace) traced {
	var kinds [3]int
	for _, k := range t.Kinds {
		kinds[k]++
	}
	d := traced{
		Trace: t.Name, Licence: t.Licence, SHA256: t.Digest, Steps: len(t.Index),
		Gets: kinds[workloads.Get], Sets: kinds[workloads.Set], Deletes: kinds[workloads.Delete], Keys: len(t.Names), Skipped: t.Skipped,
	}
	theta, off := t.ZipfFit()
	d.Theta, d.Off = math.Round(theta*1e6)/1e6, math.Round(off*1e6)/1e6
	if share := t.HitShare(); !math.IsNaN(share) {
		d.HitShare = &share
	}
	return d
}

// traceRows says what t is like, in rows of a name and what it stands for.
func traceRows(t *workloads.Trace) [][2]string {
	d := tracedOf(t)
	percent := func(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
	of := func(n int) string { return percent(float64(n) / float64(d.Steps)) }
	hits := "-"
	if d.HitShare != nil {
		hits = percent(*d.HitShare)
	}
	licence := d.Licence
	if licence == "" {
		licence = "not stated"
	}
	return [][2]string{
		{"trace", d.Trace},
		{"licence", licence},
		{"sha256", d.SHA256},
		{"steps", fmt.Sprintf("%d: %s gets, %s sets, %s deletes", d.Steps, of(d.Gets), of(d.Sets), of(d.Deletes))},
		{"distinct keys", fmt.Sprint(d.Keys)},
		{"gets that hit", hits},
		{"nearest zipf", fmt.Sprintf("theta %.2f, off by %.3f", d.Theta, d.Off)},
		{"malformed lines", fmt.Sprintf("%d, skipped", d.Skipped)},
	}
}
