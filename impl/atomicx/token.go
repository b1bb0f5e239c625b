package atomicx

import "runtime"

// Token tells when nothing can reach it any more. What it is about, its holder, has the only reference
// to it, so that the two become unreachable at once.
//
// The runtime's finalizers do it. Its cleanups (runtime.AddCleanup), which would need no Token, are lost to
// the program if GOMAXPROCS is lowered while a collection sweeps, be it by the program or by a new limit of
// its container: go1.26 queues them for each processor, leaves the queue of a processor that is taken away as it
// is, and runs what is in it only once GOMAXPROCS has been raised again. Finalizers are in one queue.
type Token struct{}

// telling is a Token and what it tells. Together they take one allocation, which shares no block with others,
// whose ends would be awaited with its own: the runtime puts into one what is small and has no pointers, and f is one.
type telling[S any] struct {
	Token
	f   func(S)
	arg S
}

// NewToken returns a Token for holder to keep. Once it is unreachable and a collection
// has found that out, f(arg) is called, once, on the runtime's goroutine for finalizers, which it must not
// hold up. Nothing that can be reached from f and arg may refer to the holder. It runs after everything that other
// goroutines did with the holder, and the race detector knows. Tokens that can be reached from f and arg tell
// later, if they do.
// Under the explorer its programs decide what is found unreachable, and nil is returned.
func NewToken[T, S any](holder *T, f func(S), arg S) *Token {
	if nowhere != nil {
		nowhere = holder // so that the holder is on the heap, where all of it lives as long as a reference to some of it
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

// Forget has t tell nothing.
func (t *Token) Forget() {
	if t != nil {
		runtime.SetFinalizer(t, nil)
	}
}

// nowhere is nil, which the compiler does not know.
var nowhere any
