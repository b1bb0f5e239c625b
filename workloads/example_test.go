package workloads_test

import (
	"fmt"
	"strings"

	"doublebuf/workloads"
)

// A worker of a cell goes through its stream of steps. All choices depend on the seed alone.
func Example() {
	const seed = 1
	keys := workloads.Uint64Keys(1000, seed)
	dist, err := workloads.ParseDist("zipf0.99")
	if err != nil {
		fmt.Println(err)
		return
	}
	tape, err := keys.Tape(dist, seed)
	if err != nil {
		fmt.Println(err)
		return
	}
	mix, _ := workloads.FindMix("r95w5")
	script := keys.Script(mix, tape, seed)

	m := map[uint64]bool{}
	for i, k := range keys.Keys {
		if script.Holds(i) {
			m[k] = true
		}
	}
	fmt.Println("entries at the start:", len(m))

	stream := script.Stream(0, 4) // worker 0 of 4
	gets, writes := 0, 0
	for gets+writes < 100_000 {
		steps := stream.Next(1000)
		for i, kind := range steps.Kinds {
			switch kind {
			case workloads.Get:
				_ = m[steps.Lookups[i]]
				gets++
			case workloads.Set:
				m[steps.Keys[i]] = true
				writes++
			case workloads.Delete:
				delete(m, steps.Keys[i])
				writes++
			}
		}
	}
	fmt.Printf("writes: %.0f %%\n", 100*float64(writes)/float64(gets+writes))
	// Output:
	// entries at the start: 500
	// writes: 5 %
}

// A trace is real input, one operation in each line.
func ExampleReadTrace() {
	text := "# licence: public domain\nset a\nget a\nget b\ndelete a\n"
	plain, _ := workloads.FindFormat("plain")
	t, err := workloads.ReadTrace("letters", strings.NewReader(text), plain, false, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("keys:", t.Names)
	fmt.Printf("hits: %.0f %%\n", 100*t.HitShare())
	// Output:
	// keys: [a b]
	// hits: 50 %
}
