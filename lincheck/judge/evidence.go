package judge

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"doublebuf/lincheck/history"
)

// mostExplained is the size, in bytes, of the largest file of stamped guards that Explain reads
// again.
const mostExplained = 64 << 20

// Explain reduces an Illegal history, which File or Stream has judged, to the few events that show
// the violation. It returns v with these events. It saves them with a picture in dir, an existing
// folder; "" = save nothing. path is the file of the history, or "" for a stream. Explain returns v
// unchanged if it is not Illegal, or if the history has stamped guards and was a stream or is
// larger than 64 MiB. It blocks for a few seconds at most.
func Explain(v Verdict, path, dir string) Verdict {
	if v.Outcome != history.Illegal {
		return v
	}
	h := v.illegal
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
		return v // the reduced history was not judged in time
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

// fileName matches map names that are safe in file names. A history file may hold any name.
var fileName = regexp.MustCompile(`^[A-Za-z0-9_+-][A-Za-z0-9._+-]*$`)

// small reads the history at path. It returns nil if the file is too large, or cannot be read.
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

// Save writes h, a judged history, to a file in dir, an existing folder; "" = nowhere. It returns
// the note of the header and where the evidence is. An Illegal history, which should be reduced,
// gets a picture. An Unknown history gets none: drawing it would take as long as the search without
// an answer.
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
