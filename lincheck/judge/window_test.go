package judge

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doublebuf/lincheck/history"
)

// long returns a legal history of one key with the given claim and with quiescent points. It has
// more calls than porcupine can judge at once, and, if it is linearizable, more clients.
func long(rng *rand.Rand, claim history.Claim, rounds int) *history.History {
	h := &history.History{Header: history.Header{Claim: claim, Slack: 2}}
	clients := maxClients // a window of batches does not end before a publish
	if claim == history.ClaimLinearizable {
		clients = 3 * maxClients / 2
	}
	var now int64
	var published, written history.Value
	add := func(client int, op history.Op, value uint64, result history.Value, called, returned int64) {
		h.Calls = append(h.Calls, history.Call{Client: client, Op: op, Key: 7, New: history.Word(value), Result: result, Called: called, Return: returned})
	}
	for i := range uint64(rounds) {
		// Some clients overlap. Each takes effect in the middle of its call, the writers one after
		// the other.
		writers, readers := 1+rng.IntN(2), rng.IntN(3)
		first := rng.IntN(clients)
		for j := range writers {
			written = history.Some(history.Word(10*i + uint64(j)))
			add((first+j)%clients, history.Set, uint64(written.Word), history.Value{}, now+int64(j), now+100+int64(rng.IntN(10)))
		}
		if claim == history.ClaimLinearizable {
			published = written
		}
		for j := range readers {
			add((first+writers+j)%clients, history.Get, 0, published, now+50+int64(j), now+120+int64(rng.IntN(10)))
		}
		now += 200
		if claim != history.ClaimLinearizable && rng.IntN(3) == 0 {
			add((first+5)%clients, history.Publish, 0, history.Value{}, now, now+10)
			published = written
			now += 100
		}
	}
	h.Sort()
	return h
}

// Histories of every claim are cut into windows, if they are far longer or have more clients than
// porcupine can judge at once. One wrong read in them is found.
func TestLongHistories(t *testing.T) {
	for _, claim := range []history.Claim{history.ClaimLinearizable, history.ClaimEventual, history.ClaimEventualPerHandle} {
		rng := rand.New(rand.NewPCG(1, 0))
		h := long(rng, claim, 3000)
		if v := History(h); v.Outcome != history.Ok || v.Counts.Calls < 2*3000 {
			t.Fatalf("%s: %v, %+v", claim, v, v.Counts)
		}
		waysAgree(t, h, history.Ok)
		for range 5 {
			reads := callsWhere(h, func(c *history.Call) bool { return c.Op == history.Get && c.Result.Ok && c.Result.Word > 1000 })
			c := &h.Calls[reads[rng.IntN(len(reads))]]
			right := c.Result
			c.Result.Word -= 500 // overwritten long ago
			v := History(h)
			if v.Outcome != history.Illegal || v.illegal == nil {
				t.Fatalf("%s: %v with a stale read of %d", claim, v, c.Result.Word)
			}
			waysAgree(t, h, history.Illegal)
			if again := History(v.illegal); again.Outcome != history.Illegal {
				t.Errorf("%s: the window by itself is %v", claim, again)
			}
			if shown := Reduce(v.illegal); shown.Verdict != history.Illegal || len(shown.Calls) > 6 {
				t.Errorf("%s: %d calls show it; want a few:\n%+v", claim, len(shown.Calls), shown.Calls)
			}
			c.Result = right
		}
	}
}

// waysAgree judges h as a stream, and as files in order and out of order.
func waysAgree(t *testing.T, h *history.History, want history.Outcome) {
	t.Helper()
	var file bytes.Buffer
	if err := h.Write(&file); err != nil {
		t.Fatal(err)
	}
	if v, err := Stream(bytes.NewReader(file.Bytes())); err != nil || v.Outcome != want {
		t.Errorf("%s: as a stream %v, %v; want %v", h.Claim, v, err, want)
	}
	lines := strings.SplitAfter(file.String(), "\n")
	byClient := slices.Clone(lines[1:])
	slices.SortStableFunc(byClient, func(a, b string) int {
		return strings.Compare(strings.SplitAfter(a, ",")[0], strings.SplitAfter(b, ",")[0])
	})
	path := filepath.Join(t.TempDir(), "history.jsonl")
	for _, text := range []string{file.String(), lines[0] + strings.Join(byClient, "")} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		v, err := File(path)
		if err != nil || v.Outcome != want {
			t.Errorf("%s: as a file %v, %v; want %v", h.Claim, v, err, want)
		}
		if want != history.Illegal {
			continue
		}
		dir := t.TempDir()
		v = Explain(v, path, dir)
		again, err := File(v.Evidence.History)
		if n := len(v.Events); err != nil || again.Outcome != history.Illegal || n == 0 || n > 6 || v.Evidence.Picture == "" {
			t.Errorf("%s: %d events, judged again %v, %v; want few, Illegal, and a picture", h.Claim, n, again, err)
		}
	}
}

// Judging an endless linearizable history takes memory that does not grow with it.
func TestEndlessLinearizableHistory(t *testing.T) {
	h := &history.History{Header: history.Header{Claim: history.ClaimLinearizable}}
	b := newByKeys(h, time.Second)
	const keys = 4000
	most := 0
	for i := range int64(3 * mostHeld) {
		c := history.Call{Client: int(i % 3), Op: history.Set, Key: history.Word(i * 7919 % keys), New: history.Word(i), Called: 10 * i, Return: 10*i + 25}
		b.call(&c)
		held := 0
		if i%(mostHeld/8) == 0 {
			for _, w := range b.keys {
				held += len(w.calls)
			}
		}
		most = max(most, held)
	}
	if b.end(); b.v.Outcome != history.Ok || len(b.keys) != keys || most > mostHeld+keys {
		t.Errorf("%v; %d keys, up to %d calls held; want %d and no more than %d", b.v, len(b.keys), most, keys, mostHeld)
	}
}

// The place where windows are cut makes no difference. Small histories are judged as one window,
// and again in the smallest windows. There are so few values that wrong results are often right by
// chance.
func TestWindowsAgreeWithTheWhole(t *testing.T) {
	for claim, ops := range map[history.Claim][]history.Op{
		history.ClaimLinearizable: {history.Get, history.Set, history.Set, history.Delete, history.Swap, history.LoadOrStore, history.LoadAndDelete, history.CompareAndSwap, history.CompareAndDelete},
		history.ClaimEventual:     {history.Get, history.Get, history.Set, history.Delete, history.Publish, history.Publish},
	} {
		counts := map[history.Outcome]int{}
		cut := 0
		for seed := range uint64(3000) {
			rng := rand.New(rand.NewPCG(seed, 0))
			h := randomHistory(rng, claim, ops, 2, 3, 20)
			if rng.IntN(2) == 0 {
				h.Slack = 2
			}
			want := History(h)
			counts[want.Outcome]++
			got, cuts := inSmallest(newWindows(h, &searches{limit: time.Minute}))
			cut += cuts
			// A history that is wrong only within the slack may pass when it is cut, because the
			// values that a window leaves are found with the slack.
			if got.outcome != want.Outcome && !(want.Counts.Ambiguous > 0 && got.outcome == history.Ok) {
				t.Fatalf("%s, seed %d: in windows %v, as a whole %v: %+v", claim, seed, got, want, h.Calls)
			}
		}
		if counts[history.Ok] < 100 || counts[history.Illegal] < 100 || cut < 1000 {
			t.Errorf("%s: the histories are one-sided: %v, %d cuts", claim, counts, cut)
		}
		t.Log(claim, counts, cut)
	}
}

// inSmallest judges the history of w, of one key, in windows that are cut wherever possible. It
// also returns the number of cuts.
func inSmallest(w *windows) (got windowResult, cuts int) {
	got = windowResult{outcome: history.Ok}
	note := func(j windowResult) {
		if got.outcome != history.Illegal && (j.outcome == history.Illegal || got.outcome == history.Ok) {
			got = j
		}
	}
	for i := range w.h.Calls {
		c := &w.h.Calls[i]
		if w.quiet(c.Called) {
			cuts++
			note(w.end(false))
		}
		if got.outcome != history.Illegal {
			note(w.add(c))
		}
	}
	if got.outcome != history.Illegal {
		note(w.end(true))
	}
	return got, cuts
}

// A search without time has no answer, and makes no legal history Illegal. This holds for searches
// for the values that a window can leave, and for searches for an order.
func TestSearchesWithoutTime(t *testing.T) {
	for _, claim := range []history.Claim{history.ClaimLinearizable, history.ClaimEventual, history.ClaimEventualPerHandle} {
		counts, inVain := map[history.Outcome]int{}, map[history.Outcome]int{}
		for seed := range uint64(30) {
			h := long(rand.New(rand.NewPCG(seed, 0)), claim, 100)
			w := newWindows(h, &searches{limit: time.Minute})
			w.brief = 0
			got, cuts := inSmallest(w)
			counts[got.outcome]++
			w = newWindows(h, &searches{})
			w.brief = 0
			none, _ := inSmallest(w)
			inVain[none.outcome]++
			if got.outcome != history.Ok || none.outcome == history.Illegal || cuts < 10 {
				t.Fatalf("%s, seed %d: a right history with %d cuts is %v if what windows leave is not searched for; want Ok; and %v if nothing is", claim, seed, cuts, got, none)
			}
		}
		if inVain[history.Unknown] == 0 {
			t.Errorf("%s: no search was in vain", claim)
		}
		t.Log(claim, counts, inVain)
	}
}

// A window that cannot be judged makes the verdict Unknown, but does not hide a later violation.
func TestAfterAWindowThatIsGivenUp(t *testing.T) {
	h := &history.History{Header: history.Header{Claim: history.ClaimLinearizable}}
	for client := range maxClients + 1 {
		h.Calls = append(h.Calls, history.Call{Client: client, Op: history.Set, Key: 7, New: history.Word(client), Called: int64(client), Return: 100})
	}
	for i := range int64(2 * windowCalls) {
		h.Calls = append(h.Calls, history.Call{Op: history.Get, Key: 7, Result: history.Some(3), Called: 200 + 10*i, Return: 205 + 10*i})
	}
	if v := History(h); v.Outcome != history.Unknown || v.Counts.Undecided != 1 || !strings.HasPrefix(v.Reason, "9 clients and ") {
		t.Error(v)
	}
	h.Calls[len(h.Calls)-1].Result.Word = 4
	if v := History(h); v.Outcome != history.Illegal {
		t.Error(v)
	}
	if got := History(h).illegal.Calls; !slices.ContainsFunc(got, func(c history.Call) bool { return c.Result.Word == 4 }) {
		t.Error(fmt.Sprint(got))
	}
}

// A window with too many calls is given up as a whole, because the calls that were not kept may
// explain the rest.
func TestWindowGivenUpAsAWhole(t *testing.T) {
	h := &history.History{Header: history.Header{Claim: history.ClaimLinearizable}}
	now, value := int64(0), history.Word(0)
	set := func(client int, takes int64) {
		value++
		h.Calls = append(h.Calls, history.Call{Client: client, Op: history.Set, Key: 7, New: value, Called: now, Return: now + takes})
		now += 10
	}
	for i := range windowCalls / 2 { // with quiescent points, but too few calls to end a window
		set(2+i%(maxClients-2), 5)
	}
	for i := range maxPartition + 100 { // without quiescent points
		set(i%2, 15)
	}
	h.Calls = append(h.Calls, history.Call{Client: maxClients, Op: history.Get, Key: 7, Result: history.Some(value), Called: now + 2, Return: now + 3})
	if v := History(h); v.Outcome != history.Unknown {
		t.Errorf("%v; want Unknown", v)
	}
}

// While one publish runs, three writers write at the same time. Their writes wait in many possible
// orders. The judge still decides soon, because nobody reads most of the values.
func TestWritesDuringOnePublish(t *testing.T) {
	const rounds, publisher, reader = 60, 3, 4
	for _, claim := range []history.Claim{history.ClaimEventual, history.ClaimEventualPerHandle} {
		h := &history.History{Header: history.Header{Claim: claim, Slack: 2}}
		add := func(client int, op history.Op, value history.Word, called, returned int64) {
			c := history.Call{Client: client, Op: op, Key: 7, Called: called, Return: returned}
			if op == history.Get {
				c.Result = history.Some(value)
			} else {
				c.New = value
			}
			h.Calls = append(h.Calls, c)
		}
		for i := range int64(rounds) {
			for w := range int64(3) {
				add(int(w), history.Set, history.Word(10*i+w), 100*i+w, 100*i+90+w)
			}
		}
		end := int64(100 * rounds)
		add(publisher, history.Publish, 0, 0, end)
		add(reader, history.Get, 10*rounds/2, 1, end-1) // the publish took a half
		add(publisher, history.Publish, 0, end+10, end+20)
		last := len(h.Calls)
		add(reader, history.Get, 10*(rounds-1)+1, end+30, end+40)
		for _, want := range []history.Outcome{history.Ok, history.Illegal} {
			if want == history.Illegal {
				h.Calls[last].Result.Word = 10 * (rounds - 2) // overwritten before the last publish
			}
			if v := History(h); v.Outcome != want {
				t.Errorf("%s: %v; want %v", claim, v, want)
			}
		}
	}
}
