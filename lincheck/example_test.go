package lincheck_test

import (
	"fmt"
	"log"
	"sync"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck"
)

// tiny is a Go map behind a lock. If forgetful is true it ignores deletes.
type tiny struct {
	mu        sync.Mutex
	content   map[uint64]uint64
	forgetful bool
}

func (t *tiny) Get(key uint64) (uint64, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, ok := t.content[key]
	return v, ok
}

func (t *tiny) Set(key, value uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.content[key] = value
}

func (t *tiny) Delete(key uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.forgetful {
		delete(t.content, key)
	}
}

// A map is checked through its entry, which declares its level and its capabilities.
func ExampleCheck() {
	for _, forgetful := range []bool{false, true} {
		v := lincheck.Check(kv.Entry{
			Name:  "tiny",
			Level: kv.Linearizable,
			Caps:  kv.Concurrent | kv.Writes,
			Uint64: func(int) kv.Map[uint64, uint64] {
				return &tiny{content: map[uint64]uint64{}, forgetful: forgetful}
			},
		}, lincheck.Options{Seed: 1, Histories: 20})
		fmt.Printf("%v %q\n", v.Outcome, v.Checker)
	}
	fmt.Println("linearizable:", lincheck.Law("linearizable"))
	// Output:
	// Ok ""
	// Illegal "linearizable"
	// linearizable: every call takes effect at one instant between its call and its return
}

// A saved history is judged by the claim in its header.
func ExampleJudgeFile() {
	v, err := lincheck.JudgeFile("judge/testdata/illegal-stale-read.jsonl")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v.Outcome, "by", v.Checker)
	fmt.Println(v.Reason)
	// Output:
	// Illegal by linearizable
	// no order of the 3 calls about key 1 explains what they returned: client 0 set(1, 17); client 0 set(1, 18); client 1 get(1) -> 17
}
