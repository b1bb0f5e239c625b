package run

import (
	"time"

	"doublebuf/baselines/kv"
)

// publisher publishes the writes of one worker, as the publish policy of its map says.
type publisher struct {
	handle      kv.Publisher
	every       int           // writes between two publishes; or else never, if it is -1
	interval    time.Duration // if it is not 0, no publish earlier than this after the last
	unpublished int           // writes since due was last true
	last        time.Time     // when it was, if there is an interval
	count       int64         // publishes
}

// newPublisher returns the publisher of a worker that writes through h.
func newPublisher(h any, policy kv.Policy) publisher {
	handle, ok := h.(kv.Publisher)
	switch {
	case !ok || policy == kv.Policy{}:
		return publisher{every: -1} // never reached
	case policy.Interval > 0:
		return publisher{handle: handle, every: 1, interval: policy.Interval, last: time.Now()}
	}
	return publisher{handle: handle, every: policy.Every}
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
	p.handle.Publish()
	p.count++
}
