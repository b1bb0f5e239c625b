package app

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strings"

	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/workloads"
)

// knownTraces are those that need no file.
var knownTraces = []struct {
	name, doc string
	load      func() (*workloads.Trace, error)
}{
	{"source", "the identifiers of Go's standard library, in the order of its source", func() (*workloads.Trace, error) {
		s, err := workloads.LoadSource(math.MaxInt)
		if err != nil {
			return nil, err
		}
		return s.Lookups(), nil
	}},
	{"defs", "what a type checker sets and looks up in go/types and what it imports most: definitions and uses", func() (*workloads.Trace, error) {
		return workloads.LoadDefs("unicode/utf8", "errors", "strings", "strconv", "sort", "go/token", "go/ast", "go/constant", "go/types")
	}},
	{"bgp", "the prefixes of a BGP table, which a Go module brings along", workloads.LoadBGP},
}

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
			format := fs.String("format", "plain", "the `format` of a file")
			skip := fs.Bool("skip-malformed", false, "count malformed lines, rather than refuse the trace")
			return func(args []string) error {
				if len(args) != 1 {
					return usagef("trace: %d arguments; want one, a file or one of source, defs and bgp", len(args))
				}
				t, err := loadTrace(args[0], *format, *skip)
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
	for _, k := range knownTraces {
		fmt.Fprintf(&b, "  %-9s %s\n", k.name, k.doc)
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

// loadTrace returns the known trace of that name, or the one in the file.
func loadTrace(name, format string, skip bool) (*workloads.Trace, error) {
	for _, k := range knownTraces {
		if k.name == name {
			return k.load()
		}
	}
	f, ok := workloads.FindFormat(format)
	if !ok {
		var known []string
		for _, f := range workloads.Formats() {
			known = append(known, f.Name)
		}
		return nil, exit{ExitUsage, names.Unknown("format", format, known)}
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the trace: %w", err)
	}
	defer file.Close()
	return workloads.ReadTrace(name, file, f, skip)
}

// describe prints what t is like.
func (s *session) describe(t *workloads.Trace) {
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
	w := columns(s.stdout)
	for _, row := range [][2]string{
		{"trace", t.Name},
		{"licence", licence},
		{"sha256", t.Digest},
		{"steps", fmt.Sprintf("%d: %s gets, %s sets, %s deletes", len(t.Index), of(workloads.Get), of(workloads.Set), of(workloads.Delete))},
		{"distinct keys", fmt.Sprint(len(t.Names))},
		{"gets that hit", percent(t.HitShare())},
		{"nearest zipf", fmt.Sprintf("theta %.2f, off by %.3f", theta, off)},
		{"malformed lines", fmt.Sprintf("%d, skipped", t.Skipped)},
	} {
		fmt.Fprintln(w, row[0]+"\t"+row[1])
	}
	w.Flush()
}
