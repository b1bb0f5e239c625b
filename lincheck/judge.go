package lincheck

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// judgeLimit is porcupine's time for one history. Nearly all take milliseconds. A search without an answer takes memory
// at hundreds of MiB a second, and should end before a child has used up what it may.
const judgeLimit = 3 * time.Second

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
// or of a linearizable map whose lines stand in the order in which the events were called is judged while it
// is read, and may be larger than the memory. The error is about the file: it names the line and what
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
// law is broken or r ends. Events must come in the order in which they were called; batches
// without stamps are read to their end first. The error is about what was read.
func JudgeStream(r io.Reader) (Verdict, error) {
	v, err := judgeWhile(r, true)
	if err != nil {
		return Verdict{}, fmt.Errorf("read history: %w", err)
	}
	return v, nil
}

// mostExplained is how large a file of stamped guards may be, in bytes, to be read once more for
// the few events that show a breach.
const mostExplained = 64 << 20

// Explain reduces an Illegal history that JudgeFile or JudgeStream has judged to the few events that
// show it, and leaves them in dir, an existing folder, with a picture; "" = nowhere. path is the file,
// or "" if there is none. Other verdicts, and those on histories of stamped guards that are a stream or too large,
// it returns as they are. It blocks for some seconds at most.
func Explain(v Verdict, path, dir string) Verdict {
	if v.Outcome != Illegal {
		return v
	}
	h := v.shows
	if h == nil && path != "" {
		if h = small(path); h == nil {
			return v
		}
	}
	if h == nil {
		return v
	}
	if !fileName.MatchString(h.Map) {
		h.Map = "history"
	}
	shown := reduce(h)
	if shown.Verdict != Illegal || shown.Checker != v.Checker {
		return v // the time did not suffice to judge it again
	}
	var evidence Evidence
	v.Reason, evidence = save(shown, dir)
	if dir != "" {
		v.Evidence = evidence
	}
	const most = 12
	var events []string
	shown.inOrder(func(c *Call) { events = append(events, shown.describeTimed(c)) }, func(g *Guard) { events = append(events, shown.describeGuard(g)) })
	switch more := len(events) - most; {
	case more <= 0:
		v.Events = events
	case h.Claim.stamped():
		v.Events = shown.judge(judgeLimit).Events
	default:
		v.Events = append(events[:most], fmt.Sprintf("and %d more calls", more))
	}
	return v
}

// fileName is what may stand in the names of files: whoever wrote a history chose its map's name.
var fileName = regexp.MustCompile(`^[A-Za-z0-9_+-][A-Za-z0-9._+-]*$`)

// small reads the history at path if it is not too large, and else returns nil. That it can be
// read has been seen.
func small(path string) *History {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() > mostExplained {
		return nil
	}
	h, err := ReadHistory(f)
	if err != nil {
		return nil
	}
	return h
}

var (
	errDisordered = errors.New("it was called before the event of the line before; want the lines of a stream in the order of the calls")
	errBroken     = errors.New("a law is broken")
)

// judgeWhile judges a history while it is read; with stop it ends when a law is broken.
func judgeWhile(r io.Reader, stop bool) (Verdict, error) {
	var j judge
	var of *History
	h, err := readEvents(r, func(h *History) sink {
		switch of = h; {
		case h.Claim.stamped():
			j = newSweep(h, stampedLaws(h.Claim))
		case h.Claim == ClaimLinearizable:
			j = newByKeys(h, judgeLimit)
		default:
			return (*loader)(h)
		}
		return &streamed{j, math.MinInt64, stop}
	})
	switch {
	case errors.Is(err, errBroken):
	case err != nil:
		return Verdict{}, err
	case j == nil:
		h.sort()
		return something(h.Judge()), nil
	default:
		j.end()
	}
	return something(of.cut(j.verdict().of(of))), nil
}

// something makes v Unknown if what was read has no events.
func something(v Verdict) Verdict {
	if v.Outcome == Ok && v.Counts.Calls+v.Counts.Guards == 0 {
		v = v.unknown("it has no calls and no guards; nothing was judged")
	}
	return v
}

// judge takes events in the order in which they were called. It may keep what an event points to,
// but not the event.
type judge interface {
	call(*Call)
	guard(*Guard)
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

func (t *streamed) call(c *Call) error {
	if err := t.next(c.Called); err != nil {
		return err
	}
	t.judge.call(c)
	return nil
}

func (t *streamed) guard(g *Guard) error {
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
