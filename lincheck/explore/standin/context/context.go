// Package context stands in for context in code that the explorer runs. A deadline may pass at any
// moment.
package context

import (
	"context"
	"time"

	"doublebuf/lincheck/explore/standin/flow"
	"doublebuf/lincheck/explore/standin/sync"
	standin "doublebuf/lincheck/explore/standin/time"
)

type (
	Context         = context.Context
	CancelFunc      = context.CancelFunc
	CancelCauseFunc = context.CancelCauseFunc
)

var (
	Canceled         = context.Canceled
	DeadlineExceeded = context.DeadlineExceeded
)

func Background() Context                            { return context.Background() }
func TODO() Context                                  { return context.TODO() }
func WithValue(parent Context, key, val any) Context { return context.WithValue(parent, key, val) }

// cancelling is a context that can be cancelled.
type cancelling struct {
	Context  // the parent
	done     chan struct{}
	deadline time.Time
	timer    *standin.Timer

	mu       sync.Mutex
	err      error
	cause    error
	children []*cancelling
	after    []*func()
}

// own is the key for which a cancelling context returns itself.
type own struct{}

func (c *cancelling) Value(key any) any {
	if key == (own{}) {
		return c
	}
	return c.Context.Value(key)
}

func (c *cancelling) Done() <-chan struct{} { return c.done }

func (c *cancelling) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *cancelling) Deadline() (time.Time, bool) {
	if !c.deadline.IsZero() {
		return c.deadline, true
	}
	return c.Context.Deadline()
}

// cancel cancels c and its children for the first time.
func (c *cancelling) cancel(err, cause error) {
	c.mu.Lock()
	if c.err != nil {
		c.mu.Unlock()
		return
	}
	if cause == nil {
		cause = err
	}
	c.err, c.cause = err, cause
	flow.Close(c.done)
	children, after, timer := c.children, c.after, c.timer
	c.children, c.after = nil, nil
	c.mu.Unlock()
	for _, child := range children {
		child.cancel(err, cause)
	}
	for _, f := range after {
		if *f != nil {
			flow.Go(*f)
		}
	}
	if timer != nil {
		timer.Stop()
	}
}

func newCancelling(parent Context) *cancelling {
	if parent == nil {
		panic("cannot create context from nil parent")
	}
	c := &cancelling{Context: parent, done: make(chan struct{})}
	p, ok := parent.Value(own{}).(*cancelling)
	switch {
	case ok && parent.Done() == p.Done():
		p.mu.Lock()
		err, cause := p.err, p.cause
		if err == nil {
			p.children = append(p.children, c)
		}
		p.mu.Unlock()
		if err != nil {
			c.cancel(err, cause)
		}
	case parent.Done() != nil:
		flow.Go(func() {
			if flow.Select(false, flow.From(parent.Done()), flow.From(c.Done())) == 0 {
				c.cancel(parent.Err(), Cause(parent))
			}
		})
	}
	return c
}

// WithCancel is context.WithCancel.
func WithCancel(parent Context) (Context, CancelFunc) {
	c := newCancelling(parent)
	return c, func() { c.cancel(Canceled, nil) }
}

// WithCancelCause is context.WithCancelCause.
func WithCancelCause(parent Context) (Context, CancelCauseFunc) {
	c := newCancelling(parent)
	return c, func(cause error) { c.cancel(Canceled, cause) }
}

// WithDeadline is context.WithDeadline.
func WithDeadline(parent Context, d time.Time) (Context, CancelFunc) {
	return WithDeadlineCause(parent, d, nil)
}

// WithDeadlineCause is context.WithDeadlineCause.
func WithDeadlineCause(parent Context, d time.Time, cause error) (Context, CancelFunc) {
	c := newCancelling(parent)
	if before, ok := parent.Deadline(); ok && before.Before(d) {
		return c, func() { c.cancel(Canceled, nil) }
	}
	c.deadline = d
	timer := standin.AfterFunc(standin.Until(d), func() { c.cancel(DeadlineExceeded, cause) })
	c.mu.Lock()
	c.timer = timer
	c.mu.Unlock()
	return c, func() { c.cancel(Canceled, nil) }
}

// WithTimeout is context.WithTimeout.
func WithTimeout(parent Context, timeout time.Duration) (Context, CancelFunc) {
	return WithDeadline(parent, standin.Now().Add(timeout))
}

// WithTimeoutCause is context.WithTimeoutCause.
func WithTimeoutCause(parent Context, timeout time.Duration, cause error) (Context, CancelFunc) {
	return WithDeadlineCause(parent, standin.Now().Add(timeout), cause)
}

// WithoutCancel is context.WithoutCancel.
func WithoutCancel(parent Context) Context { return context.WithoutCancel(parent) }

// Cause is context.Cause.
func Cause(c Context) error {
	p, ok := c.Value(own{}).(*cancelling)
	if !ok || c.Done() != p.Done() {
		return context.Cause(c)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cause
}

// AfterFunc is context.AfterFunc.
func AfterFunc(ctx Context, f func()) (stop func() bool) {
	c := newCancelling(ctx)
	c.mu.Lock()
	err := c.err
	if err == nil {
		c.after = append(c.after, &f)
	}
	c.mu.Unlock()
	if err != nil {
		flow.Go(f)
		return func() bool { return false }
	}
	return func() bool {
		c.mu.Lock()
		stopped := c.err == nil && f != nil
		if stopped {
			f = nil
		}
		c.mu.Unlock()
		c.cancel(Canceled, nil)
		return stopped
	}
}
