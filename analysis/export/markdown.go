package export

import (
	"fmt"
	"io"
	"strings"
)

// Markdown writes documents for a page, a pull request or a file.
type Markdown struct{}

func (Markdown) Export(w io.Writer, d *Document) error {
	var parts []string
	for _, block := range d.Blocks {
		switch block := block.(type) {
		case Heading:
			parts = append(parts, strings.Repeat("#", block.Level)+" "+block.Text)
		case Line:
			parts = append(parts, string(block))
		case List:
			parts = append(parts, "- "+strings.Join(block, "\n- "))
		case Note:
			parts = append(parts, "> "+strings.Join(block, "\n>\n> "))
		case Table:
			parts = append(parts, block.markdown())
		case Gap:
		default:
			panic(fmt.Sprintf("a block of type %T", block))
		}
	}
	_, err := io.WriteString(w, visible(strings.Join(parts, "\n\n"))+"\n")
	return err
}

func (t Table) markdown() string {
	lines := []string{line(t.Columns), strings.TrimSpace(strings.Repeat("| --- ", len(t.Columns))) + " |"}
	for _, row := range t.Rows {
		lines = append(lines, line(row))
	}
	return strings.Join(lines, "\n")
}

// line is a row of a table.
func line(cells []string) string {
	var b strings.Builder
	for _, cell := range cells {
		b.WriteString("| " + strings.ReplaceAll(cell, "|", `\|`) + " ")
	}
	return b.String() + "|"
}
