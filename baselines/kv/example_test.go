package kv_test

import (
	"fmt"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
)

// Every map is used in the same way: through a handle, with a publish where the map has one.
func Example() {
	for _, e := range baselines.All() {
		if e.Name != "dbuf-epoch-b64" && e.Name != "syncmap" {
			continue
		}
		m := e.Uint64(0)
		h := kv.Open(m)
		h.Set(1, 10)
		_, before := h.Get(1)
		version := kv.Publish(h)
		v, after := h.Get(1)
		fmt.Println(e.Name, e.Level, before, version, v, after)
		kv.Close(h)
		kv.Close(m)
	}
	// Output:
	// dbuf-epoch-b64 atomic false 1 10 true
	// syncmap linearizable true 0 10 true
}
