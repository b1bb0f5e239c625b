//go:build explore

package programs

import (
	"fmt"
	"testing"
	"time"

	"doublebuf/lincheck/explore"
)

// perSearch bounds a search by time. It is far more than any needs.
const perSearch = 4 * time.Minute

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

// TestGuards exhausts the protocol of each strategy. The independent counts are of models
// of the same protocols, written for another tool; the code's own steps differ from the
// models' in number, so that only the order of magnitude is held against them.
func TestGuards(t *testing.T) {
	for _, s := range Strategies {
		for _, c := range []struct {
			shape       Shape
			oneWait     bool
			search      explore.Search
			independent int // 0 if there is none
		}{
			{Shape{2, 2, 3, false}, true, explore.Exhaustive(), 69_696},
			{Shape{2, 2, 3, true}, true, explore.Exhaustive(), 0},
			{Shape{2, 3, 3, true}, true, explore.UpTo(2), 0},
			{Shape{3, 1, 2, false}, true, explore.Exhaustive(), 0},
			{Shape{2, 1, 2, false}, false, explore.Exhaustive(), 42_144},
			{Shape{2, 1, 3, false}, false, explore.Exhaustive(), 748_214},
			{Shape{1, 3, 3, true}, false, explore.Exhaustive(), 0},
			{Shape{2, 2, 2, false}, false, explore.Exhaustive(), 3_100_000},
			{Shape{2, 2, 3, false}, false, explore.UpTo(3), 0},
			{Shape{2, 2, 3, true}, false, explore.UpTo(2), 0},
		} {
			wait := "waiting by flag, park and wake"
			if c.oneWait {
				wait = "waiting as one step"
			}
			t.Run(fmt.Sprintf("%s/%v/%s", s.Name, c.shape, wait), func(t *testing.T) {
				res := run(t, explore.Config{Search: c.search, OneWait: c.oneWait}, s.Guards(c.shape))
				t.Log(res)
				if c.independent > 0 {
					t.Logf("independent count of a model: %d", c.independent)
					if n := res.Executions; n*10 < c.independent || n > c.independent*10 {
						t.Errorf("%d executions are of another order of magnitude", n)
					}
				}
			})
		}
	}
}

func TestMaps(t *testing.T) {
	for _, s := range Strategies {
		for _, m := range Maps {
			t.Run(s.Name+"/"+m.Name, func(t *testing.T) {
				t.Log(run(t, explore.Config{Search: m.Search}, m.Make(s)))
			})
		}
	}
}
