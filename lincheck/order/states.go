package order

// states numbers the states of a model, so that a search can compare them fast.
type states[T any] struct {
	numbers map[string]int
	of      map[int]T // by number
	next    int
}

func newStates[T any]() states[T] { return states[T]{map[string]int{}, map[int]T{}, 0} }

// number returns the number of the state that key describes.
func (t *states[T]) number(key []byte, state T) int {
	n, known := t.numbers[string(key)]
	if !known {
		n = t.next
		t.next++
		t.numbers[string(key)], t.of[n] = n, state
	}
	return n
}

// Keep implements Model.
func (t *states[T]) Keep(list []int) {
	const many = 64 // so that it seldom looks at all
	if len(t.of) < many || len(t.of) < 4*len(list) {
		return
	}
	kept := make(map[int]T, len(list))
	for _, n := range list {
		kept[n] = t.of[n]
	}
	t.of = kept
	for key, n := range t.numbers {
		if _, is := kept[n]; !is {
			delete(t.numbers, key)
		}
	}
}
