package lincheck_test

import (
	"fmt"
	"log"

	"doublebuf/lincheck"
)

func ExampleJudgeFile() {
	v, err := lincheck.JudgeFile("judge/testdata/illegal-stale-read.jsonl")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Outcome, "by", v.Checker)
	fmt.Println(v.Reason)
	// Output: Illegal by linearizable no order of the 3 calls about key 1 explains what they
	// returned: client 0 set(1, 17); client 0 set(1, 18); client 1 get(1) -> 17
}
