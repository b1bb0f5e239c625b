package strategy

// Watch returns s, but it calls entered whenever s gives the writer a copy. That is when the wait
// for a swap has ended, or Detach has ended it, and nothing in the copy has been changed yet. The
// call is on the writer's goroutine. entered must not use s. Watch costs readers nothing.
func Watch(s Strategy, entered func()) Strategy {
	w := watched{s, entered}
	switch s.(type) {
	case Renewing: // the only one is a Sharer too
		return watchedRenewing{watchedSharer{w}}
	case Sharer:
		return watchedSharer{w}
	}
	return w
}

type watched struct {
	Strategy
	entered func()
}

// TryFinish implements Strategy.
func (w watched) TryFinish() bool {
	finished := w.Strategy.TryFinish()
	if finished {
		w.entered()
	}
	return finished
}

// Finish implements Strategy.
func (w watched) Finish(cancel <-chan struct{}) error {
	err := w.Strategy.Finish(cancel)
	if err == nil {
		w.entered()
	}
	return err
}

// Detach implements Strategy. If entered panics, nothing has been detached.
func (w watched) Detach() {
	w.entered()
	w.Strategy.Detach()
}

type watchedSharer struct{ watched }

// NewShared implements Sharer.
func (w watchedSharer) NewShared() []Reader { return w.Strategy.(Sharer).NewShared() }

type watchedRenewing struct{ watchedSharer }

func (watchedRenewing) renewing() {}
