package strategy_test

import (
	"fmt"

	"doublebuf/impl/strategy"
)

// A writer changes its copy, swaps, and gets the old copy back when no guard is open in it.
func Example() {
	s := strategy.Epoch(strategy.Options{})
	copies := [2]strategy.Copy{{Index: 0}, {Index: 1}}
	data := [2]string{"old", ""} // by the Index of the copy
	s.Begin(&copies[0])

	r := s.NewReader("a reader")
	guard := r.Open()

	data[1] = "new"
	s.StartSwap(&copies[1])
	fmt.Println("the guard still reads:", data[guard.Index])
	fmt.Println("the swap has finished:", s.TryFinish())

	r.Close(guard)
	fmt.Println("the swap has finished:", s.TryFinish())
	guard = r.Open()
	fmt.Println("the next guard reads:", data[guard.Index])
	r.Close(guard)
	// Output:
	// the guard still reads: old
	// the swap has finished: false
	// the swap has finished: true
	// the next guard reads: new
}

// Programs that work with all strategies read them from a list.
func ExampleAll() {
	for _, k := range strategy.All() {
		if k.HandleFree {
			fmt.Println(k.Name, "needs no handles")
		}
	}
	// Output:
	// indicator needs no handles
	// collector needs no handles
}
