package app

import (
	"flag"
	"strings"

	"doublebuf/analysis/export"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/terminal"
	"doublebuf/workloads"
)

func traceCommand() command {
	return command{
		name:  "trace",
		args:  "[flags] FILE|source|defs|bgp",
		short: "describe a trace of real input: keys, hits, skew",
		long: `
Reads a trace and describes it: licence, steps, distinct keys, and the share of its gets that an
unlimited cache would hit. It also names the Zipf distribution that is nearest to the frequencies of
its keys, and the greatest difference between the two (0 to 1). A trace is a file, which may be
compressed by gzip or zstd, or one of these:

` + traceDocs() + `
Formats of files:

` + formatDocs(),
		examples: `  runbench trace defs
  runbench trace -format twitter -steps 1000000 cluster001.csv.zst
  runbench trace -format csv:key:op requests.csv
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			var in workloads.TraceInput
			declareTrace(fs, &in)
			f := formatFlags(fs)
			return func(args []string) error {
				if len(args) != 1 {
					return exit.Usagef("trace: %d arguments; want one: a file, or source, defs or bgp", len(args))
				}
				in.Name = args[0]
				t, err := plan.LoadTrace(&in)
				if err != nil {
					return err
				}
				if err := f.check(fs); err != nil {
					return err
				}
				rows := export.Table{Columns: []string{"fact", "value"}, Bare: true}
				for _, row := range plan.TraceRows(t) {
					rows.Rows = append(rows.Rows, row[:])
				}
				d := &export.Document{Data: plan.TraceFactsOf(t)}
				d.Add(rows)
				return s.print(f, d)
			}
		},
	}
}

func traceDocs() string {
	var rows [][2]string
	for _, k := range workloads.KnownTraces() {
		rows = append(rows, [2]string{k.Name, k.Doc})
	}
	return rowsOf(rows)
}

func formatDocs() string {
	var rows [][2]string
	for _, f := range workloads.Formats() {
		rows = append(rows, [2]string{f.Name, f.Doc})
	}
	return rowsOf(rows)
}

// rowsOf returns rows as text for a help text.
func rowsOf(rows [][2]string) string {
	var b strings.Builder
	terminal.Rows(&b, rows)
	return b.String()
}

// declareTrace declares the flags that say how a trace is read.
func declareTrace(fs *flag.FlagSet, in *workloads.TraceInput) {
	fs.StringVar(&in.Format, "format", "plain", "`format` of the file of a trace")
	fs.Func("steps", "take only the first `number` of steps of a file", func(v string) (err error) {
		in.Steps, err = number(v)
		return err
	})
	fs.BoolVar(&in.SkipMalformed, "skip-malformed", false, "count malformed lines of a trace instead of refusing it")
}
