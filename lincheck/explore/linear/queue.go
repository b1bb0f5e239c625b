package linear

import (
	"fmt"

	"doublebuf/lincheck/explore"
)

// Queue records the calls to a queue, first in, first out, and judges them.
type Queue[T comparable] struct {
	*History[[]T]
	capacity int
}

// NewQueue returns the record of an empty queue of the given capacity. With a capacity of 0 the
// queue is never full.
func NewQueue[T comparable](x *explore.X, capacity int) *Queue[T] {
	return &Queue[T]{New[[]T](x, nil), capacity}
}

// Put records a call of put, which adds v. put returns false if the queue is full.
func (q *Queue[T]) Put(v T, put func(T) bool) (ok bool) {
	q.Do(fmt.Sprintf("Put(%v)", v), func() (string, func([]T) ([]T, bool)) {
		ok = put(v)
		return fmt.Sprint(ok), func(s []T) ([]T, bool) {
			if full := q.capacity > 0 && len(s) >= q.capacity; full || !ok {
				return s, full && !ok
			}
			return append(s[:len(s):len(s)], v), true
		}
	})
	return ok
}

// Take records a call of take, which removes the first element. take returns false if the queue is
// empty.
func (q *Queue[T]) Take(take func() (T, bool)) (v T, ok bool) {
	q.Do("Take()", func() (string, func([]T) ([]T, bool)) {
		v, ok = take()
		return found(v, ok), func(s []T) ([]T, bool) {
			if len(s) == 0 || !ok {
				return s, len(s) == 0 && !ok
			}
			return s[1:], s[0] == v
		}
	})
	return v, ok
}
