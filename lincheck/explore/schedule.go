package explore

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// move is the kind of a transition. The goroutine takes its step, or its step ends by a timeout, or
// the oldest store of its buffer reaches memory.
type move uint8

const (
	step move = iota
	timeout
	flush
	numMoves = iota
)

// transition is a move of a goroutine: goroutine*numMoves + move.
type transition uint8

func of(g int, m move) transition      { return transition(g*numMoves + int(m)) }
func (t transition) goroutine() int    { return int(t) / numMoves }
func (t transition) move() move        { return move(t % numMoves) }
func (t transition) set() set          { return 1 << t }
func (s set) has(t transition) bool    { return s&t.set() != 0 }
func (s set) lowest() transition       { return transition(bits.TrailingZeros64(uint64(s))) }
func (s set) without(t transition) set { return s &^ t.set() }
func (s set) each(f func(t transition)) {
	for ; s != 0; s = s.without(s.lowest()) {
		f(s.lowest())
	}
}

// set is a set of transitions.
type set uint64

// mode holds the settings that determine an execution together with its schedule.
type mode struct {
	tso      bool
	oneWait  bool
	timeouts int // the largest number of timeouts of a goroutine
}

// formatSchedule writes a schedule as one word, such as sc:A3Bf1A12. The mode comes first. Then
// each run of equal moves has a letter for the goroutine in the order of the calls of Go, a t for
// timeouts or an f for flushes, and the length of the run.
func formatSchedule(m mode, path []transition) string {
	var b strings.Builder
	b.WriteString(map[bool]string{false: "sc", true: "tso"}[m.tso])
	if m.oneWait {
		b.WriteString("+wait")
	}
	if m.timeouts > 0 {
		fmt.Fprintf(&b, "+t%d", m.timeouts)
	}
	b.WriteByte(':')
	for i := 0; i < len(path); {
		n := 1
		for i+n < len(path) && path[i+n] == path[i] {
			n++
		}
		b.WriteByte(byte('A' + path[i].goroutine()))
		b.WriteString([...]string{step: "", timeout: "t", flush: "f"}[path[i].move()])
		b.WriteString(strconv.Itoa(n))
		i += n
	}
	return b.String()
}

func parseSchedule(s string) (m mode, path []transition, err error) {
	bad := func(what string) (mode, []transition, error) {
		return mode{}, nil, fmt.Errorf("schedule %q: %s; want a schedule as a failure prints it, such as sc:A3B1A12", s, what)
	}
	head, rest, ok := strings.Cut(s, ":")
	if !ok {
		return bad("no mode before a colon")
	}
	for i, word := range strings.Split(head, "+") {
		switch {
		case i == 0 && word == "sc":
		case i == 0 && word == "tso":
			m.tso = true
		case i > 0 && word == "wait":
			m.oneWait = true
		case i > 0 && strings.HasPrefix(word, "t"):
			if m.timeouts, err = strconv.Atoi(word[1:]); err != nil || m.timeouts < 0 {
				return bad(fmt.Sprintf("%q where a number of timeouts should be", word[1:]))
			}
		default:
			return bad(fmt.Sprintf("unknown mode %q", word))
		}
	}
	for rest != "" {
		g := int(rest[0]) - 'A'
		if g < 0 || g >= MaxGoroutines {
			return bad(fmt.Sprintf("%q where a goroutine's letter should be", rest[0]))
		}
		rest = rest[1:]
		mv := step
		switch {
		case strings.HasPrefix(rest, "t"):
			mv, rest = timeout, rest[1:]
		case strings.HasPrefix(rest, "f"):
			mv, rest = flush, rest[1:]
		}
		digits := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if digits < 0 {
			digits = len(rest)
		}
		n, err := strconv.Atoi(rest[:digits])
		if err != nil || n < 1 || n > 1<<20 {
			return bad(fmt.Sprintf("%q where a number of moves should be", rest[:digits]))
		}
		for range n {
			path = append(path, of(g, mv))
		}
		rest = rest[digits:]
	}
	return m, path, nil
}

// MaxGoroutines is the largest number of goroutines of a program.
const MaxGoroutines = 64 / numMoves
