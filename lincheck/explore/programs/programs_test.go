//go:build explore

package programs

import (
	"fmt"
	"os"
	"testing"
	"time"

	"doublebuf/lincheck/explore"
)

// perSearch bounds the time of a search. It is far longer than the time limit of go test.
const perSearch = 24 * time.Hour

func run(t *testing.T, cfg explore.Config, p explore.Program) explore.Result {
	t.Helper()
	cfg.MaxTime = perSearch
	res, err := explore.Run(cfg, p)
	if err != nil {
		t.Fatal(err)
	}
	if res.Failure != nil {
		t.Fatal(res.Failure)
	}
	if !res.Complete {
		t.Fatalf("%v", res)
	}
	return res
}

// smallest is the smallest shape in which a reader can miss one swap, and in which the writer
// waits for the reader in another swap.
var smallest = Shape{2, 1, 2, false}

const ownFlags = "The model has one flag that every reader looks at when it closes a guard, which puts its readers in order. " +
	"Here the flag stands in each reader's own count, and the readers' orders among themselves do not matter."

// TestGuards explores the protocol of each strategy, as far as README.md of package explore says.
// The independent counts come from models of the same protocols in another tool. The code has
// another number of steps than the models, so that only the order of magnitude is compared.
func TestGuards(t *testing.T) {
	for _, s := range Strategies {
		for _, c := range []struct {
			shape       Shape
			oneWait     bool
			search      explore.Search
			independent int    // 0 if there is none
			differs     string // why our number has another order of magnitude, or ""
			large       bool
		}{
			{Shape{2, 2, 3, false}, true, explore.Exhaustive(), 69_696, "", true},
			{Shape{2, 2, 3, true}, true, explore.Exhaustive(), 0, "", true},
			{Shape{2, 3, 3, true}, true, explore.Exhaustive(), 0, "", true},
			{Shape{3, 1, 2, false}, true, explore.Exhaustive(), 0, "", false},
			{Shape{2, 2, 2, false}, true, explore.Exhaustive(), 0, "", false},
			{Shape{2, 1, 2, false}, false, explore.Exhaustive(), 42_144, ownFlags, false},
			{Shape{2, 1, 3, false}, false, explore.Exhaustive(), 748_214, ownFlags, false},
			{Shape{1, 3, 3, true}, false, explore.Exhaustive(), 0, "", false},
			{Shape{2, 2, 2, false}, false, explore.Exhaustive(), 3_100_000, ownFlags, true},
			{Shape{2, 2, 3, false}, false, explore.UpTo(2), 0, "", false},
			{Shape{2, 2, 3, false}, false, explore.Exhaustive(), 150_000_000, ownFlags, true},
			{Shape{2, 2, 3, true}, false, explore.UpTo(3), 0, "", false},
			{Shape{3, 1, 2, false}, false, explore.Exhaustive(), 0, "", true},
		} {
			if c.large && !s.Large {
				continue
			}
			if s.Bound > 0 && c.shape != smallest {
				c.search = explore.UpTo(s.Bound)
			}
			if s.Name != "epoch" {
				c.independent = 0
			}
			wait := "waiting by flag, park and wake"
			if c.oneWait {
				wait = "waiting as one step"
			}
			t.Run(fmt.Sprintf("%s/%v/%s", s.Name, c.shape, wait), func(t *testing.T) {
				res := run(t, explore.Config{Search: c.search, OneWait: c.oneWait}, s.Guards(c.shape))
				t.Log(res)
				if s.Name == "epoch" && c.search == explore.Exhaustive() {
					documented(t, res.Executions)
				}
				if c.independent > 0 {
					t.Logf("independent count of a model: %d", c.independent)
					n := res.Executions
					if far := n*10 < c.independent || n > c.independent*10; far && c.differs == "" {
						t.Errorf("%d executions are of another order of magnitude", n)
					}
					if c.differs != "" {
						t.Log(c.differs)
					}
				}
			})
		}
	}
}

// TestTimeouts lets one sleep of each goroutine end by its timeout.
func TestTimeouts(t *testing.T) {
	for _, s := range Strategies {
		t.Run(s.Name, func(t *testing.T) {
			t.Log(run(t, explore.Config{Search: s.search(MapProgram{}), Timeouts: 1}, s.Guards(Shape{2, 1, 3, false})))
		})
	}
}

// mustFail checks that a strategy does not have the next stronger level.
func mustFail(t *testing.T, p explore.Program) {
	t.Helper()
	res, err := explore.Run(explore.Config{Search: explore.UpTo(3), MaxTime: perSearch}, p)
	if err != nil {
		t.Fatal(err)
	}
	if res.Failure == nil {
		t.Fatalf("no schedule shows that the level is not a stronger one: %v", res)
	}
	t.Log(res.Failure)
}

func TestMaps(t *testing.T) {
	for _, s := range Strategies {
		for _, m := range Maps {
			t.Run(s.Name+"/"+m.Name, func(t *testing.T) {
				if m.Fails && (s.PerHandle || !m.PerHandle) {
					mustFail(t, m.Make(s))
					return
				}
				t.Log(run(t, explore.Config{Search: s.search(m), Timeouts: m.Timeouts}, m.Make(s)))
			})
		}
	}
}

// TestSleepSetsAgree compares the search by races with the one that tries every goroutine in every
// state. Both must visit the same number of groups of executions.
func TestSleepSetsAgree(t *testing.T) {
	for _, s := range Strategies {
		if s.Bound > 0 {
			continue
		}
		for name, p := range map[string]explore.Program{
			"guards":                s.Guards(Shape{2, 1, 3, false}),
			"nested guards":         nestedGuards(s),
			"a publish is given up": publishCancelled(s),
			"operations":            operations(s),
		} {
			t.Run(s.Name+"/"+name, func(t *testing.T) {
				races := run(t, explore.Config{Search: explore.Exhaustive()}, p)
				sleep := run(t, explore.Config{Search: explore.SleepSets()}, p)
				if races.Executions != sleep.Executions {
					t.Errorf("%d executions by races, %d by sleep sets", races.Executions, sleep.Executions)
				}
				t.Logf("%d executions; begun in vain %d by races, %d by sleep sets", races.Executions, races.Redundant, sleep.Redundant)
			})
		}
	}
}

// TestForMutants explores one program for package mutants. That package builds this one with a
// mutant, and runs this test with the names of a program and a strategy. The test prints the kind
// of the failure and its simplest schedule. If EXPLORE_TSO is set the failure must need store
// buffers: without them there must be none.
func TestForMutants(t *testing.T) {
	name := os.Getenv("EXPLORE_PROGRAM")
	if name == "" {
		t.Skip("no program named")
	}
	s, err := Find(os.Getenv("EXPLORE_STRATEGY"))
	if err != nil {
		t.Fatal(err)
	}
	p, timeouts, err := s.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	tso := os.Getenv("EXPLORE_TSO") != ""
	if tso {
		t.Log("without store buffers:", run(t, explore.Config{Search: explore.Exhaustive(), Timeouts: timeouts}, p))
	}
	for _, search := range []explore.Search{explore.UpTo(3), explore.Exhaustive()} {
		res, err := explore.Run(explore.Config{Search: search, TSO: tso, Timeouts: timeouts, MaxTime: perSearch}, p)
		if err != nil {
			t.Fatal(err)
		}
		if f := res.Failure; f != nil {
			fmt.Printf("found %s: %s\n", f.Kind, f.Schedule)
			t.Log(f)
			break
		}
		fmt.Println("nothing:", res)
	}
}

// TestCollected exhausts the programs of the strategy collector beside a modelled garbage
// collector.
func TestCollected(t *testing.T) {
	for _, c := range []struct {
		Shape
		search explore.Search
	}{
		{Shape{1, 1, 2, false}, explore.Exhaustive()},
		{Shape{1, 2, 3, true}, explore.Exhaustive()},
		{Shape{2, 1, 2, false}, explore.Exhaustive()},
		{Shape{2, 1, 3, false}, explore.Exhaustive()},
		{Shape{2, 2, 3, true}, explore.UpTo(2)},
	} {
		t.Run(c.Shape.String(), func(t *testing.T) { t.Log(run(t, explore.Config{Search: c.search}, Collected(c.Shape))) })
	}
}
