package judge

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"doublebuf/lincheck/history"
)

// Porcupine comes with 102 logs of etcd under Jepsen. Clients time out and go on as new ones, so
// there are up to dozens of clients, and up to 19 calls that never returned. All are answered as
// porcupine answers them.
func TestJepsenLogs(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anishathalye/porcupine").Output()
	if err != nil {
		t.Skip("the go command does not find porcupine's module: ", err)
	}
	files, _ := filepath.Glob(filepath.Join(string(bytes.TrimSpace(dir)), "test_data", "jepsen", "*.log"))
	if len(files) < 100 {
		t.Fatalf("%d logs; want 102", len(files))
	}
	counts, longest, total := map[history.Outcome]int{}, time.Duration(0), time.Duration(0)
	for _, path := range files {
		if info, err := os.Stat(path); err == nil && info.Size() == 0 {
			continue // one log is empty
		}
		h := jepsenLog(t, path)
		want := history.Illegal
		if porcupine.CheckOperations(wholeRegister, plainOperations(h)) {
			want = history.Ok
		}
		start := time.Now()
		v := History(h)
		took := time.Since(start)
		longest, total = max(longest, took), total+took
		counts[v.Outcome]++
		if v.Outcome != want {
			t.Errorf("%s: %v; porcupine says %v", filepath.Base(path), v, want)
		}
		var file bytes.Buffer
		if err := h.Write(&file); err != nil {
			t.Fatal(err)
		}
		if s, err := Stream(&file); err != nil || s.Outcome != want {
			t.Errorf("%s as a stream: %v, %v; want %v", filepath.Base(path), s, err, want)
		}
	}
	t.Logf("%v; %v in all, %v at most", counts, total, longest)
	if counts[history.Ok] < 10 || counts[history.Illegal] < 10 {
		t.Errorf("the logs are one-sided: %v", counts)
	}
}

// jepsenLog reads a log of one register.
func jepsenLog(t *testing.T, path string) *history.History {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := history.ParseJepsen(f, "")
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return h
}

// wholeRegister is porcupine's model of one key, without limits. Its states are values.
var wholeRegister = porcupine.Model{
	Init: func() any { return history.Value{} },
	Step: func(state, input, _ any) (bool, any) {
		now, c := state.(history.Value), input.(*history.Call)
		lost := c.Return == history.Never
		is := func(old history.Word) bool { return now == history.Some(old) }
		switch c.Op {
		case history.Get:
			return lost || c.Result == now, now
		case history.Set:
			return true, history.Some(c.New)
		case history.Delete:
			return true, history.Value{}
		case history.Swap:
			return lost || c.Result == now, history.Some(c.New)
		case history.LoadAndDelete:
			return lost || c.Result == now, history.Value{}
		case history.LoadOrStore:
			if now.Ok {
				return lost || c.Did && c.Result == now, now
			}
			return lost || !c.Did && c.Result == history.Some(c.New), history.Some(c.New)
		case history.CompareAndSwap:
			if is(c.Old) {
				return lost || c.Did, history.Some(c.New)
			}
			return lost || !c.Did, now
		case history.CompareAndDelete:
			if is(c.Old) {
				return lost || c.Did, history.Value{}
			}
			return lost || !c.Did, now
		}
		panic(fmt.Sprint(c.Op))
	},
}

// plainOperations returns the calls in porcupine's form. It has no calls that need not take effect:
// those that never returned return after all others, when they can have no effect on any result.
func plainOperations(h *history.History) (ops []porcupine.Operation) {
	for i := range h.Calls {
		c := &h.Calls[i]
		ops = append(ops, porcupine.Operation{ClientId: c.Client, Input: c, Call: c.Called, Return: c.Return})
	}
	return ops
}

// Many clients overlap, and some of their calls never return. The judge answers wherever porcupine
// does within a tenth of a second, and alike.
func TestManyClientsAgreeWithPorcupine(t *testing.T) {
	counts, undecided := map[history.Outcome]int{}, 0
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 0))
		h := crowded(rng, 4+int(seed)%8, 20)
		if seed%2 == 1 { // one read of a value of another time, or of no write
			reads := callsWhere(h, func(c *history.Call) bool { return c.Op == history.Get && c.Return != history.Never })
			h.Calls[reads[rng.IntN(len(reads))]].Result = history.Some(history.Word(rng.IntN(6)))
		}
		v := History(h)
		counts[v.Outcome]++
		switch porcupine.CheckOperationsTimeout(wholeRegister, plainOperations(h), time.Second/10) {
		case porcupine.Ok:
			if v.Outcome != history.Ok {
				t.Errorf("seed %d: %v; porcupine says Ok", seed, v)
			}
		case porcupine.Illegal:
			if v.Outcome != history.Illegal {
				t.Errorf("seed %d: %v; porcupine says Illegal", seed, v)
			}
		default:
			undecided++
		}
	}
	t.Log(counts, undecided, "without an answer of porcupine")
	if counts[history.Ok] < 20 || counts[history.Illegal] < 3 {
		t.Errorf("the histories are one-sided: %v", counts)
	}
}

// Many calls that never returned, each of which may explain a read, do not keep the judge from an
// order that is easy to find.
func TestManyLostCalls(t *testing.T) {
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 0))
		h := crowded(rng, 5, 60)
		lost := 0
		for i := range h.Calls {
			if c := &h.Calls[i]; c.Op != history.Get && rng.IntN(3) == 0 {
				c.Return, c.Did, c.Result = history.Never, false, history.Value{}
				lost++
			}
		}
		if v := History(h); v.Outcome != history.Ok || lost < 40 {
			t.Errorf("seed %d: %v with %d calls that never returned", seed, v, lost)
		}
	}
}

// crowded returns a legal history of one key. Each call takes effect at a moment within its
// interval, and one in twenty never returns.
func crowded(rng *rand.Rand, clients, steps int) *history.History {
	h := &history.History{Header: history.Header{Claim: history.ClaimLinearizable}}
	type moment struct {
		at int64
		c  *history.Call
	}
	var moments []moment
	for client := range clients {
		now := rng.Int64N(100)
		for step := range steps {
			c := &history.Call{Client: client, Seq: step + 1, Called: now, Return: now + 1 + rng.Int64N(100)}
			c.Op = []history.Op{history.Get, history.Get, history.Set, history.CompareAndSwap, history.Swap, history.LoadOrStore, history.LoadAndDelete}[rng.IntN(7)]
			c.Old, c.New = history.Word(rng.IntN(4)), history.Word(rng.IntN(4))
			at := now + rng.Int64N(c.Return-now)
			if now = c.Return + rng.Int64N(20); rng.IntN(20) == 0 {
				c.Return = history.Never
				at += rng.Int64N(500)
			}
			moments = append(moments, moment{at, c})
		}
	}
	slices.SortFunc(moments, func(a, b moment) int { return cmp.Compare(a.at, b.at) })
	m := bruteMap{}
	for _, mo := range moments {
		c := mo.c
		old, there := m[0]
		switch c.Op {
		case history.Get, history.Swap, history.LoadAndDelete:
			c.Result = history.ValueOf(uint64(old), there)
		case history.LoadOrStore:
			if c.Did, c.Result = there, history.Some(c.New); there {
				c.Result = history.Some(old)
			}
		case history.CompareAndSwap:
			c.Did = there && old == c.Old
		}
		m.does(c)
		if c.Return == history.Never {
			c.Result, c.Did = history.Value{}, false
		}
		h.Calls = append(h.Calls, *c)
	}
	h.Sort()
	return h
}
