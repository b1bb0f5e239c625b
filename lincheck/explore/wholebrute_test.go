package explore_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"doublebuf/impl/atomicx/hooked"
	"doublebuf/lincheck/explore"
	"doublebuf/lincheck/explore/standin/atomic"
	"doublebuf/lincheck/explore/standin/flow"
	"doublebuf/lincheck/explore/standin/sync"
)

// This file compares the explorer on whole programs with an enumeration that shares no code with
// it. Small random programs use channels, select, locks, condition variables, wait groups and
// recorded calls, and start goroutines. An interpreter runs every interleaving of them with
// explicit states. The final state is what each goroutine has read, where it stands, and the
// memory. A goroutine that waits for ever is no failure here.

type code int

const (
	ld       code = iota // log word a
	st                   // word a = b
	inc                  // word a += 1, log it
	send                 // send b to channel a
	recv                 // receive from channel a, log it
	sel                  // receive from channel 0 or 1, log it
	try                  // receive from channel a if possible, log it
	offer                // send b to channel a if possible, log whether it was
	shut                 // close channel a, which nobody else closes
	lock                 // lock for writing
	unlock               // release it
	rlock                // lock for reading
	runlock              // release it
	done                 // WaitGroup.Done
	wait                 // WaitGroup.Wait
	once                 // Once.Do of inc 0
	sleep                // Cond.Wait, under its lock, if word 1 is 0
	wake                 // Cond.Signal
	wakeAll              // Cond.Broadcast
	start                // start goroutine a
	call                 // recorded: begin
	ret                  // recorded: end
	until                // loop until word a is not 0
	numCodes = iota
)

var codeNames = [numCodes]string{"ld", "st", "inc", "send", "recv", "sel", "try", "offer", "shut", "lock", "unlock", "rlock", "runlock", "done", "wait", "once", "sleep", "wake", "wakeAll", "start", "call", "ret", "until"}

type op struct {
	code code
	a, b int
}

func (o op) String() string { return fmt.Sprintf("%s%d,%d", codeNames[o.code], o.a, o.b) }

// small is a program: a list of operations for each goroutine, and the capacities of its channels.
// The goroutines from first on begin when they are started.
type small struct {
	bodies [][]op
	caps   [2]int
	first  int
}

func randomSmall(r *rand.Rand) small {
	p := small{bodies: make([][]op, 2+r.IntN(2)), caps: [2]int{r.IntN(3), r.IntN(2)}}
	p.first = len(p.bodies)
	if len(p.bodies) == 3 && r.IntN(2) == 0 {
		p.first = 2
	}
	// A program uses few kinds of operations, so that they meet.
	kinds := [][]code{{ld, st, inc}, {send, recv, sel, try, offer}, {lock, rlock}, {done, wait}, {once}, {sleep, wake, wakeAll}, {call}, {until}}
	var chosen []code
	for range 2 + r.IntN(2) {
		chosen = append(chosen, kinds[r.IntN(len(kinds))]...)
	}
	closed := [2]bool{}
	for g := range p.bodies {
		var body []op
		for len(body) < 2+r.IntN(3) {
			o := op{chosen[r.IntN(len(chosen))], r.IntN(2), 1 + r.IntN(2)}
			inner := op{[]code{ld, st, inc}[r.IntN(3)], r.IntN(2), 1}
			switch {
			case o.code == lock && r.IntN(4) == 0: // it is never released
				body = append(body, o, inner)
			case o.code == lock:
				body = append(body, o, inner, op{code: unlock})
			case o.code == rlock:
				body = append(body, o, op{code: ld, a: inner.a}, op{code: runlock})
			case o.code == call:
				body = append(body, o, inner, op{code: ret})
			case o.code == send && r.IntN(6) == 0 && !closed[o.a]:
				closed[o.a] = true
				body = append(body, op{code: shut, a: o.a})
			default:
				body = append(body, o)
			}
		}
		p.bodies[g] = body
	}
	if p.first < len(p.bodies) {
		body := p.bodies[0]
		at := r.IntN(len(body) + 1)
		p.bodies[0] = slices.Insert(slices.Clone(body), at, op{code: start, a: 2})
	}
	if any := closed[0] || closed[1]; any { // sends to closed channels panic, which both sides would have to model
		for _, body := range p.bodies {
			for i, o := range body {
				if (o.code == send || o.code == offer) && closed[o.a] {
					body[i] = op{code: recv, a: o.a}
				}
			}
		}
	}
	return p
}

func (p small) dones() (n int) {
	for _, body := range p.bodies {
		for _, o := range body {
			if o.code == done {
				n++
			}
		}
	}
	return n
}

// run is the program under the explorer.
func (p small) run(x *explore.Exec) {
	r := &running{small: p, logs: make([]string, len(p.bodies)), at: make([]int, len(p.bodies))}
	x.Main(func() {
		for i := range r.channels {
			r.channels[i] = make(chan int, p.caps[i])
		}
		r.cond = sync.NewCond(&r.condLock)
		r.group.Add(p.dones())
		for g := range p.first {
			flow.Go(func() { r.body(g) })
		}
	})
	x.Finally(func() {
		x.FinalState("%s", describe(r.logs, r.at, []int{int(r.words[0].Load()), int(r.words[1].Load())}, r.order))
	})
}

// describe describes a final state. order has the recorded calls c and returns r with the numbers
// of their goroutines. Only which return comes before which call matters.
func describe(logs []string, at, words []int, order string) string {
	var before []string
	for i := 0; i+1 < len(order); i += 2 {
		for j := i + 2; j+1 < len(order); j += 2 {
			if order[i] == 'r' && order[j] == 'c' {
				before = append(before, fmt.Sprintf("%c%d<%c%d", order[i+1], strings.Count(order[:i], order[i:i+2]), order[j+1], strings.Count(order[:j], order[j:j+2])))
			}
		}
	}
	slices.Sort(before)
	return fmt.Sprint(logs, at, words, before)
}

// running is an execution of a program.
type running struct {
	small
	words    [2]atomic.Int64
	channels [2]chan int
	lock     sync.RWMutex
	condLock sync.Mutex
	cond     *sync.Cond
	group    sync.WaitGroup
	once     sync.Once
	logs     []string
	at       []int
	order    string
}

func (r *running) body(g int) {
	log := func(v ...any) { r.logs[g] += fmt.Sprint(v...) + " " }
	for i, o := range r.bodies[g] {
		r.at[g] = i
		switch o.code {
		case ld:
			log(r.words[o.a].Load())
		case st:
			r.words[o.a].Store(int64(o.b))
		case inc:
			log(r.words[o.a].Add(1))
		case until:
			for r.words[o.a].Load() == 0 {
				flow.Round(o.a, false)
			}
		case start:
			flow.Go(func() { r.body(o.a) })
		case call, ret:
			r.record(g, o.code)
		case send, recv, sel, try, offer, shut:
			r.channel(o, log)
		default:
			r.synchronise(o, log)
		}
	}
	r.at[g] = len(r.bodies[g])
}

func (r *running) record(g int, c code) {
	h := hooked.Current()
	kind, letter := hooked.OpCall, "c"
	if c == ret {
		kind, letter = hooked.OpReturn, "r"
	}
	h.Step(hooked.Op{Kind: kind, Loc: r, Commutes: c == ret})
	r.order += fmt.Sprint(letter, g)
	h.Did(c == ret, nil)
}

func (r *running) channel(o op, log func(...any)) {
	ch := r.channels[o.a]
	switch o.code {
	case send:
		flow.To(ch).Send(o.b)
	case recv:
		log(flow.Receive2(ch))
	case sel:
		a, b := flow.From(r.channels[0]), flow.From(r.channels[1])
		if i := flow.Select(false, a, b); i == 0 {
			log(0, a.V, a.OK)
		} else {
			log(1, b.V, b.OK)
		}
	case try:
		a := flow.From(ch)
		if flow.Select(true, a) < 0 {
			log("none")
		} else {
			log(a.V, a.OK)
		}
	case offer:
		log(flow.Select(true, flow.To(ch).Of(o.b)) == 0)
	case shut:
		flow.Close(ch)
	}
}

func (r *running) synchronise(o op, log func(...any)) {
	switch o.code {
	case lock:
		r.lock.Lock()
	case unlock:
		r.lock.Unlock()
	case rlock:
		r.lock.RLock()
	case runlock:
		r.lock.RUnlock()
	case done:
		r.group.Done()
	case wait:
		r.group.Wait()
	case once:
		r.once.Do(func() { r.words[0].Add(1) })
	case sleep:
		r.condLock.Lock()
		if r.words[1].Load() == 0 {
			r.cond.Wait()
		}
		r.condLock.Unlock()
	case wake:
		r.cond.Signal()
	case wakeAll:
		r.cond.Broadcast()
	}
}

// The explorer and the interpreter find the same final states.
func TestWholeAgreesWithBruteForce(t *testing.T) {
	const seed = 19
	r := rand.New(rand.NewPCG(seed, 0))
	programs, states, executions, left := 0, 0, 0, 0
	for programs < 1000 {
		p := randomSmall(r)
		m := &machine{small: p, seen: map[string]bool{}, finals: map[string]bool{}}
		if m.explore(m.first()); m.tooLarge() {
			continue
		}
		res, err := explore.Run(explore.Config{MaxExecutions: 2000}, p.run)
		if err != nil {
			t.Fatal(err)
		}
		if res.Failure == nil && !res.Complete {
			left++
			continue
		}
		programs++
		if res.Failure != nil || !res.Complete {
			t.Fatalf("program %d of seed %d, %v with capacities %v: %s\n%v", programs, seed, p.bodies, p.caps, res, res.Failure)
		}
		states += len(m.finals)
		executions += res.Executions
		got, want := slices.Sorted(maps.Keys(res.FinalStates)), slices.Sorted(maps.Keys(m.finals))
		if !slices.Equal(got, want) {
			t.Fatalf("program %d of seed %d, %v with capacities %v, first %d:\nexplorer    %s\ninterpreter %s", programs, seed, p.bodies, p.caps, p.first,
				strings.Join(got, "\n            "), strings.Join(want, "\n            "))
		}
	}
	t.Logf("%d programs, %d final states, %d executions; %d programs were left out because they have too many", programs, states, executions, left)
	if left > programs/20 {
		t.Errorf("%d programs were left out, more than one in 20", left)
	}
}
