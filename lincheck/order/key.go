package order

import "doublebuf/lincheck/history"

// OneKey is the model of one key of a linearizable map. A history is linearizable exactly if its
// part for each key is (Herlihy and Wing, 1990).
type OneKey struct{}

// Apply implements Model.
func (OneKey) Apply(now history.Value, o *Op, _ func(*Op) bool) []history.Value {
	if legal, next := Step(now, o.Call); legal {
		return []history.Value{next}
	}
	return nil
}

// AtCall implements Model.
func (OneKey) AtCall(*history.Call) bool { return false }

// Concerns implements Model.
func (OneKey) Concerns(history.Value, *Op, *Op) bool { return true }

// TooMany implements Model.
func (OneKey) TooMany() string { return "" }

// Keep implements Model.
func (OneKey) Keep([]history.Value) {}

// Step reports whether c can take effect on a key that holds now, and returns what the key then
// holds.
func Step(now history.Value, c *history.Call) (legal bool, next history.Value) {
	stored := history.Some(c.New)
	switch c.Op {
	case history.Get:
		return saw(c, now, false), now
	case history.Set:
		return true, stored
	case history.Delete:
		return true, history.Value{}
	case history.Swap:
		return saw(c, now, false), stored
	case history.LoadAndDelete:
		return saw(c, now, false), history.Value{}
	case history.LoadOrStore:
		if now.Ok {
			return saw(c, now, true), now
		}
		return saw(c, stored, false), stored
	case history.CompareAndSwap:
		if now == history.Some(c.Old) {
			return saw(c, history.Value{}, true), stored
		}
		return saw(c, history.Value{}, false), now
	case history.CompareAndDelete:
		if now == history.Some(c.Old) {
			return saw(c, history.Value{}, true), history.Value{}
		}
		return saw(c, history.Value{}, false), now
	case history.Len: // its part about one key, whose result is 1 if it counted the key
		return c.Return == history.Never || now.Ok == (c.Result.Word == 1), now
	}
	return false, now
}

// saw reports whether c returned this result. A call that never returned may have any.
func saw(c *history.Call, result history.Value, did bool) bool {
	return c.Return == history.Never || c.Result == result && c.Did == did
}
