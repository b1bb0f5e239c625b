package explore

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"doublebuf/impl/atomicx/hooked"
)

// The classic litmus tests (Owens, Sarkar and Sewell, A better x86 memory model, 2009), with the
// final states that sequential consistency and x86-TSO are known to allow. Each program gives the
// steps of each goroutine on the plain words x and y. Registers are printed in the order of the
// goroutines.

type litmus struct {
	x, y hooked.Plain[int]
	ax   hooked.Int64 // atomic x and y
	ay   hooked.Int64
	r    [4]int
}

func outcomes(t *testing.T, tso bool, show func(l *litmus) []int, goroutines ...func(l *litmus)) string {
	t.Helper()
	res, err := Run(Config{Search: Exhaustive(), TSO: tso}, func(x *Exec) {
		l := &litmus{}
		for _, g := range goroutines {
			x.Go("P", func() { g(l) })
		}
		x.Finally(func() { x.FinalState("%s", strings.Trim(strings.ReplaceAll(sprint(show(l)), " ", ""), "[]")) })
	})
	if err != nil || res.Failure != nil || !res.Complete {
		t.Fatalf("%v, %v, %v", res, res.Failure, err)
	}
	return keys(res.FinalStates)
}

// litmusTest is a litmus test with its final states under sequential consistency and under x86-TSO.
type litmusTest struct {
	name       string
	show       func(l *litmus) []int
	goroutines []func(l *litmus)
	sc, tso    string
}

func litmusTests() []litmusTest {
	two := func(l *litmus) []int { return l.r[:2] }
	four := func(l *litmus) []int { return l.r[:] }
	writeX := func(l *litmus) { l.x.Store(1) }
	writeY := func(l *litmus) { l.y.Store(1) }
	sbX := func(l *litmus) { l.x.Store(1); l.r[0] = l.y.Load() }
	sbY := func(l *litmus) { l.y.Store(1); l.r[1] = l.x.Load() }
	mpWrite := func(l *litmus) { l.x.Store(1); l.y.Store(1) }
	mpRead := func(l *litmus) { l.r[0] = l.y.Load(); l.r[1] = l.x.Load() }
	return []litmusTest{
		{"SB", two, []func(l *litmus){sbX, sbY}, "01 10 11", "00 01 10 11"},
		{"SB, one side with membarrier", two, []func(l *litmus){
			sbX,
			func(l *litmus) { l.y.Store(1); hooked.Membarrier(); l.r[1] = l.x.Load() },
		}, "01 10 11", "01 10 11"},
		{"SB, membarrier after the load", two, []func(l *litmus){
			sbX,
			func(l *litmus) { l.y.Store(1); l.r[1] = l.x.Load(); hooked.Membarrier() },
		}, "01 10 11", "00 01 10 11"},
		{"SB, one side locked", two, []func(l *litmus){
			sbX,
			func(l *litmus) { l.ay.Store(1); l.y.Store(1); l.ay.Add(1); l.r[1] = l.x.Load() },
		}, "01 10 11", "00 01 10 11"},
		{"SB, both sides locked", two, []func(l *litmus){
			func(l *litmus) { l.x.Store(1); l.ax.Add(1); l.r[0] = l.y.Load() },
			func(l *litmus) { l.y.Store(1); l.ay.Add(1); l.r[1] = l.x.Load() },
		}, "01 10 11", "01 10 11"},
		{"SB, atomics", two, []func(l *litmus){
			func(l *litmus) { l.ax.Store(1); l.r[0] = int(l.ay.Load()) },
			func(l *litmus) { l.ay.Store(1); l.r[1] = int(l.ax.Load()) },
		}, "01 10 11", "01 10 11"},
		{"MP", two, []func(l *litmus){mpWrite, mpRead}, "00 01 11", "00 01 11"},
		{"LB", two, []func(l *litmus){
			func(l *litmus) { l.r[0] = l.x.Load(); l.y.Store(1) },
			func(l *litmus) { l.r[1] = l.y.Load(); l.x.Store(1) },
		}, "00 01 10", "00 01 10"},
		{"own stores are read early (n6)", func(l *litmus) []int { return []int{l.r[0], l.r[1], l.x.Load()} }, []func(l *litmus){
			func(l *litmus) { l.x.Store(1); l.r[0] = l.x.Load(); l.r[1] = l.y.Load() },
			func(l *litmus) { l.y.Store(2); l.x.Store(2) },
		}, "102 121 122 222", "101 102 121 122 222"},
		{"IRIW", four, []func(l *litmus){
			writeX, writeY,
			func(l *litmus) { l.r[0] = l.x.Load(); l.r[1] = l.y.Load() },
			func(l *litmus) { l.r[2] = l.y.Load(); l.r[3] = l.x.Load() },
		}, iriw, iriw},
		{"R", func(l *litmus) []int { return []int{l.r[0], l.y.Load()} }, []func(l *litmus){
			func(l *litmus) { l.x.Store(1); l.y.Store(1) },
			func(l *litmus) { l.y.Store(2); l.r[0] = l.x.Load() },
		}, "01 11 12", "01 02 11 12"},
		{"2+2W", func(l *litmus) []int { return []int{l.x.Load(), l.y.Load()} }, []func(l *litmus){
			func(l *litmus) { l.x.Store(1); l.y.Store(2) },
			func(l *litmus) { l.y.Store(1); l.x.Store(2) },
		}, "12 21 22", "12 21 22"},
	}
}

func TestLitmus(t *testing.T) {
	for _, c := range litmusTests() {
		t.Run(c.name, func(t *testing.T) {
			if got := outcomes(t, false, c.show, c.goroutines...); got != c.sc {
				t.Errorf("SC: final states %s, known %s", got, c.sc)
			}
			if got := outcomes(t, true, c.show, c.goroutines...); got != c.tso {
				t.Errorf("TSO: final states %s, known %s", got, c.tso)
			}
		})
	}
}

// iriw holds all final states except 1010, in which the readers see the two stores in different
// orders.
const iriw = "0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1011 1100 1101 1110 1111"

func keys(m map[string]int) string { return strings.Join(slices.Sorted(maps.Keys(m)), " ") }
