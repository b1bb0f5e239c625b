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

func of(g int, m move) transition   { return transition(g*numMoves + int(m)) }
func (t transition) goroutine() int { return int(t) / numMoves }
func (t transition) move() move     { return move(t % numMoves) }

// set is a set of transitions.
type set [4]uint64

func (s set) has(t transition) bool { return s[t/64]>>(t%64)&1 != 0 }
func (s *set) add(t transition)     { s[t/64] |= 1 << (t % 64) }
func (s *set) remove(t transition)  { s[t/64] &^= 1 << (t % 64) }
func (s set) empty() bool           { return s[0]|s[1]|s[2]|s[3] == 0 }
func (s set) and(u set) set         { return set{s[0] & u[0], s[1] & u[1], s[2] & u[2], s[3] & u[3]} }

func (s set) or(u set) set { return set{s[0] | u[0], s[1] | u[1], s[2] | u[2], s[3] | u[3]} }

func (s set) minus(u set) set { return set{s[0] &^ u[0], s[1] &^ u[1], s[2] &^ u[2], s[3] &^ u[3]} }

// lowest returns the first transition of a non-empty set.
func (s set) lowest() transition {
	i := 0
	for s[i] == 0 {
		i++
	}
	return transition(64*i + bits.TrailingZeros64(s[i]))
}

func (s set) each(f func(t transition)) {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			f(transition(64*i + bits.TrailingZeros64(word)))
		}
	}
}

// mode holds the settings that determine an execution together with its schedule.
type mode struct {
	tso      bool
	oneWait  bool
	plain    bool // plain accesses are steps
	timeouts int  // the largest number of timeouts of a goroutine
}

// formatSchedule writes a schedule as one word, such as sc:A3Bf1A12. The mode comes first. Then
// each run of equal moves has the letters of the goroutine, in the order of their starts, a t for
// timeouts or an f for flushes, and the length of the run.
func formatSchedule(m mode, path []transition) string {
	var b strings.Builder
	b.WriteString(map[bool]string{false: "sc", true: "tso"}[m.tso])
	if m.oneWait {
		b.WriteString("+wait")
	}
	if m.plain {
		b.WriteString("+plain")
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
		b.WriteString(letters(path[i].goroutine()))
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
		case i > 0 && word == "plain":
			m.plain = true
		case i > 0 && strings.HasPrefix(word, "t"):
			if m.timeouts, err = strconv.Atoi(word[1:]); err != nil || m.timeouts < 0 {
				return bad(fmt.Sprintf("%q where a number of timeouts should be", word[1:]))
			}
		default:
			return bad(fmt.Sprintf("unknown mode %q", word))
		}
	}
	for rest != "" {
		g := -1
		for rest != "" && rest[0] >= 'A' && rest[0] <= 'Z' && g < MaxGoroutines {
			g, rest = 26*(g+1)+int(rest[0]-'A'), rest[1:]
		}
		if g < 0 || g >= MaxGoroutines {
			return bad(fmt.Sprintf("%.1q where the letters of a goroutine should be", rest))
		}
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
const MaxGoroutines = 80

// letters returns the name of a goroutine in schedules: A to Z, then AA, AB and so on.
func letters(g int) string {
	if g < 26 {
		return string(rune('A' + g))
	}
	return letters(g/26-1) + letters(g%26)
}
