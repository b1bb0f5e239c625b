package explore

import (
	"fmt"
	"strings"
	"testing"

	"doublebuf/impl/atomicx/hooked"
)

func sprint(v any) string { return fmt.Sprint(v) }

// pair is a program with a bug from the textbooks and its repaired form.
type pair struct {
	name             string
	kind             FailureKind
	tso              bool
	broken, repaired Program
}

var textbook = []pair{
	{"lost update", Assertion, false, counter(false), counter(true)},
	{"Peterson without fences", Exclusion, true, peterson(false), peterson(true)},
	{"Dekker without fences", Exclusion, true, dekker(false), dekker(true)},
	{"ABA stack", Assertion, false, stack(false), stack(true)},
	{"lost wake-up", LostWakeUp, false, sleeping(false), sleeping(true)},
	{"three-lock deadlock", Deadlock, false, philosophers(false), philosophers(true)},
	{"spinlock that is never released", Livelock, false, spinlock(false), spinlock(true)},
	{"ticket lock without the second counter", Exclusion, false, ticket(false), ticket(true)},
	{"reader that retries for ever", StepBound, false, seqlock(false), seqlock(true)},
}

func TestTextbookBugs(t *testing.T) {
	for _, p := range textbook {
		t.Run(p.name, func(t *testing.T) {
			bound := 3
			if p.tso {
				bound = 2 // flushes do not count as preemptions, so there are many executions
			}
			for _, s := range []Search{Exhaustive(), UpTo(bound), PCT(4, 5000, 1)} {
				res, err := Run(Config{Search: s, TSO: p.tso}, p.broken)
				if err != nil {
					t.Fatal(err)
				}
				if res.Failure == nil || res.Failure.Kind != p.kind {
					t.Fatalf("the broken form: %v, want a failure of kind %s", res, p.kind)
				}
				again, err := Run(Config{Replay: res.Failure.Schedule}, p.broken)
				if err != nil || again.Failure == nil || again.Failure.Error() != res.Failure.Error() {
					t.Fatalf("the replay of\n%v\nis\n%v, %v", res.Failure, again.Failure, err)
				}
				res, err = Run(Config{Search: s, TSO: p.tso}, p.repaired)
				if err != nil || res.Failure != nil || s.kind != sampled && !res.Complete {
					t.Fatalf("the repaired form: %v, %v, %v", res, res.Failure, err)
				}
			}
		})
	}
}

// Under sequential consistency Peterson's algorithm needs no fences.
func TestPetersonUnderSC(t *testing.T) {
	if res, _ := Run(Config{Search: Exhaustive()}, peterson(false)); res.Failure != nil || !res.Complete {
		t.Fatal(res, res.Failure)
	}
}

func counter(repaired bool) Program {
	return func(x *Exec) {
		n := &hooked.Int64{}
		x.Name("n", n)
		for g := range 2 {
			x.Go(fmt.Sprintf("adder %d", g), func() {
				if repaired {
					n.Add(1)
				} else {
					n.Store(n.Load() + 1)
				}
			})
		}
		x.Finally(func() {
			if n.Load() != 2 {
				x.Failf("two additions make %d", n.Load())
			}
		})
	}
}

func peterson(fences bool) Program {
	return func(x *Exec) {
		var wants [2]hooked.Plain[bool]
		var turn hooked.Plain[int]
		var fence hooked.Int64
		section := new(int)
		for g := range 2 {
			x.Go(fmt.Sprintf("P%d", g), func() {
				wants[g].Store(true)
				turn.Store(1 - g)
				if fences {
					fence.Add(1)
				}
				for wants[1-g].Load() && turn.Load() == 1-g {
					hooked.Yield()
				}
				hooked.BeginWrite(section)
				hooked.EndWrite(section)
				wants[g].Store(false)
			})
		}
	}
}

func dekker(fences bool) Program {
	return func(x *Exec) {
		var wants [2]hooked.Plain[bool]
		section := new(int)
		for g := range 2 {
			x.Go(fmt.Sprintf("P%d", g), func() {
				wants[g].Store(true)
				if fences {
					hooked.Membarrier()
				}
				if !wants[1-g].Load() {
					hooked.BeginWrite(section)
					hooked.EndWrite(section)
				}
			})
		}
	}
}

// stack is Treiber's stack, with the nodes 1 to 3, which are reused. In the repaired form its head
// holds a count of changes.
func stack(tagged bool) Program {
	return func(x *Exec) {
		var head hooked.Uint64
		var next [4]hooked.Uint64
		tag := func(old, node uint64) uint64 {
			if tagged {
				return (old>>8+1)<<8 | node
			}
			return node
		}
		pop := func() uint64 {
			for {
				old := head.Load()
				if old&255 == 0 {
					return 0
				}
				if head.CompareAndSwap(old, tag(old, next[old&255].Load())) {
					return old & 255
				}
			}
		}
		push := func(n uint64) {
			for {
				old := head.Load()
				next[n].Store(old & 255)
				if head.CompareAndSwap(old, tag(old, n)) {
					return
				}
			}
		}
		next[1].Store(2)
		next[2].Store(3)
		head.Store(1)
		var popped [2][]uint64
		x.Go("slow", func() { popped[0] = append(popped[0], pop()) })
		x.Go("quick", func() {
			a, b := pop(), pop()
			if a != 0 {
				push(a)
			}
			popped[1] = append(popped[1], b)
		})
		x.Finally(func() {
			owners := map[uint64]int{}
			for _, n := range append(popped[0], popped[1]...) {
				owners[n]++
			}
			for n := pop(); n != 0; n = pop() {
				if owners[n]++; len(owners) > 4 {
					break
				}
				if owners[n] > 1 {
					x.Failf("node %d is in two places", n)
				}
			}
		})
	}
}

func sleeping(recheck bool) Program {
	return func(x *Exec) {
		var done, asleep hooked.Bool
		parker := hooked.NewParker()
		x.Go("sleeper", func() {
			if !recheck && done.Load() {
				return
			}
			asleep.Store(true)
			if recheck && done.Load() {
				return
			}
			parker.Park(nil, 0)
		})
		x.Go("waker", func() {
			done.Store(true)
			if asleep.Load() {
				parker.Unpark()
			}
		})
	}
}

func philosophers(ordered bool) Program {
	return func(x *Exec) {
		var forks [3]hooked.Mutex
		var meals hooked.Int64
		for g := range 3 {
			x.Go(fmt.Sprintf("philosopher %d", g), func() {
				first, second := g, (g+1)%3
				if ordered {
					first, second = min(first, second), max(first, second)
				}
				forks[first].Lock()
				forks[second].Lock()
				meals.Add(1)
				forks[second].Unlock()
				forks[first].Unlock()
			})
		}
	}
}

func spinlock(released bool) Program {
	return func(x *Exec) {
		var held hooked.Bool
		section := new(int)
		for g := range 3 {
			x.Go(fmt.Sprintf("P%d", g), func() {
				for !held.CompareAndSwap(false, true) {
					hooked.Yield()
				}
				hooked.BeginWrite(section)
				hooked.EndWrite(section)
				if released || g > 0 {
					held.Store(false)
				}
			})
		}
	}
}

func ticket(repaired bool) Program {
	return func(x *Exec) {
		var next, serving hooked.Int64
		section := new(int)
		for g := range 2 {
			x.Go(fmt.Sprintf("P%d", g), func() {
				mine := next.Load()
				if repaired {
					mine = next.Add(1) - 1
				} else {
					next.Store(mine + 1)
				}
				for serving.Load() != mine && (repaired || serving.Load() < mine) {
					hooked.Yield()
				}
				hooked.BeginWrite(section)
				hooked.EndWrite(section)
				serving.Add(1)
			})
		}
	}
}

// A seqlock. A reader that retries while the writer writes may take any number of steps. A reader
// that gives up after a retry does not.
func seqlock(bounded bool) Program {
	return func(x *Exec) {
		var version hooked.Int64
		x.Go("writer", func() {
			for range 3 {
				version.Add(1)
			}
		})
		x.Go("reader", func() {
			x.AtMost(4, func() {
				for try := 0; !bounded || try < 2; try++ {
					if v := version.Load(); v == version.Load() {
						break
					}
				}
			})
		})
	}
}

func TestTrace(t *testing.T) {
	res, err := Run(Config{Search: UpTo(2)}, counter(false))
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"assertion: the final check: two additions make 1",
		"   1  adder 0  Load   n  0  explore/textbook_test.go:LINE",
		"   2  adder 1  Load   n  0  explore/textbook_test.go:LINE",
		"   3  adder 1  Store  n  1  explore/textbook_test.go:LINE",
		"   4  adder 0  Store  n  1  explore/textbook_test.go:LINE",
		"replay sc:A1B2A1",
	}, "\n")
	line := res.Failure.Trace[0].Source[strings.LastIndexByte(res.Failure.Trace[0].Source, ':')+1:]
	if got := res.Failure.Error(); strings.ReplaceAll(got, line, "LINE") != want {
		t.Fatalf("got\n%s\nwant\n%s", got, want)
	}
}
