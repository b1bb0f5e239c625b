package strategy

import (
	"math/rand/v2"
	"testing"
)

// guest is a reader of which only the registry knows anything.
type guest struct {
	registration
	busy bool
}

func (g *guest) idle() bool { return !g.busy }

// TestRegistry registers, unregisters and abandons readers in random order. The registry refers to
// the readers that it must keep and to no others. It knows how many of them are leaving, because a
// publish looks at all readers while there are any.
func TestRegistry(t *testing.T) {
	const seed = 1
	random := rand.New(rand.NewPCG(seed, 0))
	var l registry[*guest]
	var all []*guest
	kept := map[*guest]bool{}
	for step := range 10_000 {
		if random.IntN(3) == 0 || len(all) == 0 {
			g := new(guest)
			l.add(g, "")
			all, kept[g] = append(all, g), true
		}
		switch g := all[random.IntN(len(all))]; random.IntN(4) {
		case 0:
			g.busy = !g.busy
		case 1:
			l.leave(g)
			kept[g] = kept[g] && g.busy
		case 2:
			l.remove(g)
			kept[g] = false
		case 3:
			l.reap()
			for g := range kept {
				kept[g] = kept[g] && (!g.gone || g.busy)
			}
		}
		listed, leaving := map[*guest]bool{}, 0
		for i, g := range l.readers {
			if listed[g] = true; int(g.index) != i || !kept[g] {
				t.Fatalf("seed %d, step %d: reader %s is in place %d, its index is %d; it must be kept: %t", seed, step, g.name, i, g.index, kept[g])
			}
			if g.gone {
				leaving++
			}
		}
		for g, k := range kept {
			if k && !listed[g] {
				t.Fatalf("seed %d, step %d: reader %s is not in the list", seed, step, g.name)
			}
		}
		if l.leaving != leaving {
			t.Fatalf("seed %d, step %d: the registry counts %d readers that are leaving; the list has %d", seed, step, l.leaving, leaving)
		}
		for _, g := range l.readers[len(l.readers):cap(l.readers)] {
			if g != nil {
				t.Fatalf("seed %d, step %d: reader %s has left, and the memory of the list still refers to it", seed, step, g.name)
			}
		}
	}
}
