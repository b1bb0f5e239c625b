package doublebuf

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// wide returns the numbers of the lines of a Markdown text that are longer than 100 characters. Lines
// that cannot be wrapped may be: of tables, of blocks, of comments, and those with an image.
func wide(text string) (numbers []int) {
	fence, comment, code, blank := false, false, false, true
	for i, line := range strings.Split(text, "\n") {
		indented := strings.HasPrefix(line, "    ")
		code = line != "" && indented && (code || blank)
		blank = line == ""
		starts := strings.HasPrefix(line, "<!--")
		switch {
		case strings.HasPrefix(line, "```"):
			fence = !fence
		case starts || comment:
			comment = !strings.Contains(line, "-->")
		case fence || code || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "!["):
		case utf8.RuneCountInString(line) > 100:
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

func TestDocumentsAreWrapped(t *testing.T) {
	for _, path := range documents(t) {
		if strings.HasSuffix(path, "matrix.md") {
			continue // is generated
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range wide(string(text)) {
			t.Errorf("%s:%d: the line is longer than 100 characters", path, n)
		}
	}
}

// TestWideLinesAreFound plants the fault that the test above is for, and what it allows.
func TestWideLinesAreFound(t *testing.T) {
	long := strings.Repeat("word ", 21)
	for text, want := range map[string]int{
		long:                              1,
		"* " + long + "\n" + long:         2,
		"first\n    " + long:              1, // goes on with a paragraph
		"| " + long:                       0,
		"first\n\n    " + long:            0,
		"```go\n" + long + "\n```\n":      0,
		"```go\n" + "\n```\n" + long:      1,
		"<!-- " + long + "-->\n" + long:   1,
		"<!--\n" + long + "\n-->\n" + "a": 0,
	} {
		if n := len(wide(text)); n != want {
			t.Errorf("%d wide lines in %q, want %d", n, text, want)
		}
	}
}
