package buffers

// DelayWriteHandle is a WriteHandle that finishes its swaps late. StartSwap returns without
// waiting, and the wait comes when the writer's copy is next needed. By then the readers have
// usually left the old copy.
//
// It keeps law S2: at most one swap is outstanding, and starting another finishes it first.
type DelayWriteHandle[T any] struct {
	*WriteHandle[T]
	outstanding bool
}

// NewDelayWriteHandle returns a DelayWriteHandle over w. The caller must not use w directly any
// more.
func NewDelayWriteHandle[T any](w *WriteHandle[T]) *DelayWriteHandle[T] {
	return &DelayWriteHandle[T]{WriteHandle: w}
}

// Writer returns the writer's copy. The caller may read and change it until the next StartSwap.
// It panics if a swap is outstanding.
func (w *DelayWriteHandle[T]) Writer() *T {
	if w.outstanding {
		panic("law S2 is broken: the writer's copy was asked for while a swap is outstanding")
	}
	return w.WriteHandle.Writer()
}

// TryFinishSwap reports whether no swap is outstanding. It does not wait.
func (w *DelayWriteHandle[T]) TryFinishSwap() bool {
	w.outstanding = w.outstanding && !w.WriteHandle.TryFinishSwap()
	return !w.outstanding
}

// FinishSwap waits until no swap is outstanding or cancel is closed. It returns the errors of
// [strategy.Strategy]'s Finish.
func (w *DelayWriteHandle[T]) FinishSwap(cancel <-chan struct{}) error {
	if !w.outstanding {
		return nil
	}
	err := w.WriteHandle.FinishSwap(cancel)
	w.outstanding = err != nil
	return err
}

// Close ends writing; see [WriteHandle.Close]. From now on only NewReadHandle, Register, Share and
// Version may be called.
func (w *DelayWriteHandle[T]) Close() { w.WriteHandle.Close(w.outstanding) }

// StartSwap makes the writer's copy the readable one. It waits only for the swap before it, if
// that is still outstanding, and returns the errors of FinishSwap.
func (w *DelayWriteHandle[T]) StartSwap(cancel <-chan struct{}) error {
	if err := w.FinishSwap(cancel); err != nil {
		return err
	}
	w.WriteHandle.StartSwap()
	w.outstanding = true
	return nil
}

// Detach ends the outstanding swap without waiting; see [WriteHandle.Detach]. It panics if there
// is none.
func (w *DelayWriteHandle[T]) Detach(clone func(*T) T) {
	if !w.outstanding {
		panic("law S2 is broken: a copy was to be detached while no swap is outstanding")
	}
	w.WriteHandle.Detach(clone)
	w.outstanding = false
}
