package judge

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"doublebuf/lincheck/history"
)

// judgeLimit is porcupine's time for one history. Nearly all take milliseconds. A search without an answer takes memory
// at hundreds of MiB a second, and should end before a child has used up what it may.
const judgeLimit = 3 * time.Second

// Judge judges h by its claim. It blocks for at most a few seconds.
func History(h *history.History) Verdict {
	return cutOff(h, judgeWithin(h, judgeLimit))
}

// cut makes v Unknown if the file of h was cut off.
func cutOff(h *history.History, v Verdict) Verdict {
	if h.Cut {
		v = v.unknown("the last line is cut off; without it the history is " + v.String())
	}
	return v
}

func judgeWithin(h *history.History, limit time.Duration) Verdict {
	if !h.Claim.Stamped() {
		return search(h, limit).of(h)
	}
	s := newSweep(h, stampedLaws(h.Claim))
	s.all()
	return s.verdict().of(h)
}

// File reads a history and judges it by the claim in its header. One of stamped guards
// or of a linearizable map whose lines stand in the order in which the events were called is judged while it
// is read, and may be larger than the memory. The error is about the file: it names the line and what
// would be right.
func File(path string) (Verdict, error) {
	f, err := os.Open(path)
	if err != nil {
		return Verdict{}, fmt.Errorf("read history: %w", err)
	}
	defer f.Close()
	v, err := judgeWhile(f, false)
	if errors.Is(err, errDisordered) {
		var h *history.History
		if _, err = f.Seek(0, io.SeekStart); err == nil {
			h, err = history.Parse(f)
		}
		if err == nil {
			v = History(h)
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

// Stream judges a history while it is read, which may go on for ever: it returns when a
// law is broken or r ends. Events must come in the order in which they were called; batches
// without stamps are read to their end first. The error is about what was read.
func Stream(r io.Reader) (Verdict, error) {
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
	var j judge
	var of *history.History
	h, err := history.Scan(r, func(h *history.History) history.Sink {
		switch of = h; {
		case h.Claim.Stamped():
			j = newSweep(h, stampedLaws(h.Claim))
		case h.Claim == history.ClaimLinearizable:
			j = newByKeys(h, judgeLimit)
		default:
			return (*history.Loader)(h)
		}
		return &streamed{j, math.MinInt64, stop}
	})
	switch {
	case errors.Is(err, errBroken):
	case err != nil:
		return Verdict{}, err
	case j == nil:
		h.Sort()
		return something(History(h)), nil
	default:
		j.end()
	}
	return something(cutOff(of, j.verdict().of(of))), nil
}

// something makes v Unknown if what was read has no events.
func something(v Verdict) Verdict {
	if v.Outcome == history.Ok && v.Counts.Calls+v.Counts.Guards == 0 {
		v = v.unknown("it has no calls and no guards; nothing was judged")
	}
	return v
}

// judge takes events in the order in which they were called. It may keep what an event points to,
// but not the event.
type judge interface {
	call(*history.Call)
	guard(*history.Guard)
	end()             // there are no more
	illegal() bool    // a law is broken
	verdict() Verdict // so far
}

// streamed passes events on to a judge as long as they come in order.
type streamed struct {
	judge
	now  int64 // when the last event was called
	stop bool  // when a law is broken
}

func (t *streamed) Call(c *history.Call) error {
	if err := t.next(c.Called); err != nil {
		return err
	}
	t.judge.call(c)
	return nil
}

func (t *streamed) Guard(g *history.Guard) error {
	if err := t.next(g.Called); err != nil {
		return err
	}
	t.judge.guard(g)
	return nil
}

func (t *streamed) next(called int64) error {
	switch {
	case t.stop && t.illegal():
		return errBroken
	case called < t.now:
		return errDisordered
	}
	t.now = called
	return nil
}
