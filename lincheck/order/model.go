package order

import (
	"time"

	"doublebuf/lincheck/history"
)

// A Model says what calls do. Its states of type S are comparable.
type Model[S comparable] interface {
	// Apply returns the states that the map can be in when o takes effect in state s; none = o
	// cannot take effect there, or not with its result. The function done reports whether a call
	// has taken effect.
	Apply(s S, o *Op, done func(*Op) bool) []S
	// Concerns reports whether it can matter to o that the other call takes effect in state s, or
	// in one that follows, before o does.
	Concerns(s S, o, other *Op) bool
	// AtCall reports whether c takes effect when it is called. Such a call can do so in every
	// state, and has one next state.
	AtCall(c *history.Call) bool
	// TooMany returns why Apply has once left out states because there were too many, or "".
	TooMany() string
	// Keep says that of all states so far only these are still needed.
	Keep(list []S)
}

// Work limits the searches of one history. All searches without an answer take no longer than Limit
// together.
type Work struct {
	Limit, vain time.Duration
}
