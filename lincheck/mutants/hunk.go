package mutants

import (
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
	"slices"
	"strings"
)

// A hunk is a change as in a unified diff. Each of its lines begins with a space (it stays), a
// minus (it goes) or a plus (it comes). Lines that stay and lines that go say where the change
// applies. They are compared with the file by their tokens, so comments and white space count for
// nothing.
type hunk struct {
	old   []lexeme // the tokens that stay or go
	edits []edit
}

// An edit replaces old[from:to] by text. If from equals to it adds the text.
type edit struct {
	from, to int
	text     string
}

// A lexeme is a token of Go with its place in the text that it is from.
type lexeme struct {
	text       string
	start, end int // offsets
}

// parseHunk reads the lines of a hunk.
func parseHunk(text string) (hunk, error) {
	var h hunk
	var open *edit // the edit that the next line may continue
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		kind, rest := line[0], line[1:]
		if kind == ' ' {
			open = nil
		} else if open == nil && (kind == '-' || kind == '+') {
			h.edits = append(h.edits, edit{from: len(h.old), to: len(h.old)})
			open = &h.edits[len(h.edits)-1]
		}
		switch kind {
		case ' ', '-':
			tokens, err := lex(rest)
			if err != nil {
				return h, fmt.Errorf("in the hunk, %q: %w", line, err)
			}
			if h.old = append(h.old, tokens...); kind == '-' {
				open.to = len(h.old)
			}
		case '+':
			open.text += rest + "\n"
		default:
			return h, fmt.Errorf("a line of the hunk begins with %q; want a space, - or +: %s", kind, line)
		}
	}
	switch {
	case len(h.edits) == 0:
		return h, errors.New("the hunk changes nothing")
	case len(h.old) == 0:
		return h, errors.New("the hunk has no line that stays or goes")
	}
	return h, nil
}

// lex returns the tokens of Go code, without comments and without the semicolons that the scanner
// inserts at the ends of lines.
func lex(text string) ([]lexeme, error) {
	var all []lexeme
	var errs scanner.ErrorList
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), func(pos token.Position, msg string) { errs.Add(pos, msg) }, 0)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return all, errs.Err()
		}
		if tok == token.SEMICOLON && literal == "\n" {
			continue
		}
		start := file.Offset(pos)
		if literal == "" {
			literal = tok.String()
		}
		end := start + len(literal)
		all = append(all, lexeme{text[start:end], start, end})
	}
}

// Apply returns the text of the mutant's file with the fault planted. It fails unless the hunk
// occurs in it exactly once.
func (m *Mutant) Apply(text string) (string, error) {
	tokens, err := lex(text)
	if err != nil {
		return "", fmt.Errorf("%s: %w", m.File, err)
	}
	old := m.hunk.old
	var found []int
	for i := range len(tokens) - len(old) + 1 {
		if slices.EqualFunc(old, tokens[i:i+len(old)], sameText) {
			found = append(found, i)
		}
	}
	switch {
	case len(found) == 0:
		return "", fmt.Errorf("%s: the hunk does not occur in %s: %s", m.Patch, m.File, nearest(text, tokens, old))
	case len(found) > 1:
		lines := make([]string, len(found))
		for i, at := range found {
			lines[i] = fmt.Sprint(lineOf(text, tokens[at]))
		}
		return "", fmt.Errorf("%s: the hunk occurs %d times in %s, at the lines %s; want once: give it more context", m.Patch, len(found), m.File, strings.Join(lines, ", "))
	}
	return m.hunk.apply(text, tokens[found[0]:]), nil
}

// apply carries out the edits in text, where tokens begin with those of the hunk.
func (h hunk) apply(text string, tokens []lexeme) string {
	for _, e := range slices.Backward(h.edits) {
		switch {
		case e.from < e.to:
			text = text[:tokens[e.from].start] + strings.TrimSpace(e.text) + text[tokens[e.to-1].end:]
		case e.from > 0: // behind the line before, and before its comment
			at := tokens[e.from-1].end
			text = text[:at] + "\n" + e.text + text[at:]
		default:
			at := tokens[0].start
			text = text[:at] + e.text + text[at:]
		}
	}
	return text
}

func sameText(a, b lexeme) bool { return a.text == b.text }

func lineOf(text string, l lexeme) int { return 1 + strings.Count(text[:l.start], "\n") }

// nearest says where the most tokens of old in a row occur among those of a text, and where the
// two differ there.
func nearest(text string, tokens, old []lexeme) string {
	best, at, from := 0, 0, 0 // old[from:from+best] is tokens[at:at+best]
	for i := range tokens {
		for j := range old {
			n := 0
			for i+n < len(tokens) && j+n < len(old) && sameText(tokens[i+n], old[j+n]) {
				n++
			}
			if n > best {
				best, at, from = n, i, j
			}
		}
	}
	if best == 0 {
		return "no token of it does"
	}
	differ, side := from+best, "after"
	if differ == len(old) {
		differ, side = from-1, "before"
	}
	has := "nothing"
	if other := at + differ - from; other >= 0 && other < len(tokens) {
		has = fmt.Sprintf("%q", tokens[other].text)
	}
	return fmt.Sprintf("nearest is line %d, with %d of %d tokens; %s them the hunk has %q and the file %s",
		lineOf(text, tokens[at]), best, len(old), side, old[differ].text, has)
}
