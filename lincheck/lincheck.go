package lincheck

import (
	"context"
	"io"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/drive"
	"doublebuf/lincheck/history"
	"doublebuf/lincheck/internal/controls"
	"doublebuf/lincheck/judge"
)

// Names of the packages below, for programs that only check maps.
type (
	// Verdict is a map's check result, or the result for a saved history.
	Verdict = judge.Verdict
	// Counts says how much a verdict rests on.
	Counts = judge.Counts
	// Property is something that a map may promise of its reads and writes.
	Property = judge.Property
	// Outcome is Ok, Illegal or Unknown.
	Outcome = history.Outcome
	// Child says how to run the process in which a map is checked.
	Child = drive.Child
)

// The outcomes of verdicts. Unknown is never a pass.
const (
	Unknown = history.Unknown
	Ok      = history.Ok
	Illegal = history.Illegal
)

// Controls returns the negative controls: entries that must fail their check. They show that the
// checkers can find a violation.
func Controls() []kv.Entry { return controls.Entries() }

// Properties returns all properties that maps are checked for, in the order in which they are
// shown.
func Properties() []Property { return judge.Properties() }

// Law returns the law by which the checker of that name judges, or "" if there is none.
func Law(checker string) string { return judge.Law(checker) }

// Supervise has e checked by a child process, see [drive.Supervise]. It blocks until the child has
// ended.
func Supervise(ctx context.Context, e kv.Entry, c Child) Verdict { return drive.Supervise(ctx, e, c) }

// JudgeFile judges a saved history, see [judge.File].
func JudgeFile(path string) (Verdict, error) { return judge.File(path) }

// JudgeStream judges a history while it is read, see [judge.Stream].
func JudgeStream(r io.Reader) (Verdict, error) { return judge.Stream(r) }

// JudgeJepsen judges a history of Jepsen, see [judge.Jepsen].
func JudgeJepsen(r io.Reader, path, initial string) (Verdict, error) {
	return judge.Jepsen(r, path, initial)
}

// Explain reduces an Illegal history to the few events that show the violation, see
// [judge.Explain].
func Explain(v Verdict, path, dir string) Verdict { return judge.Explain(v, path, dir) }
