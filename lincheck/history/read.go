package history

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// Parse reads a whole history file, see the package documentation. An error names the line and what
// would be right. Parse ignores a last line without a newline, and marks the history as Cut.
func Parse(r io.Reader) (*History, error) {
	h, err := Scan(r, func(h *History) Sink { return (*Loader)(h) })
	if err != nil {
		return nil, err
	}
	h.Sort()
	return h, nil
}

// Loader is a [Sink] that keeps all events in a history.
type Loader History

// Call appends c.
func (l *Loader) Call(c *Call) error {
	l.Calls = append(l.Calls, *c)
	return nil
}

// Guard appends g.
func (l *Loader) Guard(g *Guard) error {
	l.Guards = append(l.Guards, *g)
	return nil
}

// Scan reads a history file event by event into the sink that begin makes for its header. It
// returns a history with the header and the names, but without the events. It stops at the first
// error, of the file or of the sink.
func Scan(r io.Reader, begin func(*History) Sink) (*History, error) {
	p := parser{h: &History{}, names: map[name]Word{}, last: map[int]*times{}}
	lines := lineReader{r: withoutMark(r)}
	for n := 1; ; n++ {
		line, err := lines.next()
		if err == io.EOF {
			if p.sink == nil {
				return nil, errors.New("line 1: no complete header; want a line like {\"history\":1,\"claim\":\"linearizable\"}")
			}
			p.h.Cut = len(line) > 0
			return p.h, nil
		}
		switch {
		case err != nil:
		case len(bytes.TrimSpace(line)) == 0:
		case p.sink == nil:
			if err = p.header(line); err == nil {
				p.sink = begin(p.h)
			}
		default:
			err = p.event(line)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
}

// withoutMark returns a reader of r in UTF-8 without a byte-order mark. With one, r may be in
// UTF-16 as PowerShell writes it.
func withoutMark(r io.Reader) *bufio.Reader {
	buffered := bufio.NewReaderSize(r, 1<<16)
	switch start, _ := buffered.Peek(2); string(start) {
	case "\xef\xbb", "\xff\xfe", "\xfe\xff":
		return bufio.NewReaderSize(transform.NewReader(buffered, unicode.BOMOverride(transform.Nop)), 1<<16)
	}
	return buffered
}

// maxLine is the largest length of a line, which may hold a walk of many keys.
const maxLine = 64 << 20

// lineReader reads lines. It reuses its memory.
type lineReader struct {
	r    *bufio.Reader
	long []byte // a line that is longer than r's buffer
}

// next returns the next line with its newline, valid until the next call. At the end it returns
// io.EOF with the text after the last newline.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	l.long = l.long[:0]
	for err == bufio.ErrBufferFull {
		if l.long = append(l.long, line...); len(l.long) > maxLine {
			return nil, fmt.Errorf("more than %d MiB; want a line that is shorter", maxLine>>20)
		}
		line, err = l.r.ReadSlice('\n')
	}
	l.long = append(l.long, line...)
	return l.long, err
}
