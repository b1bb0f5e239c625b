package history

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// ReadHistory reads a history file, see the package documentation. Errors name the line and
// what would be right. A last line without a newline is left out, and the history says that
// it was Cut.
func Parse(r io.Reader) (*History, error) {
	h, err := Scan(r, func(h *History) Sink { return (*Loader)(h) })
	if err != nil {
		return nil, err
	}
	h.Sort()
	return h, nil
}

// loader keeps all events in a history.
type Loader History

func (l *Loader) Call(c *Call) error {
	l.Calls = append(l.Calls, *c)
	return nil
}

func (l *Loader) Guard(g *Guard) error {
	l.Guards = append(l.Guards, *g)
	return nil
}

// Scan reads a history file into the sink that begin makes for its header, event by
// event. The history that it returns has the header and the names.
func Scan(r io.Reader, begin func(*History) Sink) (*History, error) {
	p := parser{h: &History{}, names: map[string]Word{}, last: map[int]*times{}}
	lines := lineReader{r: bufio.NewReaderSize(r, 1<<16)}
	for n := 1; ; n++ {
		line, err := lines.next()
		if err == io.EOF {
			if n == 1 {
				return nil, errors.New("line 1: no complete header; want one like {\"history\":1,\"claim\":\"linearizable\"}")
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

// lineReader reads lines of any length into memory that it uses again.
type lineReader struct {
	r    *bufio.Reader
	long []byte // a line that is longer than r's buffer
}

// next returns the next line with its newline, valid until the next call; or at the end
// io.EOF with what stands after the last newline.
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
