package export

import "io"

// Exporter writes documents in one format. It returns the first error of w.
type Exporter interface {
	Export(w io.Writer, d *Document) error
}

// Formats returns the names of the formats that Named knows.
func Formats() []string { return []string{"text", "markdown", "json", "csv", "html"} }

// Named returns the exporter of a format, or nil. The exporter of HTML leaves images out.
func Named(format string) Exporter {
	switch format {
	case "text":
		return Text{}
	case "markdown":
		return Markdown{}
	case "json":
		return JSON{}
	case "csv":
		return CSV{}
	case "html":
		return HTML{}
	}
	return nil
}
