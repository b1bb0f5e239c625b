package run

import (
	"time"

	"doublebuf/baselines/kv"
)

// publisher publishes the writes of one worker, as the publish policy of its map says.
type publisher struct {
	publishes   func()        // Publish of the handle, or HandOver if it has a log of its own
	waits       bool          // what it publishes is visible when publish returns
	every       int           // writes between two publishes; or else never, if it is -1
	interval    time.Duration // if it is not 0, no publish earlier than this after the last
	unpublished int           // writes since due was last true
	last        time.Time     // when it was, if there is an interval
	count       int64         // publishes
}

// newPublisher returns the publisher of a worker that writes through h.
func newPublisher(h any, policy kv.Policy) publisher {
	handle, ok := h.(kv.Publisher)
	if !ok || policy == (kv.Policy{}) {
		return publisher{every: -1} // never reached
	}
	p := publisher{publishes: func() { handle.Publish() }, waits: true, every: policy.Every}
	if own, ok := h.(kv.HandOverer); ok {
		p.publishes, p.waits = own.HandOver, false
	}
	if policy.Interval > 0 {
		p.every, p.interval, p.last = 1, policy.Interval, time.Now()
	}
	return p
}

// due is called after each write. It reports whether the worker must publish now.
func (p *publisher) due() bool {
	p.unpublished++
	return p.unpublished == p.every && p.elapsed()
}

func (p *publisher) elapsed() bool {
	p.unpublished = 0
	if p.interval == 0 {
		return true
	}
	now := time.Now()
	if now.Sub(p.last) < p.interval {
		return false
	}
	p.last = now
	return true
}

func (p *publisher) publish() {
	p.publishes()
	p.count++
}
