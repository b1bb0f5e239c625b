package lincheck

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// judgeLimit is porcupine's time for one history.
const judgeLimit = 2 * time.Second

// Judge judges h by its claim. It blocks for at most a few seconds.
func (h *History) Judge() Verdict {
	v := h.judge(judgeLimit)
	if h.Cut {
		v = v.unknown("the last line is cut off; without it the history is " + v.String())
	}
	return v
}

func (h *History) judge(limit time.Duration) Verdict {
	var v Verdict
	if h.Claim.stamped() {
		found, ambiguous := judgeStamped(h)
		v = Verdict{Outcome: Ok, Counts: h.counts()}
		v.Counts.Ambiguous = ambiguous
		if found != nil {
			v.Outcome, v.Checker, v.Reason = Illegal, found.checker, found.reason
		}
	} else {
		v = search(h, limit)
	}
	v.Map, v.Level, v.Seed = h.Map, string(h.Claim), h.Seed
	return v
}

// JudgeFile reads a history and judges it by the claim in its header. The error is
// about the file: it names the line and what would be right.
func JudgeFile(path string) (Verdict, error) {
	f, err := os.Open(path)
	if err != nil {
		return Verdict{}, fmt.Errorf("read history: %w", err)
	}
	defer f.Close()
	h, err := ReadHistory(f)
	if err != nil {
		return Verdict{}, fmt.Errorf("read history: %s: %w", path, err)
	}
	v := h.Judge()
	if v.Map == "" {
		v.Map = filepath.Base(path)
	}
	v.Evidence.History = path
	return v, nil
}
