package app

import (
	"bytes"
	"io"
	"os"
	"regexp"
)

// isTerminal reports whether w is a terminal, or some other device that nobody reads later.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// inColor reports whether what is written to w is in colour: on a terminal that knows them, unless the user
// wants none (no-color.org).
func inColor(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// painter colours the outcomes in the columns of what is written through it, line by line. It takes them for
// what they are by where they stand, behind two blanks, since columns are aligned before anything is coloured.
type painter struct {
	w    io.Writer
	line []byte // without its end
}

var (
	outcomes = regexp.MustCompile(`  (Ok|FAILED, as expected|FAILED|Illegal, as expected|Illegal|Unknown|better|worse|inconclusive|supported|contradicted|unsure|not measured|fit|doubt|unfit)\b`)
	paints   = map[string]string{
		"Ok": green, "better": green, "supported": green, "fit": green,
		"FAILED": red, "Illegal": red, "worse": red, "contradicted": red, "unfit": red,
		"FAILED, as expected": yellow, "Illegal, as expected": yellow, "doubt": yellow, "Unknown": yellow, "inconclusive": yellow, "unsure": yellow, "not measured": yellow,
	}
)

const red, green, yellow, uncolored = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"

func (p *painter) Write(text []byte) (int, error) {
	p.line = append(p.line, text...)
	end := bytes.LastIndexByte(p.line, '\n') + 1
	whole := p.line[:end]
	p.line = bytes.Clone(p.line[end:])
	return len(text), p.paint(whole)
}

// flush writes the line that has no end.
func (p *painter) flush() error {
	line := p.line
	p.line = nil
	return p.paint(line)
}

func (p *painter) paint(text []byte) error {
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
