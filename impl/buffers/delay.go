package buffers

// DelayWriteHandle is a WriteHandle whose swaps are finished late: StartSwap returns
// without waiting, and the wait is made up for when the writer's copy is next needed. By
// then the readers have usually left the old copy.
//
// It keeps law S2: at most one swap is outstanding, and starting another finishes it first.
type DelayWriteHandle[T any] struct {
	*WriteHandle[T]
	outstanding bool
}

// NewDelayWriteHandle returns a DelayWriteHandle over w, which is not to be used directly
// any more.
func NewDelayWriteHandle[T any](w *WriteHandle[T]) *DelayWriteHandle[T] {
	return &DelayWriteHandle[T]{WriteHandle: w}
}

// Writer returns the writer's copy, to be read and changed until the next StartSwap.
// The swap before must have been finished.
func (w *DelayWriteHandle[T]) Writer() *T {
	if w.outstanding {
		panic("law S2 is broken: the writer's copy was asked for while a swap is outstanding")
	}
	return w.WriteHandle.Writer()
}

// TryFinishSwap reports whether no swap is outstanding, without waiting.
func (w *DelayWriteHandle[T]) TryFinishSwap() bool {
	w.outstanding = w.outstanding && !w.WriteHandle.TryFinishSwap()
	return !w.outstanding
}

// FinishSwap waits until no swap is outstanding or cancel is closed.
func (w *DelayWriteHandle[T]) FinishSwap(cancel <-chan struct{}) error {
	if !w.outstanding {
		return nil
	}
	err := w.WriteHandle.FinishSwap(cancel)
	w.outstanding = err != nil
	return err
}

// StartSwap makes the writer's copy the readable one. It waits only for the swap before,
// if that is still outstanding.
func (w *DelayWriteHandle[T]) StartSwap(cancel <-chan struct{}) error {
	if err := w.FinishSwap(cancel); err != nil {
		return err
	}
	w.WriteHandle.StartSwap()
	w.outstanding = true
	return nil
}

// Detach ends the swap that is outstanding without waiting, see [WriteHandle.Detach].
func (w *DelayWriteHandle[T]) Detach(clone func(*T) T) {
	if !w.outstanding {
		panic("law S2 is broken: a copy was to be detached while no swap is outstanding")
	}
	w.WriteHandle.Detach(clone)
	w.outstanding = false
}
