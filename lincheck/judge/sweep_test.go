package judge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"doublebuf/lincheck/history"
)

// steady is a legal history of any length, of one writer and some readers whose guards overlap. Its
// events come in the order in which they were called. It may have one planted fault.
type steady struct {
	versions, guards int // publishes, and guards for each
	stale            int // number of the guard, from 1, with a wrong read; 0 = none
}

const (
	steadyKeys    = 1000
	steadyReaders = 8
)

// each passes all events to the functions until one returns an error. The functions must not keep
// the events.
func (s steady) each(call func(*history.Call) error, guard func(*history.Guard) error) error {
	var reads [1]history.Read
	var c history.Call
	var g history.Guard
	n := 0
	for v := range int64(s.versions) {
		at := v * 1000
		key := history.Word(v % steadyKeys)
		c = history.Call{Op: history.Set, Key: key, New: history.Word(v), Called: at, Return: at + 10}
		err := call(&c)
		if err == nil {
			c = history.Call{Op: history.Publish, Version: uint64(v + 1), Called: at + 20, Return: at + 90}
			err = call(&c)
		}
		for i := range int64(s.guards) {
			n++
			reads[0] = history.Read{Key: key, Value: history.Some(history.Word(v))}
			if n == s.stale {
				reads[0].Value.Word++
			}
			// The guards of one reader begin 8 apart and last for 30; the opening takes 5.
			called := at + 91 + i
			if err == nil {
				g = history.Guard{Client: 1 + int(i%steadyReaders), Version: uint64(v + 1), Called: called, Opened: called + 5, Closed: called + 30, Reads: reads[:]}
				err = guard(&g)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s steady) history() *history.History {
	h := &history.History{Header: history.Header{Claim: history.ClaimAtomic, Lag: 1}, Calls: make([]history.Call, 0, 2*s.versions), Guards: make([]history.Guard, 0, s.versions*s.guards)}
	reads := make([]history.Read, 0, s.versions*s.guards)
	_ = s.each((*history.Loader)(h).Call, func(g *history.Guard) error {
		reads = append(reads, g.Reads...)
		own := *g
		own.Reads = reads[len(reads)-1:]
		h.Guards = append(h.Guards, own)
		return nil
	}) // they return no error
	return h
}

// reader returns the history as a file. Its lines are made while they are read.
func (s steady) reader() io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		line := []byte("{\"history\":1,\"claim\":\"atomic\",\"lag\":1}\n")
		field := func(name string, n int64) {
			line = append(append(append(line, `,"`...), name...), `":`...)
			line = strconv.AppendInt(line, n, 10)
		}
		end := func() (err error) {
			if line = append(line, "}\n"...); len(line) > 1<<16 {
				_, err = w.Write(line)
				line = line[:0]
			}
			return err
		}
		err := s.each(func(c *history.Call) error {
			line = append(append(append(line, `{"client":0,"op":"`...), c.Op.String()...), '"')
			if c.Op == history.Publish {
				field("version", int64(c.Version))
			} else {
				field("key", int64(c.Key))
				field("new", int64(c.New))
			}
			field("called", c.Called)
			field("returned", c.Return)
			return end()
		}, func(g *history.Guard) error {
			line = append(strconv.AppendInt(append(line, `{"client":`...), int64(g.Client), 10), `,"op":"guard"`...)
			field("version", int64(g.Version))
			field("called", g.Called)
			field("opened", g.Opened)
			field("closed", g.Closed)
			line = strconv.AppendInt(append(line, `,"reads":[[`...), int64(g.Reads[0].Key), 10)
			line = append(strconv.AppendInt(append(line, ','), int64(g.Reads[0].Value.Word), 10), "]]"...)
			return end()
		})
		if err == nil {
			_, err = w.Write(line)
		}
		w.CloseWithError(err)
	}()
	return r
}

// The sweep finds a fault late in a long history, in memory and in a stream. What it remembers does
// not grow with the history.
func TestSweepOfALongHistory(t *testing.T) {
	s := steady{versions: 20_000, guards: 5}
	stale := s
	stale.stale = s.versions*s.guards - 7
	const found = "client 3 opened a guard of version 19999: key 998 -> 19999, but S(19999) has 19998 there"
	for _, test := range []struct {
		s    steady
		want string
	}{{s, "Ok"}, {stale, "Illegal (C6): " + found}} {
		h := test.s.history()
		if v := History(h); v.String() != test.want || v.Counts.Guards != len(h.Guards) {
			t.Errorf("in memory: %v, %+v; want %s", v, v.Counts, test.want)
		}
		r := test.s.reader()
		v, err := Stream(r)
		r.Close()
		if err != nil || v.String() != test.want {
			t.Errorf("as a stream: %v, %v; want %s", v, err, test.want)
		}
		if wantEvents := test.want != "Ok"; (len(v.Events) > 0) != wantEvents {
			t.Errorf("events %q", v.Events)
		}
	}

	h := s.history()
	sweep := newSweep(h, stampedLaws(h.Claim))
	sweep.all()
	writes := 0
	for _, list := range sweep.writes {
		writes += len(list)
	}
	if len(sweep.versions) > 200 || writes > 4*steadyKeys || len(sweep.free) > 100 {
		t.Errorf("of %d publishes it remembers %d versions, %d writes of %d keys and %d guards", s.versions, len(sweep.versions), writes, len(sweep.writes), len(sweep.free))
	}
}

// Files in any order and streams get the same verdicts as histories in memory. The histories have
// more versions than the sweep remembers, and half of them have one fault.
func TestWaysToJudgeAgree(t *testing.T) {
	broken := map[string]int{}
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 0))
		h := faultyHistory(rng)
		want := History(h)
		broken[want.Checker]++
		if l := literalC6(h); (want.Outcome == history.Illegal) != (l || anyLiterally(h)) {
			t.Fatalf("seed %d: %v; literally C6 is broken: %t, C1 to C5: %t", seed, want, l, anyLiterally(h))
		}
		var file bytes.Buffer
		if err := h.Write(&file); err != nil {
			t.Fatal(err)
		}
		ordered := file.String()
		stream, err := Stream(strings.NewReader(ordered))
		if err != nil || stream.Outcome != want.Outcome {
			t.Errorf("seed %d: as a stream %v, %v; want %v", seed, stream, err, want)
		}
		for name, text := range map[string]string{"ordered": ordered, "guards first": guardsFirst(ordered)} {
			path := filepath.Join(t.TempDir(), "history.jsonl")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := File(path)
			if err != nil || got.String() != want.String() || got.Counts != want.Counts {
				t.Errorf("seed %d: %s: %v, %v; want %v", seed, name, got, err, want)
			}
		}
	}
	for _, l := range []string{"", "C1", "C2", "C5", "C6"} {
		if broken[l] == 0 {
			t.Errorf("no history whose verdict rests on %q: %v", l, broken)
		}
	}
	t.Log(broken)
}

func anyLiterally(h *history.History) bool {
	for _, breaks := range literally {
		if breaks(h) {
			return true
		}
	}
	return false
}

// literalC6 repeats the writes of each version, for each guard.
func literalC6(h *history.History) bool {
	for _, g := range h.Guards {
		content := map[history.Word]history.Word{}
		version := uint64(0)
		for _, c := range h.Calls {
			switch {
			case c.Op == history.Publish:
				version++
			case version < g.Version:
				content[c.Key] = c.New
			}
		}
		for _, r := range g.Reads {
			v, ok := content[r.Key]
			if (history.Value{Word: v, Ok: ok}) != r.Value {
				return true
			}
		}
	}
	return false
}

// faultyHistory returns a history of a few hundred versions. Every second history has one wrong
// guard.
func faultyHistory(rng *rand.Rand) *history.History {
	h := &history.History{Header: history.Header{Claim: history.ClaimAtomic, Slack: testSlack, Lag: rng.Uint64N(4)}}
	content := []map[history.Word]history.Word{{}}
	now := int64(0)
	var publishes []history.Call
	for v := range uint64(150 + rng.IntN(150)) {
		next := map[history.Word]history.Word{}
		for k, w := range content[v] {
			next[k] = w
		}
		for range rng.IntN(3) {
			c := history.Call{Op: history.Set, Key: history.Word(rng.IntN(5)), New: history.Word(1000*v + rng.Uint64N(1000)), Called: now, Return: now + 5}
			next[c.Key] = c.New
			now = c.Return + 1
			h.Calls = append(h.Calls, c)
		}
		p := history.Call{Op: history.Publish, Version: v + 1, Called: now, Return: now + 10 + rng.Int64N(30)}
		now = p.Return + 1 + rng.Int64N(20)
		publishes = append(publishes, p)
		h.Calls = append(h.Calls, p)
		content = append(content, next)
	}
	for client := 1; client <= 3; client++ {
		for now := int64(0); now < publishes[len(publishes)-50].Called; now += 20 + rng.Int64N(60) {
			g := history.Guard{Client: client, Called: now, Opened: now + rng.Int64N(8)}
			if h.Lag == 0 && rng.IntN(2) == 0 {
				g.Opened += 30 * rng.Int64N(50) // while many versions are published
			}
			for _, p := range publishes { // each takes effect as it returns
				if p.Return <= g.Called {
					g.Version = p.Version
				}
			}
			key := history.Word(rng.IntN(5))
			w, ok := content[g.Version][key]
			g.Reads = []history.Read{{Key: key, Value: history.Value{Word: w, Ok: ok}}}
			g.Closed = g.Opened + rng.Int64N(10)
			h.Guards = append(h.Guards, g)
			now = g.Closed + 1
		}
	}
	if rng.IntN(2) == 0 {
		g := &h.Guards[len(h.Guards)/6+rng.IntN(len(h.Guards)/3)]
		switch rng.IntN(4) {
		case 0:
			g.Version += 1 + rng.Uint64N(5)
		case 1:
			g.Version -= min(g.Version, 1+rng.Uint64N(5))
		case 2:
			g.Closed += 200
		case 3:
			g.Reads[0].Value = history.Some(7)
		}
	}
	h.Sort()
	return h
}

// guardsFirst puts the lines of guards before the others.
func guardsFirst(file string) string {
	lines := strings.SplitAfter(file, "\n")
	var guards, calls strings.Builder
	for _, line := range lines[1:] {
		if strings.Contains(line, `"op":"guard"`) {
			guards.WriteString(line)
		} else {
			calls.WriteString(line)
		}
	}
	return lines[0] + guards.String() + calls.String()
}

// Stream returns at the first violation, or else where the events are not in order.
func TestStreamStops(t *testing.T) {
	const header = `{"history":1,"claim":"atomic"}` + "\n"
	guard := func(version, called int) string {
		return fmt.Sprintf(`{"client":1,"op":"guard","version":%d,"called":%d,"opened":%[2]d,"closed":%[2]d}`+"\n", version, called)
	}
	endless := io.MultiReader(strings.NewReader(header+guard(1, 1)+guard(0, 5)+guard(0, 6)), failing{errors.New("read on")})
	if v, err := Stream(endless); err != nil || v.Checker != "C1" {
		t.Errorf("%v, %v; want C1 before the end of the stream", v, err)
	}
	_, err := Stream(strings.NewReader(header + guard(0, 5) + guard(0, 4)))
	if want := "read history: line 3: guard: "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v; want %s…", err, want)
	}
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }

// The benchmarks judge 10 million guards and 500,000 publishes:
//
//	go test ./lincheck/judge -run '^$' -bench Judge -benchtime 1x
var large = steady{versions: 500_000, guards: 20}

func BenchmarkJudgeInMemory(b *testing.B) {
	faulty := large
	faulty.stale = large.versions*large.guards - 11
	h := faulty.history()
	good := h.Guards[faulty.stale-1].Reads[0].Value
	good.Word--
	bad := history.Some(good.Word + 1)
	var peak uint64
	b.ResetTimer()
	for b.Loop() {
		h.Guards[faulty.stale-1].Reads[0].Value = good
		expect(b, History(h), history.Ok)
		peak = max(peak, inUse())
	}
	b.StopTimer()
	h.Guards[faulty.stale-1].Reads[0].Value = bad
	expect(b, History(h), history.Illegal)
	b.ReportMetric(float64(peak)/(1<<20), "MiB")
	b.ReportMetric(0, "B/op")
}

// BenchmarkJudgeFile reads them from a file that is written at the same time.
func BenchmarkJudgeFile(b *testing.B) {
	for b.Loop() {
		r := large.reader()
		v, err := Stream(r)
		if err != nil {
			b.Fatal(err)
		}
		expect(b, v, history.Ok)
	}
	b.ReportMetric(float64(inUse())/(1<<20), "MiB")
	b.StopTimer()
	faulty := large
	faulty.stale = large.versions*large.guards - 11
	v, err := Stream(faulty.reader())
	if err != nil {
		b.Fatal(err)
	}
	expect(b, v, history.Illegal)
}

func expect(b *testing.B, v Verdict, want history.Outcome) {
	b.Helper()
	if v.Outcome != want || v.Counts.Guards < large.versions*large.guards-100 || v.Counts.Publishes < large.versions-100 {
		b.Fatalf("%v after %+v; want %v", v, v.Counts, want)
	}
}

// inUse returns how many bytes the process holds.
func inUse() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys - m.HeapReleased
}
