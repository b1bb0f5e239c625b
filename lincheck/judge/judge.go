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
	"doublebuf/lincheck/order"
)

// judgeLimit is the time of the searches for one history. Nearly all histories take milliseconds.
// A search without an answer takes hundreds of MiB a second. It should end before a child process
// has used up its memory.
const judgeLimit = 3 * time.Second

// History judges h by its claim. It blocks for a few seconds at most.
func History(h *history.History) Verdict {
	return cutOff(h, judgeWithin(h, judgeLimit))
}

// cutOff returns v, or Unknown if the file of h was cut off.
func cutOff(h *history.History, v Verdict) Verdict {
	if h.Cut {
		v = v.unknown("the last line is cut off; without it the history is " + v.String())
	}
	return v
}

// judgeWithin judges h by its claim. Searches without an answer take no longer than limit.
func judgeWithin(h *history.History, limit time.Duration) Verdict {
	if !h.Claim.Stamped() {
		return search(h, limit).of(h)
	}
	if several(h) {
		return severalWriters(h).of(h)
	}
	s := newSweep(h, stampedLaws(h.Claim))
	s.all()
	return s.verdict().of(h)
}

// File reads the history file at path and judges it by the claim in its header. A history of
// stamped guards or of a linearizable map is judged while it is read, if its lines are in the order
// in which the events were called; then it may be larger than the memory. The error is about the
// file: it names the line and what would be right.
func File(path string) (Verdict, error) {
	f, err := os.Open(path)
	if err != nil {
		return Verdict{}, fmt.Errorf("read history: %w", err)
	}
	defer f.Close()
	v, err := judgeWhile(f, false)
	if errors.Is(err, errDisordered) || errors.Is(err, errWhole) {
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

// Jepsen reads a history of Jepsen, see [history.ParseJepsen], and judges it. path names it.
// Explain then needs no path.
func Jepsen(r io.Reader, path, initial string) (Verdict, error) {
	h, err := history.ParseJepsen(r, initial)
	if err != nil {
		return Verdict{}, fmt.Errorf("read history: %s: %w", path, err)
	}
	h.Map = filepath.Base(path)
	return unlessEmpty(History(h)), nil
}

// Stream judges the history in r while it reads. It blocks until a law is broken or r ends. That
// may be never. Events must come in the order in which they were called. Stream reads histories
// with the claims eventual and eventual-per-handle to their end before it judges them. The error
// is about the text of r.
func Stream(r io.Reader) (Verdict, error) {
	v, err := judgeWhile(r, true)
	if err != nil {
		return Verdict{}, fmt.Errorf("read history: %w", err)
	}
	return v, nil
}

// mostTied is the number of calls of the longest file that is read again to judge all keys
// together, although it was judged key by key.
const mostTied = 1 << 17

var (
	errDisordered = errors.New("this event was called before the event of the previous line; want the lines of a stream in the order of the calls")
	errWhole      = errors.New("this event is not judged in a stream, because it concerns all keys or is of a second writer; save the history to a file")
	errBroken     = errors.New("a law is broken")
)

// judgeWhile judges a history while it is read. With stop it ends when a law is broken.
func judgeWhile(r io.Reader, stop bool) (Verdict, error) {
	var j eventJudge
	var of *history.History
	h, err := history.Scan(r, func(h *history.History) history.Sink {
		switch of = h; {
		case h.Claim.Stamped():
			j = newSweep(h, stampedLaws(h.Claim))
		case h.Claim == history.ClaimLinearizable:
			j = newByKeys(h, &order.Work{Limit: judgeLimit})
		default:
			return (*history.Loader)(h)
		}
		return &streamed{j, h.Claim.Stamped(), 0, math.MinInt64, stop}
	})
	switch {
	case errors.Is(err, errBroken):
	case err != nil:
		return Verdict{}, err
	case j == nil:
		h.Sort()
		return unlessEmpty(History(h)), nil
	default:
		j.end()
		if b, ok := j.(*byKeys); ok && !stop && b.tied() && !b.illegal() && b.v.Counts.Calls <= mostTied {
			return Verdict{}, errWhole
		}
	}
	return unlessEmpty(cutOff(of, j.verdict().of(of))), nil
}

// unlessEmpty returns v, or Unknown if the history has no events.
func unlessEmpty(v Verdict) Verdict {
	if v.Outcome == history.Ok && v.Counts.Calls+v.Counts.Guards == 0 {
		v = v.unknown("it has no calls and no guards; nothing was judged")
	}
	return v
}

// eventJudge takes events in the order in which they were called. It may keep what an event points
// to, but not the event itself.
type eventJudge interface {
	call(*history.Call)
	guard(*history.Guard)
	end()             // there are no more events
	illegal() bool    // whether a law is broken
	verdict() Verdict // on the events so far
}

// streamed passes events to a judge as long as they come in order.
type streamed struct {
	eventJudge
	stamped bool
	writer  int   // 1 + the writing client of a stamped history; 0 = none yet, -1 = its last call was lost
	now     int64 // time at which the last event was called
	stop    bool  // stop when a law is broken
}

// Call implements history.Sink.
func (t *streamed) Call(c *history.Call) error {
	if err := t.next(c.Called); err != nil {
		return err
	}
	if t.stamped && t.writer != 0 && t.writer != 1+c.Client || !t.stamped && (c.Snapshot || c.Op == history.Len) {
		return errWhole
	}
	if t.writer = 1 + c.Client; c.Return == history.Never {
		t.writer = -1
	}
	t.eventJudge.call(c)
	return nil
}

// Guard implements history.Sink.
func (t *streamed) Guard(g *history.Guard) error {
	if err := t.next(g.Called); err != nil {
		return err
	}
	t.eventJudge.guard(g)
	return nil
}

// next checks that an event may come next.
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
