// Package terminal colours output and shows progress where a person looks.
package terminal

import (
	"bytes"
	"io"
	"os"
	"regexp"
)

// isTerminal reports whether w is a terminal, or another device that keeps nothing.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// InColor reports whether output to w is in colour. It is if w is a terminal that has colours,
// unless the user has set NO_COLOR (no-color.org).
func InColor(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// Painter colours outcomes in the text that is written through it, line by line. It recognizes an
// outcome by the two blanks before it, because columns are aligned before anything is coloured.
// Flush writes a last line without an end.
type Painter struct {
	w    io.Writer
	line []byte // without its end
}

var (
	outcomes = regexp.MustCompile(`  (Ok|FAILED, as expected|FAILED|Illegal, as expected|Illegal|Unknown|better|worse|inconclusive|holds|fails|undecided|not measured|fit|doubt|unfit)\b`)
	paints   = map[string]string{
		"Ok": green, "better": green, "holds": green, "fit": green,
		"FAILED": red, "Illegal": red, "worse": red, "fails": red, "unfit": red,
		"FAILED, as expected": yellow, "Illegal, as expected": yellow, "doubt": yellow, "Unknown": yellow, "inconclusive": yellow, "undecided": yellow, "not measured": yellow,
	}
)

const red, green, yellow, uncolored = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"

// Write implements io.Writer.
func (p *Painter) Write(text []byte) (int, error) {
	p.line = append(p.line, text...)
	end := bytes.LastIndexByte(p.line, '\n') + 1
	whole := p.line[:end]
	p.line = bytes.Clone(p.line[end:])
	return len(text), p.paint(whole)
}

// NewPainter returns a painter that writes to w.
func NewPainter(w io.Writer) *Painter { return &Painter{w: w} }

// Flush writes the line that has no end.
func (p *Painter) Flush() error {
	line := p.line
	p.line = nil
	return p.paint(line)
}

func (p *Painter) paint(text []byte) error {
	for line := range bytes.Lines(text) {
		painted := outcomes.ReplaceAllFunc(line, func(found []byte) []byte {
			word := string(found[2:])
			return []byte("  " + paints[word] + word + uncolored)
		})
		if _, err := p.w.Write(painted); err != nil {
			return err
		}
	}
	return nil
}
