package judge

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doublebuf/lincheck/history"
	"doublebuf/lincheck/order"
)

// long returns a legal history of one key with the given claim, of many clients and calls.
func long(rng *rand.Rand, claim history.Claim, rounds int) *history.History {
	h := &history.History{Header: history.Header{Claim: claim, Slack: 2}}
	clients := 8
	if claim == history.ClaimLinearizable {
		clients = 12
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

// Long histories of every claim are judged. One wrong read in them is found.
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
	b := newByKeys(h, &order.Work{Limit: time.Second})
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

// Where a publish may have taken too many batches, no answer for all keys together is found. Then
// a violation about one key still is, and else the verdict is Unknown.
func TestTooManyBatches(t *testing.T) {
	for _, claim := range []history.Claim{history.ClaimEventual, history.ClaimEventualPerHandle} {
		h := &history.History{Header: history.Header{Claim: claim}}
		h.Calls = append(h.Calls, history.Call{Client: 50, Op: history.Publish, Called: 0, Return: 1000})
		for client := range 40 { // all overlap the publish and each other
			h.Calls = append(h.Calls, history.Call{Client: client, Op: history.Set, Key: history.Word(client / 4), New: history.Word(client + 1), Called: 10, Return: 20})
		}
		h.Calls = append(h.Calls, history.Call{Client: 51, Op: history.Get, Key: 0, Called: 1010, Return: 1020, Result: history.Some(2)})
		if v := History(h); v.Outcome != history.Unknown || v.Counts.Undecided != 1 || !strings.HasPrefix(v.Reason, "a publish may have taken more than") {
			t.Errorf("%s: %v; want Unknown", claim, v)
		}
		h.Calls[len(h.Calls)-1].Result.Word = 99
		if v := History(h); v.Outcome != history.Illegal {
			t.Errorf("%s: %v; want Illegal", claim, v)
		}
	}
	h := &history.History{Header: history.Header{Claim: history.ClaimAtomic}}
	h.Calls = append(h.Calls, history.Call{Client: 50, Op: history.Publish, Version: 1, Called: 0, Return: 1000})
	for client := range 40 {
		h.Calls = append(h.Calls, history.Call{Client: client, Op: history.Set, Key: history.Word(client), New: 1, Called: 10, Return: 20})
	}
	if v := History(h); v.Outcome != history.Unknown || v.Checker != "C6" {
		t.Errorf("%v; want Unknown", v)
	}
}
