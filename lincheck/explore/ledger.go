package explore

import "doublebuf/impl/atomicx/hooked"

// Ledger counts remote accesses, in which a processor needs a cache line from another processor. An
// access is remote if another goroutine was the last to write the location. A read is remote only
// once: later reads by the same goroutine find the line in their own cache. Every location counts
// as a cache line of its own.
//
// A Ledger schedules nothing. The caller makes one call of [Ledger.As] after another. The zero
// Ledger is ready to use. A process uses one at a time, and not during an exploration.
type Ledger struct {
	lines     map[any]*line
	goroutine int // the one that runs
	count     int
}

// line is the state of a location.
type line struct {
	writer int          // the last one, or -1
	held   map[int]bool // the goroutines that have the line in their cache
}

// As runs f as goroutine number n and returns its number of remote accesses. It panics if f would
// have to wait.
func (l *Ledger) As(n int, f func()) (remote int) {
	if l.lines == nil {
		l.lines = map[any]*line{}
	}
	l.goroutine, l.count = n, 0
	hooked.Install(l)
	defer hooked.Install(nil)
	f()
	return l.count
}

// Step implements hooked.Hook.
func (l *Ledger) Step(op hooked.Op) (timedOut bool) {
	if op.Ready != nil && !op.Ready() {
		panic("explore: " + op.Kind.String() + " would have to wait")
	}
	if op.Loc == nil || op.Kind.AccessesCopy() { // the ledger does not count accesses to copies
		return false
	}
	at := l.lines[op.Loc]
	if at == nil {
		at = &line{writer: -1, held: map[int]bool{}}
		l.lines[op.Loc] = at
	}
	if at.writer >= 0 && at.writer != l.goroutine && (op.Kind.Writes() || !at.held[l.goroutine]) {
		l.count++
	}
	if op.Kind.Writes() {
		at.writer = l.goroutine
		clear(at.held)
	}
	at.held[l.goroutine] = true
	return false
}

// Did, Buffer, Newest, Token, OneWait and Refuses implement hooked.Hook.
func (l *Ledger) Did(bool, any)                  {}
func (l *Ledger) Buffer(_, _ any, _ func()) bool { return false }
func (l *Ledger) Newest(any) (any, bool)         { return nil, false }
func (l *Ledger) Token(any, func())              {}
func (l *Ledger) OneWait() bool                  { return false }
func (l *Ledger) Refuses() bool                  { return false }
