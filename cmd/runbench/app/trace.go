package app

import (
	"flag"
	"fmt"
	"strings"

	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/plan"
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
					return exit.Usagef("trace: %d arguments; want one, a file or one of source, defs and bgp", len(args))
				}
				in.Name = args[0]
				t, err := plan.LoadTrace(&in)
				if err != nil {
					return err
				}
				if *asJSON {
					return writeJSON(s.stdout, plan.TraceFactsOf(t))
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

// describe prints what t is like.
func (s *session) describe(t *workloads.Trace) {
	w := columns(s.stdout)
	for _, row := range plan.TraceRows(t) {
		fmt.Fprintln(w, row[0]+"\t"+row[1])
	}
	w.Flush()
}
