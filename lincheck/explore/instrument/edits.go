package instrument

import (
	"go/token"
	"slices"
	"strings"
)

// edits collects changes to the text of one file.
type edits struct {
	text []byte
	base token.Pos // of the first byte
	list []edit
	tail strings.Builder // what follows the last line
}

// edit replaces the bytes from from to to.
type edit struct {
	from, to int
	text     string
}

func (e *edits) offset(p token.Pos) int { return int(p - e.base) }

// replace replaces the text between two positions. Changes inside it are lost, unless text has
// them. Insertions at one place stand in the order of their calls.
func (e *edits) replace(from, to token.Pos, text string) {
	e.list = append(e.list, edit{e.offset(from), e.offset(to), text})
}

func (e *edits) insert(at token.Pos, text string) { e.replace(at, at, text) }

// render returns the text between two positions with its changes.
func (e *edits) render(from, to token.Pos) string {
	return e.renderBytes(e.offset(from), e.offset(to))
}

func (e *edits) renderBytes(from, to int) string {
	list := slices.Clone(e.list)
	// Of two changes that begin at one place an insertion comes first, and a larger one hides a
	// smaller one.
	slices.SortStableFunc(list, func(a, b edit) int {
		switch {
		case a.from != b.from:
			return a.from - b.from
		case a.from == a.to || b.from == b.to:
			return (a.to - a.from) - (b.to - b.from)
		}
		return b.to - a.to
	})
	var b strings.Builder
	at := from
	for _, c := range list {
		if c.from < at || c.to > to {
			continue
		}
		b.Write(e.text[at:c.from])
		b.WriteString(c.text)
		at = c.to
	}
	b.Write(e.text[at:to])
	return b.String()
}
