package export

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode"
)

// Text writes documents for a terminal: tables in aligned columns.
type Text struct{}

func (Text) Export(w io.Writer, d *Document) error {
	var b bytes.Buffer
	for _, block := range d.Blocks {
		switch block := block.(type) {
		case Heading:
			fmt.Fprintln(&b, plain(block.Text))
		case Line:
			fmt.Fprintln(&b, plain(string(block)))
		case List:
			lines(&b, block)
		case Note:
			lines(&b, block)
		case Table:
			block.align(&b)
		case Gap:
			fmt.Fprintln(&b)
		default:
			panic(fmt.Sprintf("a block of type %T", block))
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

func lines(w io.Writer, all []string) {
	for _, line := range all {
		fmt.Fprintln(w, plain(line))
	}
}

func (t Table) align(w io.Writer) {
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	indent := ""
	if t.Indent {
		indent = "  "
	}
	if !t.Bare {
		fmt.Fprintln(columns, indent+visible(strings.Join(t.Columns, "\t")))
	}
	for _, row := range t.Rows {
		fmt.Fprintln(columns, indent+plain(strings.Join(row, "\t")))
	}
	columns.Flush()
}

// plain is a text without the stars of what is strong.
func plain(s string) string { return strings.ReplaceAll(visible(s), "**", "") }

// visible replaces characters that control a terminal, or that turn the direction of a text: a
// name in a file may hold them.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r)) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
