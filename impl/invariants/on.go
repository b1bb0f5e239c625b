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

// Counter counts what a law speaks of. It exists in checked builds only.
type Counter struct{ atomicx.Int64 }

// Guards are those that are open in one copy. They exist in checked builds only. Any goroutine
// may use them. A Guards refers to a list, so that its copies are one, and to nothing of the copy. The zero one is
// empty and remains so.
type Guards struct{ *guards }

type guards struct {
	mu   atomicx.Mutex
	open []*guard
}

// NewGuards returns Guards of which none is open yet.
func NewGuards() Guards { return Guards{new(guards)} }

// Owner is whose guards end when he is abandoned. It exists in checked builds only.
type Owner struct{ abandoned atomicx.Bool }

// Abandon ends the guards of o: nobody uses them, or o.
func (o *Owner) Abandon() { o.abandoned.Store(true) }

// Guard is one of Guards. Its copies are one. That no copy is left is noticed, see Guards.Open.
type Guard struct{ *reference }

// reference is what only the guard itself refers to, and guard what the list does.
type reference struct {
	*guard
	token *atomicx.Token
}

type guard struct {
	owner   *Owner
	version uint64
	dropped atomicx.Bool // nobody refers to it, and it was not closed
	callers [16]uintptr
}

// Open adds a guard of an owner on that version, which the caller of the packages buffers and hashmap opens. If no copy
// of the guard is left and it has not been closed, dropped is called; only after that can a [atomicx.Token] tell
// that is reached from dropped.
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

// Version returns that which the guard was opened on.
func (c Guard) Version() uint64 { return c.version }

// MustBeOpen panics if c has been closed, with what was wrong to do.
func (g Guards) MustBeOpen(c Guard, wrong string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !slices.Contains(g.open, c.guard) {
		panic(fmt.Sprintf("doublebuf: %s; it was opened at %s", wrong, c.place()))
	}
}

// Close takes out a guard.
func (g Guards) Close(c Guard) {
	c.token.Forget()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = slices.DeleteFunc(g.open, func(o *guard) bool { return o == c.guard })
}

// purge takes out the guards of those that have been abandoned. mu is held.
func (g Guards) purge() {
	g.open = slices.DeleteFunc(g.open, func(o *guard) bool { return o.owner.abandoned.Load() })
}

// Places returns where the guards were opened, each as file:line; those that were dropped and not
// closed are among them if dropped is true.
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
