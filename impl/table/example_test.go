package table_test

import (
	"fmt"

	"doublebuf/impl/table"
)

// Both kinds of table have the same methods.
func Example() {
	for _, kind := range []table.Kind{table.Builtin, table.Flat} {
		t := table.New[uint64, string](kind, 10)
		t.Set(1, "one")
		t.Set(2, "two")
		t.Delete(2)
		one, found := t.Get(1)
		_, two := t.Get(2)
		fmt.Println(one, found, two, t.Len())
	}
	// Output:
	// one true false 1
	// one true false 1
}

// GetMany looks many keys up at once, which is faster than one by one in a large flat table.
func ExampleTable_GetMany() {
	t := table.New[uint64, string](table.Flat, 10)
	t.Set(1, "one")
	t.Set(3, "three")
	keys := []uint64{1, 2, 3}
	values, found := make([]string, len(keys)), make([]bool, len(keys))
	t.GetMany(keys, values, found)
	fmt.Printf("%q %v\n", values, found)
	// Output: ["one" "" "three"] [true false true]
}

// A clone is independent: what is set in one is not in the other.
func ExampleTable_Clone() {
	t := table.New[string, int](table.Flat, 0)
	t.Set("a", 1)
	clone := t.Clone()
	clone.Set("b", 2)
	fmt.Println(t.Len(), clone.Len())
	// Output: 1 2
}
