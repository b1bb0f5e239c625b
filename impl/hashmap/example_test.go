package hashmap_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// The life of a map: one goroutine writes and publishes, others read through handles.
func Example() {
	w := hashmap.New[string, int]() // the writer, for one goroutine
	w.Insert("a", 1)
	w.Insert("b", 2)
	err := w.Publish() // now readers see both

	r := w.NewReadHandle() // one for each goroutine that reads
	v, ok := r.Get("a")    // never waits, and allocates nothing

	g := r.Read() // a guard pins one version
	sum := 0
	for _, value := range g.All() {
		sum += value
	}
	g.Release()

	fmt.Println(err, v, ok, sum)
	r.Close()
	w.Close()
	// Output: <nil> 1 true 3
}

// A write is not seen before it is published.
func ExampleWriteHandle_Publish() {
	w := hashmap.New[string, int]()
	r := w.NewReadHandle()
	w.Insert("a", 1)
	_, before := r.Get("a")
	if err := w.Publish(); err != nil {
		panic(err)
	}
	v, after := r.Get("a")
	fmt.Println(before, v, after)
	// Output: false 1 true
}

// A guard keeps its version while the writer publishes the next one. A publish after that would
// wait for the guard; TryPublish does not wait.
func ExampleReadHandle_Read() {
	w := hashmap.New[string, int]()
	r := w.NewReadHandle()
	g := r.Read()

	w.Insert("a", 1)
	first, err := w.TryPublish()
	if err != nil {
		panic(err)
	}
	w.Insert("a", 2)
	second, err := w.TryPublish()
	if err != nil {
		panic(err)
	}
	_, seen := g.Get("a")
	now, _ := r.Get("a") // a lookup outside the guard
	fmt.Println(first, second, seen, now)

	g.Release()
	third, err := w.TryPublish()
	if err != nil {
		panic(err)
	}
	now, _ = r.Get("a")
	fmt.Println(third, now)
	// Output:
	// true false false 1
	// true 2
}

// Functions run once, when their operation is applied, and in the order of the log.
func ExampleWriteHandle_Retain() {
	w := hashmap.New[string, int]()
	w.InsertAll(maps.All(map[string]int{"a": 1, "b": 2, "c": 3}))
	w.Update("a", func(v int, ok bool) (int, bool) { return v + 10, ok })
	w.Retain(func(k string, v *int) bool { *v *= 2; return k != "b" })
	if err := w.Publish(); err != nil {
		panic(err)
	}
	g := w.NewReadHandle().Read()
	for _, k := range slices.Sorted(maps.Keys(maps.Collect(g.All()))) {
		v, _ := g.Get(k)
		fmt.Println(k, v)
	}
	g.Release()
	// Output:
	// a 22
	// c 6
}

// PublishContext gives up when its context is done, and nothing is lost. Here a guard holds the
// writer up.
func ExampleWriteHandle_PublishContext() {
	w := hashmap.New[string, int]()
	r := w.NewReadHandle()
	g := r.Read()
	if err := w.Publish(); err != nil { // the one publish that an open guard allows
		panic(err)
	}
	w.Insert("a", 1)

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	err := w.PublishContext(ctx)
	fmt.Println(errors.Is(err, context.DeadlineExceeded), w.HasPending())

	g.Release()
	err = w.PublishContext(context.Background())
	v, _ := r.Get("a")
	fmt.Println(err, v)
	// Output:
	// true true
	// <nil> 1
}

// WithMaxWait bounds the wait of a publish. The guard keeps its version, and the writer goes on.
func ExampleWithMaxWait() {
	w := hashmap.New[string, int](hashmap.WithMaxWait(time.Millisecond))
	r := w.NewReadHandle()
	g := r.Read()
	for i := range 3 { // the second and the third would wait for the guard
		w.Insert("a", i)
		if err := w.Publish(); err != nil {
			panic(err)
		}
	}
	_, seen := g.Get("a")
	v, _ := r.Get("a")
	fmt.Println(seen, v)
	g.Release()
	// Output: false 2
}

// WithStrategy chooses how the writer waits for readers. Asymmetric has the fastest lookups where
// the system has membarrier(2). Elsewhere it is the default, epoch.
func ExampleWithStrategy() {
	w := hashmap.New[uint64, uint64](
		hashmap.WithStrategy(strategy.Asymmetric),
		hashmap.WithTable(table.Flat),
		hashmap.WithCapacity(1000),
	)
	w.Insert(1, 10)
	if err := w.Publish(); err != nil {
		panic(err)
	}
	fmt.Println(w.NewReadHandle().Get(1))
	// Output: 10 true
}

// A Group is a writer for many goroutines. Each operation is published before it returns, and
// returns what it found.
func ExampleGroup() {
	g := hashmap.NewGroup[string, int]()
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for {
				old, _ := g.LoadOrStore("hits", 0)
				if g.CompareAndSwap("hits", old, old+1) {
					return
				}
			}
		})
	}
	all.Wait()
	fmt.Println(g.NewReadHandle().Get("hits"))
	g.Close()
	// Output: 10 true
}

// A Locked is a writer for many goroutines whose operations wait for the next Publish.
func ExampleLocked() {
	l := hashmap.NewLocked[string, int]()
	var all sync.WaitGroup
	for i, key := range []string{"a", "b"} {
		all.Go(func() { l.Insert(key, i) })
	}
	all.Wait()
	if _, err := l.Publish(); err != nil {
		panic(err)
	}
	fmt.Println(l.NewReadHandle().Get("b"))
	// Output: 1 true
}

// Share reads from any number of goroutines that have no handles of their own.
func ExampleWriteHandle_Share() {
	w := hashmap.New[string, int](hashmap.WithStrategy(strategy.Indicator))
	m, err := w.Share()
	if err != nil {
		panic(err)
	}
	w.Insert("a", 1)
	if err := w.Publish(); err != nil {
		panic(err)
	}
	var all sync.WaitGroup
	all.Go(func() { fmt.Println(m.Get("a")) })
	all.Wait()
	// Output: 1 true
}
