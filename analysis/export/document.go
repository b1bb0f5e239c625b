// Package export writes what commands and reports say as text, Markdown, HTML, JSON or CSV. All of
// them build a [Document] and leave the format to an [Exporter].
package export

// Document is what a command prints, or a report.
type Document struct {
	Blocks []Block
	// Data is what the JSON exporter writes instead of the tables, if it is not nil.
	Data any
}

// Add appends blocks.
func (d *Document) Add(blocks ...Block) { d.Blocks = append(d.Blocks, blocks...) }

// Block is a part of a document: a Heading, Line, List, Note, Table or Gap. Texts are Markdown:
// **strong** is printed without stars where a format has nothing strong.
type Block any

// Heading is the title of what follows.
type Heading struct {
	Level int // 1 is the title of the document
	Text  string
}

// Line is a paragraph.
type Line string

// List is a list of items.
type List []string

// Note is a remark, in one or several paragraphs.
type Note []string

// Table is rows of cells.
type Table struct {
	Columns []string // the names of the columns
	Rows    [][]string
	Bare    bool // text leaves out the names of the columns
	Indent  bool // text indents the rows
}

// Gap is an empty line in text. Other formats put one between all blocks.
type Gap struct{}

// Strong marks a text as important, if it really is.
func Strong(s string, really bool) string {
	if really {
		return "**" + s + "**"
	}
	return s
}
