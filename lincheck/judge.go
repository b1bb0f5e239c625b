package lincheck

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"
)

// judgeLimit is porcupine's time for one history.
const judgeLimit = 2 * time.Second

// Judge judges h by its claim. It blocks for at most a few seconds.
func (h *History) Judge() Verdict {
	return h.cut(h.judge(judgeLimit))
}

// cut makes v Unknown if the file of h was cut off.
func (h *History) cut(v Verdict) Verdict {
	if h.Cut {
		v = v.unknown("the last line is cut off; without it the history is " + v.String())
	}
	return v
}

func (h *History) judge(limit time.Duration) Verdict {
	if !h.Claim.stamped() {
		return search(h, limit).of(h)
	}
	s := newSweep(h, stampedLaws(h.Claim))
	s.all()
	return s.verdict().of(h)
}

// of names the history that v is about.
func (v Verdict) of(h *History) Verdict {
	v.Map, v.Level, v.Seed = h.Map, string(h.Claim), h.Seed
	return v
}

// JudgeFile reads a history and judges it by the claim in its header. One of stamped guards
// whose lines stand in the order in which the events were called is judged while it is read,
// and may be larger than the memory. The error is about the file: it names the line and what
// would be right.
func JudgeFile(path string) (Verdict, error) {
	f, err := os.Open(path)
	if err != nil {
		return Verdict{}, fmt.Errorf("read history: %w", err)
	}
	defer f.Close()
	v, err := judgeWhile(f, false)
	if errors.Is(err, errDisordered) {
		var h *History
		if _, err = f.Seek(0, io.SeekStart); err == nil {
			h, err = ReadHistory(f)
		}
		if err == nil {
			v = h.Judge()
		}
	}
	if err != nil {
		return Verdict{}, fmt.Errorf("read history: %s: %w", path, err)
	}
	if v.Map == "" {
		v.Map = filepath.Base(path)
	}
	v.Evidence.History = path
	return v, nil
}

// JudgeStream judges a history while it is read, which may go on for ever: it returns when a
// law is broken or r ends. The events of stamped guards must come in the order in which they
// were called; other histories are read to their end first. The error is about what was read.
func JudgeStream(r io.Reader) (Verdict, error) {
	v, err := judgeWhile(r, true)
	if err != nil {
		return Verdict{}, fmt.Errorf("read history: %w", err)
	}
	return v, nil
}

var (
	errDisordered = errors.New("it was called before the event of the line before; want the lines of a stream in the order of the calls")
	errBroken     = errors.New("a law is broken")
)

// judgeWhile judges a history while it is read; with stop it ends when a law is broken.
func judgeWhile(r io.Reader, stop bool) (Verdict, error) {
	var s *sweep
	h, err := readEvents(r, func(h *History) sink {
		if !h.Claim.stamped() {
			return (*loader)(h)
		}
		s = newSweep(h, stampedLaws(h.Claim))
		return &streamed{s, math.MinInt64, stop}
	})
	switch {
	case errors.Is(err, errBroken):
	case err != nil:
		return Verdict{}, err
	case s == nil:
		h.sort()
		return h.Judge(), nil
	default:
		s.end()
	}
	return s.h.cut(s.verdict().of(s.h)), nil
}

// streamed passes events on to a sweep as long as they come in order.
type streamed struct {
	s    *sweep
	now  int64 // when the last event was called
	stop bool  // when a law is broken
}

func (t *streamed) call(c *Call) error {
	if err := t.next(c.Called); err != nil {
		return err
	}
	t.s.call(c)
	return nil
}

func (t *streamed) guard(g *Guard) error {
	if err := t.next(g.Called); err != nil {
		return err
	}
	t.s.guard(g)
	return nil
}

func (t *streamed) next(called int64) error {
	switch {
	case t.stop && t.s.breaches > 0:
		return errBroken
	case called < t.now:
		return errDisordered
	}
	t.now = called
	return nil
}
