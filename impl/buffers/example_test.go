package buffers_test

import (
	"fmt"
	"slices"

	"doublebuf/impl/buffers"
	"doublebuf/impl/strategy"
)

// Two copies of a slice. The writer changes one while readers read the other.
func ExampleWriteHandle() {
	w := buffers.NewWriteHandle(strategy.Epoch(strategy.Options{}), []int{}, []int{})
	r := w.NewReadHandle("a reader")

	*w.Writer() = append(*w.Writer(), 1, 2, 3)
	w.StartSwap()
	if err := w.FinishSwap(nil); err != nil {
		panic(err)
	}

	g := r.Read()
	fmt.Println("version", g.Version(), "is", *g.Value())
	g.Release()
	// Output: version 1 is [1 2 3]
}

// push is an operation on a slice.
type push struct{ n int }

func (p *push) ApplyFirst(s *[]int)  { *s = append(*s, p.n) }
func (p *push) ApplySecond(s *[]int) { *s = append(*s, p.n) }

// With a log, the writer pushes operations, and each is applied once to each copy.
func ExampleOpWriteHandle() {
	raw := buffers.NewWriteHandle(strategy.Epoch(strategy.Options{}), []int{}, []int{})
	clone := func(s *[]int) []int { return slices.Clone(*s) }
	w := buffers.NewOpWriteHandle[[]int, push](buffers.NewDelayWriteHandle(raw), clone)
	r := w.NewReadHandle("a reader")

	for n := range 3 {
		w.Push(push{n})
		if err := w.Publish(nil); err != nil {
			panic(err)
		}
		g := r.Read()
		fmt.Println("version", g.Version(), "is", *g.Value())
		g.Release()
	}
	// Output:
	// version 1 is [0]
	// version 2 is [0 1]
	// version 3 is [0 1 2]
}
