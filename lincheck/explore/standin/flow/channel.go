package flow

import (
	"slices"
	"unsafe"

	"doublebuf/impl/atomicx/hooked"
)

// channel is the state of a channel under the explorer, which does not use the real one. As in the
// Go runtime a goroutine that must wait enters a queue, and is served from there.
type channel[T any] struct {
	key      unsafe.Pointer
	capacity int
	buffer   []T
	closed   bool
	senders  []*waiter[T]
	takers   []*waiter[T]
}

// waiter is a goroutine in a queue of a channel.
type waiter[T any] struct {
	*wait
	index int // of the case of its select
	value T   // to send, or received
	ok    bool
}

// wait is what a goroutine waits for. A select has one for all its cases.
type wait struct {
	done  bool
	index int // the case that happened
}

func stateOf[T any](h hooked.Whole, ch <-chan T) *channel[T] {
	key := *(*unsafe.Pointer)(unsafe.Pointer(&ch))
	if key == nil {
		return nil
	}
	return h.State(key, func() any {
		if len(ch) > 0 {
			h.Uncontrolled("a channel that had content before the execution")
		}
		return &channel[T]{key: key, capacity: cap(ch)}
	}).(*channel[T])
}

// pop removes the first waiter that still waits, and makes it go on.
func pop[T any](queue *[]*waiter[T]) *waiter[T] {
	for len(*queue) > 0 {
		w := (*queue)[0]
		*queue = (*queue)[1:]
		if !w.done {
			w.done, w.wait.index = true, w.index
			return w
		}
	}
	return nil
}

func waiting[T any](queue []*waiter[T]) bool {
	return slices.ContainsFunc(queue, func(w *waiter[T]) bool { return !w.done })
}

// canSend reports whether a send would not wait. A send to a closed channel does not: it panics.
func (c *channel[T]) canSend() bool {
	return c != nil && (c.closed || len(c.buffer) < c.capacity || waiting(c.takers))
}

func (c *channel[T]) canReceive() bool {
	return c != nil && (c.closed || len(c.buffer) > 0 || waiting(c.senders))
}

// send sends without waiting.
func (c *channel[T]) send(v T) {
	if c.closed {
		panic("send on closed channel")
	}
	if w := pop(&c.takers); w != nil {
		w.value, w.ok = v, true
		return
	}
	c.buffer = append(c.buffer, v)
}

// receive receives without waiting.
func (c *channel[T]) receive() (v T, ok bool) {
	if len(c.buffer) > 0 {
		v = c.buffer[0]
		c.buffer = c.buffer[1:]
		if w := pop(&c.senders); w != nil {
			w.ok = true
			c.buffer = append(c.buffer, w.value)
		}
		return v, true
	}
	if w := pop(&c.senders); w != nil {
		w.ok = true
		return w.value, true
	}
	return v, false
}

// Sender is a channel to send to.
type Sender[T any] struct{ ch chan<- T }

// To returns ch as a Sender. To(ch).Send(v) is the statement ch <- v.
func To[T any](ch chan<- T) Sender[T] { return Sender[T]{ch} }

// Send sends v and blocks until the channel takes it.
func (s Sender[T]) Send(v T) {
	if h := hooked.Current(); h != nil {
		choose(h, false, []Case{s.Of(v)})
		return
	}
	s.ch <- v
}

// Receive is the expression <-ch.
func Receive[T any](ch <-chan T) T {
	v, _ := Receive2(ch)
	return v
}

// Receive2 is the expression <-ch with two results.
func Receive2[T any](ch <-chan T) (v T, ok bool) {
	if h := hooked.Current(); h != nil {
		r := From(ch)
		choose(h, false, []Case{r})
		return r.V, r.OK
	}
	v, ok = <-ch
	return v, ok
}

// Close is the function close.
func Close[T any](ch chan<- T) {
	h := hooked.Current()
	if h == nil {
		close(ch)
		return
	}
	c := stateOf(h, both(ch))
	if c == nil {
		panic("close of nil channel")
	}
	h.Step(hooked.Op{Kind: hooked.OpCloseChan, Loc: c.key})
	if c.closed {
		panic("close of closed channel")
	}
	c.closed = true
	for w := pop(&c.takers); w != nil; w = pop(&c.takers) {
		w.ok = false
	}
	for w := pop(&c.senders); w != nil; w = pop(&c.senders) {
		w.ok = false
	}
	h.Did(true, nil)
}

// Len is the function len of a channel.
func Len[T any](ch <-chan T) int {
	if ch == nil {
		return 0
	}
	h := hooked.Current()
	if h == nil {
		return len(ch)
	}
	c := stateOf(h, ch)
	h.Step(hooked.Op{Kind: hooked.OpLoad, Loc: c.key})
	n := len(c.buffer)
	h.Did(false, n)
	return n
}

// LenSend is Len of a channel that only sends.
func LenSend[T any](ch chan<- T) int { return Len(both(ch)) }

// both returns ch as a channel to receive from. All kinds of channels are one pointer.
func both[T any](ch chan<- T) <-chan T { return *(*<-chan T)(unsafe.Pointer(&ch)) }
