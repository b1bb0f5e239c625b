package explore_test

import (
	"fmt"

	"doublebuf/impl/atomicx/hooked"
	"doublebuf/lincheck/explore"
)

// Two goroutines add to a counter in two steps each. One of the additions can be lost.
func Example() {
	program := func(x *explore.Exec) {
		var counter hooked.Int64
		x.Name("counter", &counter)
		for _, name := range []string{"Ann", "Bob"} {
			x.Go(name, func() {
				n := counter.Load()
				counter.Store(n + 1)
			})
		}
		x.Finally(func() {
			if n := counter.Load(); n != 2 {
				x.Failf("two additions make %d", n)
			}
		})
	}
	res, err := explore.Run(explore.Config{Search: explore.UpTo(2)}, program)
	if err != nil {
		panic(err)
	}
	fmt.Println(res.Failure)
	// Output:
	// assertion: the final check: two additions make 1
	//    1  Ann  Load   counter  0  explore/example_test.go:17
	//    2  Bob  Load   counter  0  explore/example_test.go:17
	//    3  Bob  Store  counter  1  explore/example_test.go:18
	//    4  Ann  Store  counter  1  explore/example_test.go:18
	// replay sc:A1B2A1
}
