package atomicx

import "runtime"

// Token reports when nothing can reach it any more. Only its holder, the object that it is about,
// refers to it. So both become unreachable at the same time.
//
// Tokens use the runtime's finalizers. Cleanups (runtime.AddCleanup) would need no Token, but some
// are lost if GOMAXPROCS is lowered while a collection sweeps, by the program or by a new limit of
// its container. The reason is that go1.26 queues them for each processor, leaves the queue of a
// removed processor as it is, and runs its functions only when GOMAXPROCS is raised again.
// Finalizers are in one queue.
type Token struct{}

// reporting is a Token with its function and argument, in one allocation. The runtime puts small
// objects without pointers into one block, and then waits until all of them are unreachable.
// reporting has a pointer, f, so its block is its own.
type reporting[S any] struct {
	Token
	f   func(S)
	arg S
}

// NewToken returns a Token for holder to keep. When a collection has found the token unreachable,
// f(arg) is called once, on the runtime's goroutine for finalizers. f must not block that
// goroutine. Nothing that can be reached from f and arg may refer to the holder. The call comes
// after everything that other goroutines did with the holder, and the race detector knows that. If
// tokens can be reached from f and arg, they report later or not at all.
//
// Under the explorer, its programs decide what is found unreachable, and NewToken returns nil.
func NewToken[T, S any](holder *T, f func(S), arg S) *Token {
	if nowhere != nil {
		nowhere = holder // puts the holder on the heap; there any reference into it keeps it alive
	}
	if explored() {
		registerToken(holder, func() { f(arg) })
		return nil
	}
	t := &reporting[S]{f: f, arg: arg}
	runtime.SetFinalizer(t, report[S])
	return &t.Token
}

func report[S any](t *reporting[S]) { t.f(t.arg) }

// Forget makes t report nothing.
func (t *Token) Forget() {
	if t != nil {
		runtime.SetFinalizer(t, nil)
	}
}

// Collect runs a garbage collection on another goroutine, and then calls done there.
func Collect(done func()) {
	go func() {
		runtime.GC()
		done()
	}()
}

// nowhere is nil. The compiler does not know that.
var nowhere any
