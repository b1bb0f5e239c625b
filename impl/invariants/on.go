//go:build race || invariants

package invariants

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"doublebuf/impl/atomicx"
)

// Enabled is true in checked builds.
const Enabled = true

// Counter is a number that a law is about. It exists in checked builds only.
type Counter struct{ atomicx.Int64 }

// Guards are the guards that are open in one copy. They exist in checked builds only. Any
// goroutine may use them. Copies of a Guards are the same list. It does not refer to the copy.
// The zero Guards is empty and stays so.
type Guards struct{ *guards }

type guards struct {
	mu   atomicx.Mutex
	open []*guard
}

// NewGuards returns an empty Guards.
func NewGuards() Guards { return Guards{new(guards)} }

// Owner stands for the handle that owns guards. The guards end when it is abandoned. It exists in
// checked builds only.
type Owner struct{ abandoned atomicx.Bool }

// Abandon ends the guards of o. Nothing may use them or o any more.
func (o *Owner) Abandon() { o.abandoned.Store(true) }

// Guard is one of Guards. Copies of it are the same guard. Guards.Open says what happens when the
// last copy is dropped.
type Guard struct{ *reference }

// reference is referred to by the guard only. The list of guards refers to the inner guard.
type reference struct {
	*guard
	token *atomicx.Token
}

type guard struct {
	owner   *Owner
	version uint64
	dropped atomicx.Bool // nothing refers to it, and it was not closed
	callers [16]uintptr
}

// Open adds a guard of that owner and version. Its caller is in package buffers or hashmap. The
// code that calls those packages opens the guard. If no copy of the guard is left and it has not
// been closed, dropped is called. If a [atomicx.Token] can be reached from dropped, it reports only
// after that.
func (g Guards) Open(owner *Owner, version uint64, dropped func()) Guard {
	n := &reference{guard: &guard{owner: owner, version: version}}
	runtime.Callers(2, n.callers[:])
	o := n.guard
	n.token = atomicx.NewToken(n, func(dropped func()) {
		o.dropped.Store(true)
		dropped()
	}, dropped)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.purge()
	g.open = append(g.open, o)
	return Guard{n}
}

// Version returns the version that the guard was opened on.
func (c Guard) Version() uint64 { return c.version }

// MustBeOpen panics if c has been closed. The panic says what was wrong and where c was opened.
func (g Guards) MustBeOpen(c Guard, wrong string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !slices.Contains(g.open, c.guard) {
		panic(fmt.Sprintf("doublebuf: %s; it was opened at %s", wrong, c.place()))
	}
}

// Close removes a guard.
func (g Guards) Close(c Guard) {
	c.token.Forget()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = slices.DeleteFunc(g.open, func(o *guard) bool { return o == c.guard })
}

// purge removes the guards of owners that were abandoned. mu is held.
func (g Guards) purge() {
	g.open = slices.DeleteFunc(g.open, func(o *guard) bool { return o.owner.abandoned.Load() })
}

// Places returns where the guards were opened, each as file:line. If dropped is true, guards that
// were dropped without being closed are among them.
func (g Guards) Places(dropped bool) (places []string) {
	if g.guards == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.purge()
	for _, o := range g.open {
		if dropped || !o.dropped.Load() {
			places = append(places, o.place())
		}
	}
	return places
}

func (o *guard) place() string {
	frames := runtime.CallersFrames(o.callers[:])
	for {
		f, more := frames.Next()
		if !more || !strings.HasPrefix(f.Function, "doublebuf/impl/buffers.") && !strings.HasPrefix(f.Function, "doublebuf/impl/hashmap.") {
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
	}
}
