package history

import (
	"bufio"
	"errors"
	"fmt"
	"io"
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
	lines := lineReader{r: bufio.NewReaderSize(r, 1<<16)}
	for n := 1; ; n++ {
		line, err := lines.next()
		if err == io.EOF {
			if n == 1 {
				return nil, errors.New("line 1: no complete header; want a line like {\"history\":1,\"claim\":\"linearizable\"}")
			}
			p.h.Cut = len(line) > 0
			return p.h, nil
		}
		switch {
		case err != nil:
		case n == 1:
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

// lineReader reads lines of any length. It reuses its memory.
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
		l.long = append(l.long, line...)
		line, err = l.r.ReadSlice('\n')
	}
	l.long = append(l.long, line...)
	return l.long, err
}
