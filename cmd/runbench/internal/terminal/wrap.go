package terminal

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Width is the number of columns that help texts fit into.
const Width = 80

// Wrap fills the paragraphs of text up to Width columns. Paragraphs are separated by empty lines. A
// line that begins with a blank stays as it is.
func Wrap(text string) string {
	var out, paragraph []string
	flush := func() {
		out = append(out, fill(strings.Join(paragraph, " "), Width)...)
		paragraph = nil
	}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line != "" && line[0] != ' ' {
			paragraph = append(paragraph, line)
			continue
		}
		flush()
		out = append(out, line)
	}
	flush()
	return strings.Join(out, "\n")
}

// maxNames is the width of the column of names in [Rows]. A longer name has a line of its own.
const maxNames = 26

// Rows writes rows of a name and a text. The texts are aligned, and filled up to Width columns.
func Rows(w io.Writer, rows [][2]string) {
	names := 0
	for _, r := range rows {
		if n := utf8.RuneCountInString(r[0]); n <= maxNames {
			names = max(names, n)
		}
	}
	const indent, gap = 2, 2
	for _, r := range rows {
		name := r[0]
		if utf8.RuneCountInString(name) > names {
			fmt.Fprintf(w, "%*s%s\n", indent, "", name)
			name = ""
		}
		lines := fill(r[1], Width-indent-names-gap)
		if len(lines) == 0 && name != "" {
			fmt.Fprintf(w, "%*s%s\n", indent, "", name)
		}
		for _, line := range lines {
			fmt.Fprintf(w, "%*s%-*s%*s%s\n", indent, "", names, name, gap, "", line)
			name = ""
		}
	}
}

// fill breaks text at blanks into lines of at most width columns. A longer word has a line of its
// own. It returns no line for an empty text.
func fill(text string, width int) (lines []string) {
	const unbroken = "\u00a0" // A number stays with its per cent sign.
	blank := func(r rune) bool { return r == ' ' || r == '\n' }
	line := ""
	for word := range strings.FieldsFuncSeq(strings.ReplaceAll(text, " %", unbroken+"%"), blank) {
		word = strings.ReplaceAll(word, unbroken, " ")
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}
