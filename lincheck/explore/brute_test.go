package explore

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"doublebuf/impl/atomicx/hooked"
	"doublebuf/impl/invariants"
)

// This file compares the explorer with an enumeration that shares no code with it. Small random
// programs run under the explorer, on the types of package hooked. An interpreter also runs every
// interleaving of them, with explicit states. The final state of a program is all that each
// goroutine has read, and the memory.

type opcode int

const (
	load opcode = iota
	store_
	add
	cas
	plainLoad
	plainStore
	lock
	unlock
	park
	unpark
	await
	either // waits for one of two words
	spin
	spinEither // reads one word, then the other, until one is as expected
	barrier
	skipIfZero // skips the next instruction if the value read last is 0
	numOpcodes = iota
)

type instr struct {
	op  opcode
	loc int
	a   uint64
}

func (i instr) String() string {
	return fmt.Sprintf("%s%d:%d", [...]string{"ld", "st", "add", "cas", "pld", "pst", "lk", "ul", "pk", "up", "aw", "ei", "sp", "se", "mb", "sz"}[i.op], i.loc, i.a)
}

type tiny [][]instr

// randomTiny draws a program of 2 or 3 goroutines with a few instructions each.
func randomTiny(r *rand.Rand, tso, spins bool) tiny {
	p := make(tiny, 2+r.IntN(2))
	for g := range p {
		n := 2 + r.IntN(4)
		if len(p) == 3 {
			n = 2 + r.IntN(3)
		}
		var code []instr
		for len(code) < n {
			i := instr{opcode(r.IntN(int(numOpcodes))), r.IntN(2), uint64(r.IntN(3))}
			switch {
			case tso && (i.op == load || i.op == store_) && r.IntN(3) > 0:
				i.op += plainLoad - load
			case (i.op == spin || i.op == spinEither) && !spins, i.op == barrier && !tso, (i.op == park || i.op >= await && i.op <= spinEither) && r.IntN(4) > 0:
				continue
			case i.op == unlock, i.op == skipIfZero && len(code) == 0, i.op == lock && len(code) > 0 && code[len(code)-1].op == skipIfZero:
				continue
			case i.op == lock:
				inner := []instr{{opcode(r.IntN(int(plainStore) + 1)), r.IntN(2), 1}}
				if r.IntN(3) == 0 {
					inner = []instr{{lock, 1 - i.loc, 0}, {unlock, 1 - i.loc, 0}}
				}
				code = append(append(append(code, i), inner...), instr{unlock, i.loc, 0})
				continue
			}
			code = append(code, i)
		}
		p[g] = code
	}
	return p
}

// program returns p as a Program of the explorer.
func (p tiny) program(x *Exec) {
	var words [2]hooked.Uint64
	var plain [2]hooked.Plain[uint64]
	var locks [2]hooked.Mutex
	parkers := [2]hooked.Parker{hooked.NewParker(), hooked.NewParker()}
	logs := make([]string, len(p))
	for g, code := range p {
		x.Go(fmt.Sprint("g", g), func() {
			var r uint64
			for pc := 0; pc < len(code); pc++ {
				i := code[pc]
				saw := true
				switch i.op {
				case load:
					r = words[i.loc].Load()
				case store_:
					words[i.loc].Store(i.a)
					saw = false
				case add:
					r = words[i.loc].Add(i.a)
				case cas:
					r = 0
					if words[i.loc].CompareAndSwap(i.a, i.a+1) {
						r = 1
					}
				case plainLoad:
					r = plain[i.loc].Load()
				case plainStore:
					plain[i.loc].Store(i.a)
					saw = false
				default:
					saw = false
				}
				switch i.op {
				case lock:
					locks[i.loc].Lock()
				case unlock:
					locks[i.loc].Unlock()
				case park:
					parkers[i.loc].Park(nil, 0)
				case unpark:
					parkers[i.loc].Unpark()
				case await:
					hooked.Await(func() bool { return words[i.loc].Load() >= i.a })
				case either:
					hooked.Await(func() bool { return max(words[0].Load(), words[1].Load()) >= i.a })
				case spin:
					for words[i.loc].Load() < i.a {
						hooked.Yield()
					}
				case spinEither:
					for {
						if words[0].Load() >= i.a {
							logs[g] += "l"
							break
						}
						if words[1].Load() >= i.a {
							logs[g] += "r"
							break
						}
						hooked.Yield()
					}
				case barrier:
					hooked.Membarrier()
				case skipIfZero:
					if r == 0 {
						pc++
					}
				}
				if saw {
					logs[g] += fmt.Sprint(r)
				}
			}
		})
	}
	x.Finally(func() {
		x.FinalState("%v %d %d %d %d", logs, words[0].Load(), words[1].Load(), plain[0].Load(), plain[1].Load())
	})
}

// The interpreter's state.
type state struct {
	pc       []int
	r        []uint64
	logs     []string
	words    [2]uint64
	plain    [2]uint64
	held     [2]bool
	tokens   [2]bool
	buffers  [][]instr // plain stores that have not reached memory
	waiting  [][]byte  // during a barrier: for each goroutine, how many of its stores it waits for; otherwise nil
	phase    []byte    // of spinEither
	last     int
	preempts int
}

func (s *state) clone() *state {
	c := *s
	c.pc, c.r, c.logs = slices.Clone(s.pc), slices.Clone(s.r), slices.Clone(s.logs)
	c.buffers = slices.Clone(s.buffers)
	c.phase = slices.Clone(s.phase)
	c.waiting = make([][]byte, len(s.waiting))
	for i, w := range s.waiting {
		c.waiting[i] = slices.Clone(w)
	}
	return &c
}

// key returns a string that no other state has.
func (s *state) key() string {
	b := []byte{byte(s.last), byte(s.preempts)}
	flag := func(f bool) { b = append(b, map[bool]byte{true: 1}[f]) }
	for g := range s.pc {
		b = append(append(append(b, byte(s.pc[g]), byte(s.r[g])), s.logs[g]...), '/', byte(len(s.buffers[g])))
		for _, i := range s.buffers[g] {
			b = append(b, byte(i.loc), byte(i.a))
		}
		b = append(b, byte(len(s.waiting[g])))
		b = append(append(b, s.waiting[g]...), s.phase[g])
	}
	for i := range s.words {
		b = append(b, byte(s.words[i]), byte(s.plain[i]))
		flag(s.held[i])
		flag(s.tokens[i])
	}
	return string(b)
}

type brute struct {
	p        tiny
	tso      bool
	bound    int // on preemptions; -1 for none
	visited  map[string]bool
	ends     map[string]bool
	deadlock bool
}

func (b *brute) run() {
	n := len(b.p)
	s := &state{pc: make([]int, n), r: make([]uint64, n), logs: make([]string, n), buffers: make([][]instr, n), waiting: make([][]byte, n), phase: make([]byte, n), last: -1}
	b.visited, b.ends = map[string]bool{}, map[string]bool{}
	b.visit(s)
}

func (b *brute) enabled(s *state, g int) bool {
	if s.pc[g] >= len(b.p[g]) {
		return false
	}
	i := b.p[g][s.pc[g]]
	if len(s.buffers[g]) > 0 {
		switch i.op {
		case load, plainLoad, plainStore, await, either, spin, spinEither, skipIfZero:
		default:
			return false
		}
	}
	switch i.op {
	case lock:
		return !s.held[i.loc]
	case park:
		return s.tokens[i.loc]
	case await, spin:
		return s.words[i.loc] >= i.a
	case either:
		return s.words[0] >= i.a || s.words[1] >= i.a
	case barrier:
		return strings.Trim(string(s.waiting[g]), "\x00") == ""
	}
	return true
}

func (b *brute) visit(s *state) {
	if b.bound < 0 {
		s.last, s.preempts = -1, 0
	}
	key := s.key()
	if b.visited[key] {
		return
	}
	b.visited[key] = true
	moved := false
	for g := range b.p {
		if len(s.buffers[g]) > 0 {
			moved = true
			c := s.clone()
			st := c.buffers[g][0]
			c.buffers[g] = c.buffers[g][1:]
			c.plain[st.loc] = st.a
			for _, w := range c.waiting {
				if w != nil && w[g] > 0 {
					w[g]--
				}
			}
			b.visit(c)
		}
		if !b.enabled(s, g) {
			continue
		}
		// A loop that waits for a step of another goroutine does not count.
		i := b.p[g][s.pc[g]]
		moved = moved || i.op != spinEither || s.phase[g] == 1 || max(s.words[0], s.words[1]) >= i.a
		c := s.clone()
		if s.last >= 0 && s.last != g && b.enabled(s, s.last) {
			c.preempts++
		}
		if b.bound >= 0 && c.preempts > b.bound {
			continue
		}
		c.last = g
		b.step(c, g)
		b.visit(c)
	}
	if moved {
		return
	}
	for g := range b.p {
		if s.pc[g] < len(b.p[g]) {
			b.deadlock = true
			return
		}
	}
	b.ends[fmt.Sprintf("%v %d %d %d %d", s.logs, s.words[0], s.words[1], s.plain[0], s.plain[1])] = true
}

// step does g's next instruction in s, and the skips that follow it. Skips are not steps.
func (b *brute) step(s *state, g int) {
	i := b.p[g][s.pc[g]]
	saw := true
	switch i.op {
	case load:
		s.r[g] = s.words[i.loc]
	case add:
		s.words[i.loc] += i.a
		s.r[g] = s.words[i.loc]
	case cas:
		s.r[g] = 0
		if s.words[i.loc] == i.a {
			s.words[i.loc], s.r[g] = i.a+1, 1
		}
	case plainLoad:
		s.r[g] = s.plain[i.loc]
		for _, st := range s.buffers[g] {
			if st.loc == i.loc {
				s.r[g] = st.a
			}
		}
	default:
		saw = false
	}
	switch i.op {
	case store_:
		s.words[i.loc] = i.a
	case plainStore:
		if b.tso {
			s.buffers[g] = append(slices.Clone(s.buffers[g]), i)
		} else {
			s.plain[i.loc] = i.a
		}
	case lock:
		s.held[i.loc] = true
	case unlock:
		s.held[i.loc] = false
	case park:
		s.tokens[i.loc] = false
	case unpark:
		s.tokens[i.loc] = true
	case spinEither:
		word := s.phase[g]
		if s.words[word] < i.a {
			s.phase[g] = 1 - word
			return
		}
		s.phase[g] = 0
		s.logs[g] += string("lr"[word])
	case barrier:
		if s.waiting[g] == nil { // the barrier starts
			s.waiting[g] = make([]byte, len(b.p))
			for other := range b.p {
				s.waiting[g][other] = byte(len(s.buffers[other]))
			}
			return
		}
		s.waiting[g] = nil
	}
	if saw {
		s.logs[g] += fmt.Sprint(s.r[g])
	}
	s.pc[g]++
	for s.pc[g] < len(b.p[g]) && b.p[g][s.pc[g]].op == skipIfZero {
		s.pc[g]++
		if s.r[g] == 0 {
			s.pc[g]++
		}
	}
}

// loops reports whether p has loops. The two searches may count their useless laps differently.
func (p tiny) loops() bool {
	return slices.ContainsFunc(slices.Concat(p...), func(i instr) bool { return i.op == spin || i.op == spinEither })
}

// agree runs p under the explorer and in the interpreter, and compares the results.
func agree(t *testing.T, p tiny, s Search, tso bool) (deadlocks bool, redundant int) {
	t.Helper()
	bound := -1
	if s.kind == bounded {
		bound = s.bound
	}
	b := &brute{p: p, tso: tso, bound: bound}
	b.run()
	res, err := Run(Config{Search: s, TSO: tso}, p.program)
	if err != nil {
		t.Fatal(err)
	}
	stuck := res.Failure != nil && (res.Failure.Kind == Deadlock || res.Failure.Kind == LostWakeUp || res.Failure.Kind == Livelock)
	if stuck != b.deadlock || !stuck && res.Failure != nil {
		t.Fatalf("program %v: the interpreter says deadlock %v, the engine %v", p, b.deadlock, res.Failure)
	}
	if b.deadlock {
		return true, res.Redundant
	}
	if !res.Complete {
		t.Fatalf("program %v: %v", p, res)
	}
	got, want := slices.Sorted(maps.Keys(res.FinalStates)), slices.Sorted(maps.Keys(b.ends))
	if !slices.Equal(got, want) {
		t.Fatalf("program %v, %v:\nengine      %s\ninterpreter %s", p, res, strings.Join(got, " | "), strings.Join(want, " | "))
	}
	if s.kind == exhaustive && !p.loops() { // one execution of each class, neither more nor fewer
		if sets, err := Run(Config{Search: SleepSets(), TSO: tso}, p.program); err != nil || sets.Executions != res.Executions {
			t.Fatalf("program %v: %v, but by sleep sets %v, %v", p, res, sets, err)
		}
	}
	return false, res.Redundant
}

func TestAgreesWithBruteForce(t *testing.T) {
	const seed = 3
	searches := []struct {
		name   string
		search Search
		tso    bool
	}{
		{"exhaustive", Exhaustive(), false},
		{"exhaustive TSO", Exhaustive(), true},
		{"0 preemptions", UpTo(0), false},
		{"1 preemption", UpTo(1), false},
		{"2 preemptions", UpTo(2), false},
		{"3 preemptions", UpTo(3), false},
		{"1 preemption TSO", UpTo(1), true},
	}
	for _, s := range searches {
		t.Run(s.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			programs, deadlocks, redundant := 1000, 0, 0
			if invariants.Enabled {
				programs = 200 // checked builds are slow
			}
			for range programs {
				p := randomTiny(r, s.tso, s.search.kind != bounded)
				if s.tso && s.search.kind == bounded {
					p = p[:2] // flushes do not count as preemptions, so there are many executions
				}
				d, n := agree(t, p, s.search, s.tso)
				if d {
					deadlocks++
				}
				redundant += n
			}
			t.Logf("seed %d: %d programs agree, %d of them with deadlocks; %d redundant executions", seed, programs, deadlocks, redundant)
		})
	}
}

// These programs showed mistakes in earlier versions of the search.
func TestProgramsThatOnceDisagreed(t *testing.T) {
	for _, c := range []struct {
		name    string
		tso     bool
		program tiny
	}{
		{"a lock's race is with the lock before, not with the unlock between", false, tiny{
			{{lock, 1, 0}, {store_, 0, 1}, {unlock, 1, 0}, {unpark, 0, 2}, {plainLoad, 1, 2}},
			{{plainLoad, 1, 1}, {plainStore, 1, 0}, {lock, 1, 1}, {add, 0, 1}, {unlock, 1, 0}},
		}},
		{"a wait that either of two changes can end", false, tiny{
			{{store_, 0, 2}, {store_, 1, 2}},
			{{cas, 1, 0}, {cas, 1, 1}, {unpark, 1, 1}},
			{{either, 1, 1}, {load, 0, 0}, {cas, 0, 1}},
		}},
		{"a wait that is over before it is seen, in an execution that is given up", false, tiny{
			{{await, 1, 0}, {either, 0, 2}, {add, 1, 1}, {skipIfZero, 1, 2}},
			{{store_, 1, 2}, {add, 1, 2}, {unpark, 0, 0}},
			{{load, 0, 1}, {store_, 0, 2}, {store_, 0, 0}},
		}},
		{"a membarrier waits for the stores that it met, not for those after", true, tiny{
			{{add, 0, 2}, {plainStore, 1, 2}, {add, 0, 2}},
			{{add, 0, 2}, {barrier, 1, 1}, {plainStore, 1, 0}},
			{{plainStore, 0, 0}, {skipIfZero, 0, 2}, {add, 0, 1}, {load, 0, 1}},
		}},
	} {
		t.Run(c.name, func(t *testing.T) { agree(t, c.program, Exhaustive(), c.tso) })
	}
}
