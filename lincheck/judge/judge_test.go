package judge

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doublebuf/lincheck/history"
)

func TestJudgeFileThatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nothing.jsonl")
	if _, err := File(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
}

// A search that would take longer than its limit ends, with the outcome Unknown.
func TestSearchThatGivesUp(t *testing.T) {
	h := &history.History{Header: history.Header{Claim: history.ClaimLinearizable}}
	for client := range 16 {
		for i := range int64(50) {
			from := i*10 + int64(client) // so that there is no quiescent point
			h.Calls = append(h.Calls, history.Call{Client: client, Op: history.Set, New: history.Word(client), Called: from, Return: from + 9})
		}
	}
	h.Calls = append(h.Calls, history.Call{Op: history.Get, Result: history.Some(99), Called: 500, Return: 505})
	v := judgeWithin(h, time.Microsecond)
	if v.Outcome != history.Unknown || v.Counts.Undecided != 1 || !strings.HasPrefix(v.Reason, "illegal as stamped") && v.Reason != "no answer within 1µs" {
		t.Error(v)
	}
}
