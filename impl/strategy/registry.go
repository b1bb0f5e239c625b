package strategy

import (
	"fmt"

	"doublebuf/impl/atomicx"
)

// registry is the list of the readers of a strategy. R is their type.
type registry[R member] struct {
	mu      atomicx.Mutex // guards the fields below; it is never held during a wait
	readers []R
	created int // number of readers so far, to name them
	leaving int // number of readers in the list that are unregistered
}

// member is a reader in a registry. It embeds a registration.
type member interface {
	registered() *registration
	// idle reports whether the reader has no guards, or only guards in detached copies. The lock of
	// the registry is held.
	idle() bool
}

// registration is what a registry knows of a reader. The lock of the registry guards it.
type registration struct {
	name    string
	uncache func(Generations) bool // see Lookup.OnDetach, or nil
	index   int32                  // in readers, or -1
	gone    bool                   // unregistered, but it may have guards
}

func (r *registration) registered() *registration { return r }

// add adds r to the list. It replaces an empty name by a number. mu is held.
func (l *registry[R]) add(r R, name string) {
	if name == "" {
		name = fmt.Sprintf("reader %d", l.created)
	}
	l.created++
	*r.registered() = registration{name: name, index: int32(len(l.readers))}
	l.readers = append(l.readers, r)
}

// leave unregisters r. A reader with open guards stays in the list until reap finds it without any.
func (l *registry[R]) leave(r R) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := r.registered()
	g.uncache = nil
	if g.index >= 0 && !g.gone {
		g.gone = true
		l.leaving++
		if r.idle() {
			l.remove(r)
		}
	}
}

// reap removes unregistered readers without guards from the list. mu is held.
func (l *registry[R]) reap() {
	for i := 0; l.leaving > 0 && i < len(l.readers); {
		if r := l.readers[i]; r.registered().gone && r.idle() {
			l.remove(r) // moves another reader to place i
		} else {
			i++
		}
	}
}

// remove removes r from the list if it is there. mu is held.
func (l *registry[R]) remove(r R) {
	g := r.registered()
	if g.index < 0 {
		return
	}
	if g.gone {
		l.leaving--
	}
	last := len(l.readers) - 1
	l.readers[g.index] = l.readers[last]
	l.readers[g.index].registered().index = g.index
	var none R
	l.readers[last] = none
	l.readers = l.readers[:last]
	g.index = -1
}

// holding returns the readers that have guards in the old copy, as guards reports.
func holding[R member](readers []R, guards func(R) uint64) (holders Holders) {
	for _, r := range readers {
		if n := guards(r); n != 0 {
			holders = append(holders, Holder{Reader: r.registered().name, Guards: int(n)})
		}
	}
	return holders
}
