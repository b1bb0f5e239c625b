package explore

import "doublebuf/impl/atomicx/hooked"

// Ledger counts the accesses for which a processor would have to ask another: those to a
// location that another goroutine has written last, and that has not been read since by
// the one that reads it now. Every location is taken for a cache line of its own.
//
// Nothing is scheduled: the caller says who does what, one call of [Ledger.As] after
// another. The zero Ledger is ready to use, one at a time in a process, and not while
// an exploration runs.
type Ledger struct {
	lines map[any]*line
	who   int
	count int
}

// line is what is known of a location.
type line struct {
	writer int // the last, or -1
	held   map[int]bool
}

// As runs f as goroutine who and returns how many remote accesses it made. It panics if f
// would have to wait.
func (l *Ledger) As(who int, f func()) (remote int) {
	if l.lines == nil {
		l.lines = map[any]*line{}
	}
	l.who, l.count = who, 0
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
	if op.Loc == nil || op.Kind.AccessesCopy() { // what is in a copy is the caller's to count
		return false
	}
	at := l.lines[op.Loc]
	if at == nil {
		at = &line{writer: -1, held: map[int]bool{}}
		l.lines[op.Loc] = at
	}
	if at.writer >= 0 && at.writer != l.who && (op.Kind.Writes() || !at.held[l.who]) {
		l.count++
	}
	if op.Kind.Writes() {
		at.writer = l.who
		clear(at.held)
	}
	at.held[l.who] = true
	return false
}

// Did, Buffer, Newest, Token, OneWait and Refuses implement hooked.Hook.
func (l *Ledger) Did(bool, any)                  {}
func (l *Ledger) Buffer(_, _ any, _ func()) bool { return false }
func (l *Ledger) Newest(any) (any, bool)         { return nil, false }
func (l *Ledger) Token(any, func())              {}
func (l *Ledger) OneWait() bool                  { return false }
func (l *Ledger) Refuses() bool                  { return false }
