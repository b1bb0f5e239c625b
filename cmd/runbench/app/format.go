package app

import (
	"flag"

	"doublebuf/analysis/export"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/names"
)

// format is in which format a command prints. Every command has its flags.
type format struct {
	name     string // as export.Named knows it
	json, md bool
}

// formatFlags declares -json and -md.
func formatFlags(fs *flag.FlagSet) *format {
	f := &format{name: "text"}
	fs.BoolVar(&f.json, "json", false, "print JSON, and nothing else")
	fs.BoolVar(&f.md, "md", false, "print Markdown, and nothing else")
	return f
}

// named returns the name of the format.
func (f *format) named() string {
	switch {
	case f.json:
		return "json"
	case f.md:
		return "markdown"
	}
	return f.name
}

// text reports whether the format is plain text, so that a command may print as it goes.
func (f *format) text() bool { return f.named() == "text" }

// check refuses an unknown format and two formats.
func (f *format) check(fs *flag.FlagSet) error {
	switch {
	case export.Named(f.name) == nil:
		return exit.With(exit.Usage, names.Unknown("format", f.name, export.Formats()))
	case f.json && f.md, f.name != "text" && f.name != f.named():
		return exit.Usagef("%s: two formats; want one of -json and -md", fs.Name())
	}
	return nil
}

// print prints d.
func (s *shell) print(f *format, d *export.Document) error {
	return export.Named(f.named()).Export(s.stdout, d)
}
