package results_test

import (
	"fmt"

	"doublebuf/results"
)

// A cell's name is a benchmark name, which benchstat and other tools read.
func ExampleParseName() {
	id := results.ID{
		Kind: results.Throughput, Impl: "dbuf-epoch-b64", Mix: "r95w5", Dist: "zipf0.99",
		KeyType: "uint64", Keys: 1 << 16, G: 2, Procs: 2,
	}
	fmt.Println(id.Name())
	same, err := results.ParseName(id.Name())
	fmt.Println(same == id, err)
	// Output:
	// Map/impl=dbuf-epoch-b64/mix=r95w5/dist=zipf0.99/keytype=uint64/keys=64Ki/g=2-2
	// true <nil>
}

// Load reads the folder of a run.
func ExampleLoad() {
	set, warnings, err := results.Load("reference")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("complete:", set.Manifest.Complete, "warnings:", len(warnings))
	fmt.Println("first cell:", set.Cells[0].Name())
	// Output:
	// complete: true warnings: 0
	// first cell: Map/impl=dbuf-epoch-b64/mix=read-only/dist=zipf0.99/keytype=uint64/keys=64Ki/g=1-2
}
