package atomicx

import "runtime"

// Token reports when nothing can reach it any more. The object that it is about, its holder, has
// the only reference to it, so both become unreachable at the same time.
//
// Tokens use the runtime's finalizers. Cleanups (runtime.AddCleanup) would need no Token, but a
// program loses some if GOMAXPROCS is lowered while a collection sweeps, whether by the program
// or by a new limit of its container: go1.26 queues them per processor, leaves the queue of a
// removed processor as it is, and runs its functions only when GOMAXPROCS is raised again.
// Finalizers are in one queue.
type Token struct{}

// telling is a Token with what it calls, in one allocation. The runtime puts small objects
// without pointers into one block, and then waits for all of them to be unreachable. telling has
// a pointer, f, so its block is its own.
type telling[S any] struct {
	Token
	f   func(S)
	arg S
}

// NewToken returns a Token for holder to keep. When a collection has found the token unreachable,
// f(arg) is called once, on the runtime's goroutine for finalizers, which it must not block.
// Nothing that can be reached from f and arg may refer to the holder. The call comes after
// everything that other goroutines did with the holder, and the race detector knows that. Tokens
// that can be reached from f and arg report later, if they do.
//
// Under the explorer, its programs decide what is found unreachable, and NewToken returns nil.
func NewToken[T, S any](holder *T, f func(S), arg S) *Token {
	if nowhere != nil {
		nowhere = holder // puts the holder on the heap, where any reference into it keeps it
	}
	if explored() {
		tellExplorer(holder, func() { f(arg) })
		return nil
	}
	t := &telling[S]{f: f, arg: arg}
	runtime.SetFinalizer(t, tell[S])
	return &t.Token
}

func tell[S any](t *telling[S]) { t.f(t.arg) }

// Forget makes t report nothing.
func (t *Token) Forget() {
	if t != nil {
		runtime.SetFinalizer(t, nil)
	}
}

// nowhere is nil. The compiler does not know that.
var nowhere any
