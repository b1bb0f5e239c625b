package buffers

import (
	"errors"
	"slices"

	"doublebuf/impl/invariants"
	"doublebuf/impl/strategy"
)

// Operation is a change to a copy of type T. The log applies it to both copies: first to one, and a
// publish later to the other.
type Operation[T any] interface {
	// ApplyFirst applies the operation to the first copy. If the effect depends on more than the
	// content of the copy (on a user's function, above all), ApplyFirst decides it and keeps it
	// in the operation as data. It may panic, and must then have changed nothing.
	ApplyFirst(t *T)
	// ApplySecond has the effect that ApplyFirst had, on the copy that has seen the same operations
	// before. It must not panic.
	ApplySecond(t *T)
}

// Batcher is implemented by operations of which some are simple: to apply many simple ones together
// takes less time than to apply them one by one. ApplyBatch applies the first of ops in order, up
// to the first that is not simple, and returns how many it has applied. A simple operation has the
// same effect on either copy, and does not panic. The receiver is the zero value, not one of the
// operations.
type Batcher[T, O any] interface {
	ApplyBatch(t *T, ops []O) int
}

// ErrClosed is returned by calls on a writer that has been closed.
var ErrClosed = errors.New("doublebuf: the writer is closed")

// ErrPoisoned is returned by calls on a writer after one of its operations panicked on the second
// copy. From then on the copies may differ. Readers keep the last version.
var ErrPoisoned = errors.New("doublebuf: the writer is poisoned: an operation panicked on the second copy")

// errBusy is returned to a user's function that uses the writer while the writer calls the
// function.
var errBusy = errors.New("doublebuf: the writer was used by a function that it is applying")

// OpWriteHandle is a writer with a log. Callers push operations to the log, and never change a copy
// directly. The log applies each operation exactly once to each copy, in the order in which they
// were pushed (law L2).
//
// The log has a waterline: operations below it are in exactly one copy, those above it in none
// (law L1). After a publish all are below. When the writer's copy is next needed, the operations
// below are applied to it. Then they are in both copies, and leave the log.
//
// O is the type of operations. P is *O and has the methods.
type OpWriteHandle[T, O any, P interface {
	*O
	Operation[T]
}] struct {
	delay *DelayWriteHandle[T]
	clone func(*T) T    // or nil
	batch Batcher[T, O] // of the operations, or nil

	// The log, in two parts divided by the waterline. So the part below can be dropped in one
	// piece.
	below  []O
	above  []O
	recent int // operations in the largest of the last batches; it decays

	// behind says which copy has the operations below the waterline. If it is true, the readable
	// copy has them and the writer's is behind. If it is false, the writer's has them.
	behind bool
	err    error // why the writer cannot be used, or nil

	// Operations so far, and how many were applied first and second; in checked builds.
	pushed, first, second uint64
	unaudited             int // operations replayed since the last audit; in checked builds
}

// NewOpWriteHandle returns an OpWriteHandle over w. The caller must not use w directly any more.
//
// clone returns an independent copy of its argument, which it must only read. It is called when a
// wait for readers has taken as long as the strategy's options allow (law V2). It may be nil if
// they set no MaxWait.
func NewOpWriteHandle[T, O any, P interface {
	*O
	Operation[T]
}](w *DelayWriteHandle[T], clone func(*T) T,
) *OpWriteHandle[T, O, P] {
	batch, _ := any(P(new(O))).(Batcher[T, O])
	return &OpWriteHandle[T, O, P]{delay: w, clone: clone, batch: batch}
}

// Version returns the number of publishes so far.
func (w *OpWriteHandle[T, O, P]) Version() uint64 { return w.delay.Version() }

// NewReadHandle, Register and Share make handles for reading; see [WriteHandle].
func (w *OpWriteHandle[T, O, P]) NewReadHandle(name string) *ReadHandle[T] {
	return w.delay.NewReadHandle(name)
}

func (w *OpWriteHandle[T, O, P]) Register(h *ReadHandle[T], name string) { w.delay.Register(h, name) }

func (w *OpWriteHandle[T, O, P]) Share() []*ReadHandle[T] { return w.delay.Share() }

// Push appends ops to the log. It keeps no reference to the slice. It panics if the writer is
// closed; see [OpWriteHandle.Close].
func (w *OpWriteHandle[T, O, P]) Push(ops ...O) {
	if w.err != nil {
		panic(w.err)
	}
	w.above = append(w.above, ops...)
	if invariants.Enabled {
		w.pushed += uint64(len(ops))
	}
}

// Err returns why the writer cannot be used any more, or nil.
func (w *OpWriteHandle[T, O, P]) Err() error { return w.err }

// HasPending reports whether operations have been pushed since the last publish.
func (w *OpWriteHandle[T, O, P]) HasPending() bool {
	return len(w.above) > 0 || len(w.below) > 0 && !w.behind
}

// Apply brings the writer's copy up to date with the log and returns it, for reading only. It may
// wait for the last swap to finish; if that takes too long, it clones the readable copy. It
// returns [strategy.ErrCancelled] if cancel is closed meanwhile.
//
// If an operation panics in ApplyFirst, that operation is dropped, those before and after it
// stand, and the panic goes to the caller.
func (w *OpWriteHandle[T, O, P]) Apply(cancel <-chan struct{}) (*T, error) {
	if w.err != nil {
		return nil, w.err
	}
	switch err := w.delay.FinishSwap(cancel); {
	case w.err != nil: // the stall report has closed the writer
		return nil, w.err
	case errors.Is(err, strategy.ErrMaxWait) && w.clone != nil:
		w.detach()
	case err != nil:
		return nil, err
	}
	t := w.delay.Writer()
	w.replay(t)
	w.apply(t)
	return t, nil
}

// detach gives the writer a clone of the readable copy, in place of the copy that readers hold. The
// clone has the operations below the waterline, so they are then in both copies.
func (w *OpWriteHandle[T, O, P]) detach() {
	w.delay.Detach(w.clone)
	w.caughtUp()
}

// replay applies the operations below the waterline to the copy that is behind.
func (w *OpWriteHandle[T, O, P]) replay(t *T) {
	if !w.behind {
		return
	}
	w.err = ErrPoisoned // unless no operation panics
	below := w.below
	for i := 0; i < len(below); i++ {
		if i += w.applyBatch(t, below[i:]); i < len(below) {
			P(&below[i]).ApplySecond(t)
		}
	}
	w.caughtUp()
	w.err = nil
}

// caughtUp drops the operations below the waterline, because they are in both copies.
func (w *OpWriteHandle[T, O, P]) caughtUp() {
	if invariants.Enabled {
		w.second += uint64(len(w.below))
		w.audit()
	}
	w.recent = max(len(w.below), w.recent/4)
	clear(w.below) // so that keys and values can be collected
	w.below = w.below[:0]
	if c := cap(w.below); c > keptLog && c > 4*w.recent {
		w.below = nil
	}
	w.behind = false
}

// keptLog is the number of operations for which the log always keeps its memory. It gives larger
// memory back if no recent batch has used a quarter of it. So a batch whose memory is given back
// comes at most once in several publishes.
const keptLog = 1024

// comparer is implemented by *T if checked builds can compare the copies.
type comparer[T any] interface {
	Len() int
	Unlike(other *T) string // says how they differ, or ""
}

// audit asserts that the two copies are equal. It is called when every operation that is in one is
// in the other too. It compares small copies each time. It compares a larger copy after as many
// operations as the copy has entries. So it takes hardly longer than the replays.
func (w *OpWriteHandle[T, O, P]) audit() {
	const few = 64
	t, ok := any(w.delay.Writer()).(comparer[T])
	if w.unaudited += len(w.below); !ok || t.Len() > max(few, w.unaudited) {
		return
	}
	w.unaudited = 0
	why := t.Unlike(&w.delay.readable.data)
	invariants.Check(why == "", "L2", "the copies differ after a replay: %s", why)
}

// apply applies the operations above the waterline to the writer's copy, and raises the waterline
// over them.
func (w *OpWriteHandle[T, O, P]) apply(t *T) {
	done := 0
	w.err = errBusy
	defer func() {
		w.err = nil
		if done < len(w.above) { // this one panicked
			w.above = slices.Delete(w.above, done, done+1)
			if invariants.Enabled {
				w.pushed--
			}
		}
		w.raise(done)
	}()
	for done < len(w.above) {
		if done += w.applyBatch(t, w.above[done:]); done < len(w.above) {
			P(&w.above[done]).ApplyFirst(t)
			done++
		}
	}
}

// applyBatch applies the first of ops, as many as are simple, and returns their number. If ops has
// one operation, the caller applies it, which is faster.
func (w *OpWriteHandle[T, O, P]) applyBatch(t *T, ops []O) int {
	if w.batch == nil || len(ops) <= 1 {
		return 0
	}
	return w.batch.ApplyBatch(t, ops)
}

// raise moves the first n operations above the waterline below it.
func (w *OpWriteHandle[T, O, P]) raise(n int) {
	if len(w.below) == 0 && n == len(w.above) {
		w.below, w.above = w.above, w.below
	} else {
		w.below = append(w.below, w.above[:n]...)
		w.above = slices.Delete(w.above, 0, n)
	}
	if invariants.Enabled {
		w.first += uint64(n)
		w.checkLog()
	}
}

// checkLog asserts L1 and L2 in numbers. The sums are wrong if an operation was applied once too
// often or not at all.
func (w *OpWriteHandle[T, O, P]) checkLog() {
	below, above := uint64(len(w.below)), uint64(len(w.above))
	invariants.Check(w.first-w.second == below, "L1 or L2", "%d operations are in exactly one copy, %d are below the waterline", w.first-w.second, below)
	invariants.Check(w.pushed-w.first == above, "L1 or L2", "%d operations are in no copy, %d are above the waterline", w.pushed-w.first, above)
}

// Publish applies all operations that were pushed, and makes them visible to new guards as the next
// version. It waits only for the last swap to finish. So it does not wait for readers of the
// version that it replaces. It returns the errors of Apply, and panics as Apply does. Then nothing
// is published.
func (w *OpWriteHandle[T, O, P]) Publish(cancel <-chan struct{}) error {
	if _, err := w.Apply(cancel); err != nil {
		return err
	}
	if invariants.Enabled {
		invariants.Check(len(w.above) == 0 && !w.behind, "L1", "a publish with %d operations above the waterline", len(w.above))
	}
	w.behind = true
	return w.delay.StartSwap(nil) // Apply has finished the swap before
}

// TryFinish reports whether Publish need not wait. It never waits itself, and publishes nothing. If
// the writer cannot be used any more, Publish returns the error without a wait.
func (w *OpWriteHandle[T, O, P]) TryFinish() bool { return w.err != nil || w.delay.TryFinishSwap() }

// TryPublish is Publish if that need not wait. Otherwise it changes nothing and returns false.
func (w *OpWriteHandle[T, O, P]) TryPublish() (bool, error) {
	if w.err != nil {
		return false, w.err
	}
	if !w.TryFinish() {
		return false, nil
	}
	return true, w.Publish(nil)
}

// Flush waits until all readers are on the last version, or cancel is closed, or the wait has
// taken as long as the strategy's options allow; then it returns [strategy.ErrMaxWait].
func (w *OpWriteHandle[T, O, P]) Flush(cancel <-chan struct{}) error {
	if w.err != nil {
		return w.err
	}
	err := w.delay.FinishSwap(cancel)
	if w.err != nil { // as in Apply
		return w.err
	}
	return err
}

// Close ends writing. It publishes nothing, drops pending operations, and does not wait. Readers
// keep the last version. The other copy is freed, or left to the guards that are open in it and to
// the garbage collector; see [WriteHandle.Close]. From now on Push panics, and all other calls
// return ErrClosed. Close itself panics in a function that the writer is applying.
func (w *OpWriteHandle[T, O, P]) Close() {
	if w.err == errBusy {
		panic(w.err)
	}
	w.err = ErrClosed
	w.below, w.above = nil, nil
	w.delay.Close()
}
