package judge_test

import (
	"fmt"
	"log"
	"strings"

	"doublebuf/lincheck/judge"
)

// A guard that opens version 0 after publish 1 has returned breaks law C2.
func ExampleStream() {
	v, err := judge.Stream(strings.NewReader(`{"history":1,"claim":"atomic"}
{"client":0,"op":"set","key":3,"new":17,"called":100,"returned":140}
{"client":0,"op":"publish","version":1,"called":150,"returned":190}
{"client":1,"op":"guard","version":0,"called":200,"opened":210,"closed":300,"reads":[[3,null]]}
`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v)
	fmt.Println(v.Checker, judge.Law(v.Checker))
	// Output:
	// Illegal (C2): client 1 opened a guard of version 0: its opening was called 10ns after publish 1 had returned
	// C2 fresh: publish v+1 had not returned before the opening of a guard of v was called
}
