// Package lincheck judges whether a map keeps the consistency that it declares.
package lincheck

import (
	"time"

	"doublebuf/baselines/kv"
)

// Options says how thoroughly to check and where to leave evidence. The zero value is
// a check of well under a second that leaves nothing.
type Options struct {
	Seed uint64 // of everything random; the same seed draws the same operations
	// Histories is how many are recorded of each kind that the level calls for; 0 = 24.
	Histories int
	// Time is when to stop recording further ones, at least one of each kind apart;
	// 0 = a second.
	Time time.Duration
	// Dir is an existing folder for illegal histories and their pictures; "" = none.
	Dir string
}

// Check records histories of e in this process and judges them by its declared level.
// It blocks until it has a verdict; it crashes or hangs if the map does, see
// [Supervise].
func Check(e kv.Entry, o Options) Verdict {
	v := about(e)
	v.Reason = "not checked"
	return v
}

// JudgeFile reads a history and judges it by the claim in its header. The error is
// about the file: it names the line and what would be right.
func JudgeFile(path string) (Verdict, error) {
	return Verdict{Reason: "not judged"}, nil
}

// Controls returns entries that must fail their check, to show that the checkers can.
// For each of batched, entries that publish less often than they write, it adds one
// that claims to be linearizable.
func Controls(batched ...kv.Entry) []kv.Entry { return nil }
