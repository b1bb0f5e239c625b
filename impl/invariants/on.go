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

// Guard is one of them.
type Guard struct{ *guard }

type guard struct {
	owner   any
	callers [16]uintptr
}

// Open adds a guard of an owner, which the caller of the packages buffers and hashmap opens.
func (g Guards) Open(owner any) Guard {
	n := Guard{&guard{owner: owner}}
	runtime.Callers(2, n.callers[:])
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = append(g.open, n.guard)
	return n
}

// MustBeOpen panics if c has been closed, with what was wrong to do.
func (g Guards) MustBeOpen(c Guard, wrong string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !slices.Contains(g.open, c.guard) {
		panic(fmt.Sprintf("doublebuf: %s; it was opened at %s", wrong, c.place()))
	}
}

// Close takes out a guard.
func (g Guards) Close(c Guard) { g.remove(func(o *guard) bool { return o == c.guard }) }

// Drop takes out all guards of an owner.
func (g Guards) Drop(owner any) { g.remove(func(o *guard) bool { return o.owner == owner }) }

func (g Guards) remove(which func(*guard) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = slices.DeleteFunc(g.open, which)
}

// Places returns where the guards were opened, each as file:line.
func (g Guards) Places() (places []string) {
	if g.guards == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, o := range g.open {
		places = append(places, o.place())
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
