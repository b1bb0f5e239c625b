package judge

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"doublebuf/lincheck/history"
)

// mostExplained is how large a file of stamped guards may be, in bytes, to be read once more for
// the few events that show a breach.
const mostExplained = 64 << 20

// Explain reduces an Illegal history that File or Stream has judged to the few events that
// show it, and leaves them in dir, an existing folder, with a picture; "" = nowhere. path is the file,
// or "" if there is none. Other verdicts, and those on histories of stamped guards that are a stream or too large,
// it returns as they are. It blocks for some seconds at most.
func Explain(v Verdict, path, dir string) Verdict {
	if v.Outcome != history.Illegal {
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
	shown := Reduce(h)
	if shown.Verdict != history.Illegal || shown.Checker != v.Checker {
		return v // the time did not suffice to judge it again
	}
	var evidence Evidence
	v.Reason, evidence = Save(shown, dir)
	if dir != "" {
		v.Evidence = evidence
	}
	const most = 12
	var events []string
	shown.InOrder(func(c *history.Call) { events = append(events, shown.DescribeTimed(c)) }, func(g *history.Guard) { events = append(events, shown.DescribeGuard(g)) })
	switch more := len(events) - most; {
	case more <= 0:
		v.Events = events
	case h.Claim.Stamped():
		v.Events = judgeWithin(shown, judgeLimit).Events
	default:
		v.Events = append(events[:most], fmt.Sprintf("and %d more calls", more))
	}
	return v
}

// fileName is what may stand in the names of files: whoever wrote a history chose its map's name.
var fileName = regexp.MustCompile(`^[A-Za-z0-9_+-][A-Za-z0-9._+-]*$`)

// small reads the history at path if it is not too large, and else returns nil. That it can be
// read has been seen.
func small(path string) *history.History {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() > mostExplained {
		return nil
	}
	h, err := history.Parse(f)
	if err != nil {
		return nil
	}
	return h
}

// save leaves h, a judged history, in dir and returns what its header notes. An Illegal one, which is reduced, gets a
// picture; to draw one of a history without an answer would take as long again as the search for that.
func Save(h *history.History, dir string) (reason string, e Evidence) {
	reason = h.Note
	if dir == "" {
		return reason, e
	}
	path := filepath.Join(dir, fmt.Sprintf("%s-%s-%d", h.Map, h.Checker, h.Seed))
	if err := writeHistory(h, path+".jsonl"); err != nil {
		return reason + "; the history is lost: " + err.Error(), e
	}
	e.History = path + ".jsonl"
	e.Judge = "runbench check -history " + path + ".jsonl"
	if h.Verdict != history.Illegal {
		return reason, e
	}
	if err := draw(h, path+".html", judgeLimit); err != nil {
		return reason + "; there is no picture: " + err.Error(), e
	}
	e.Picture = path + ".html"
	return reason, e
}

func writeHistory(h *history.History, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := h.Write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
