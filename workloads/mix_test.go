package workloads

import (
	"math"
	"regexp"
	"testing"
)

func TestMixes(t *testing.T) {
	index := make([]uint32, 10)
	for _, m := range Mixes() {
		if found, ok := FindMix(m.Name); !ok || found != m {
			t.Errorf("FindMix(%q) = %v, %v", m.Name, found, ok)
		}
		if !regexp.MustCompile(`^[A-Za-z0-9._+-]+$`).MatchString(m.Name) {
			t.Errorf("name %q does not fit a benchmark's", m.Name)
		}
		if m.FirstSeen || m.Replay {
			continue
		}
		if sum := m.Gets + m.Sets + m.Deletes + m.Modifies + m.Scans; sum != 1000 {
			t.Errorf("%s: %d per mille in all", m.Name, sum)
		}
		if m.Window { // it has a separate test
			continue
		}
		// A map keeps its size if its fill is the one to which sets and deletes lead.
		if grows := m.Fill == 0; m.Deletes > 0 && !grows && m.Fill != (1000*m.Sets+m.Sets+m.Deletes-1)/(m.Sets+m.Deletes) {
			t.Errorf("%s: %d sets and %d deletes lead away from the fill %d", m.Name, m.Sets, m.Deletes, m.Fill)
		}
		var count [8]float64
		kinds := m.Kinds(index, 1)
		for _, k := range kinds {
			count[k]++
		}
		if count[Get]*count[GetMany] != 0 || count[GetMany] > 0 && m.KeysPerRead == 0 {
			t.Errorf("%s: %v gets of one key and %v of %d", m.Name, count[Get], count[GetMany], m.KeysPerRead)
		}
		count[Get] += count[GetMany]
		for k, perMille := range []int{m.Gets, m.Sets, m.Deletes, m.Modifies, m.Scans} {
			if diff := count[k] - float64(len(kinds)*perMille)/1000; math.Abs(diff) > 3 {
				t.Errorf("%s: %v of %d steps are of kind %d, want %d per mille", m.Name, count[k], len(kinds), k, perMille)
			}
		}
		if int(count[Clear]) != m.Clears || int(count[Retain]) != m.Retains {
			t.Errorf("%s: %v clears and %v retains, want %d and %d", m.Name, count[Clear], count[Retain], m.Clears, m.Retains)
		}
	}
	if _, ok := FindMix("none"); ok {
		t.Error("FindMix found a mix that is not there")
	}
}

func TestHolds(t *testing.T) {
	for _, fill := range []int{0, 1, 333, 500, 999, 1000} {
		const n = 10000
		count, m := 0, Mix{Fill: fill}
		for i := range n {
			if m.Holds(i) {
				count++
			}
		}
		if want := n * fill / 1000; count != want {
			t.Errorf("fill %d: %d of %d keys, want %d", fill, count, n, want)
		}
		if fill > 0 && !m.Holds(0) {
			t.Errorf("fill %d leaves out the hottest key", fill)
		}
	}
	m := Mix{Fill: 500}
	for i := range 10 {
		if m.Holds(i) != (i%2 == 0) {
			t.Errorf("fill 500 holds %d: %v", i, m.Holds(i))
		}
	}
}

// The size of a map stays at the mix's fill. Sets still insert and deletes still find their key
// after many rounds of tape and kinds.
func TestEquilibrium(t *testing.T) {
	const n = 2000
	set := Uint64Keys(n, 5)
	for _, test := range []struct{ mix, dist string }{{"write-only", "uniform"}, {"r50w50", "zipf0.99"}, {"r99w1", "uniform"}} {
		mix, _ := FindMix(test.mix)
		dist, _ := ParseDist(test.dist)
		tape, err := set.Tape(dist, 5)
		if err != nil {
			t.Fatal(err)
		}
		held, size := make([]bool, n), 0
		for i := range held {
			if held[i] = mix.Holds(i); held[i] {
				size++
			}
		}
		stream, inserts, deletes, sets := NewStream(tape, mix.Kinds(tape.Index, 5), 0, 1), 0, 0, 0
		const rounds = 20
		for done := 0; done < rounds*len(tape.Index); {
			steps := stream.Next(1 << 16)
			done += len(steps.Kinds)
			for i, kind := range steps.Kinds {
				key := steps.Index[i]
				if kind == Get {
					continue
				}
				if kind == Set {
					sets++
				}
				if kind == Set && !held[key] {
					inserts++
					size++
				} else if kind == Delete && held[key] {
					deletes++
					size--
				}
				held[key] = kind == Set
			}
			// Five standard deviations of the number of heads in n coin flips.
			if math.Abs(float64(size)-n/2) > 5*math.Sqrt(n)/2 {
				t.Fatalf("%v: the map holds %d of %d keys after %d steps", test, size, n, done)
			}
		}
		if share := float64(inserts) / float64(sets); share < 0.45 || share > 0.55 {
			t.Errorf("%v: %.2f of the sets insert, want half", test, share)
		}
		if diff := inserts - deletes; diff < -n || diff > n {
			t.Errorf("%v: %d inserts, %d deletes that find their key", test, inserts, deletes)
		}
	}
}

func TestFirstSeen(t *testing.T) {
	m, _ := FindMix("first-seen")
	got := m.Kinds([]uint32{4, 4, 0, 2, 0, 4, 2, 1}, 9)
	want := []Kind{Set, Get, Set, Set, Get, Get, Get, Set}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

// Bursts of writes are as long as the mix says, except the last burst and bursts that adjoin by
// chance.
func TestBursts(t *testing.T) {
	for _, name := range []string{"r95w5-bursts", "r95w5"} {
		m, _ := FindMix(name)
		runs, length := map[int]int{}, 0
		for _, k := range append(m.Kinds(nil, 1), Get) {
			if k.Writes() {
				length++
			} else if length > 0 {
				runs[length]++
				length = 0
			}
		}
		want, odd := max(m.Burst, 1), 0
		for length, n := range runs {
			if length%want != 0 {
				odd += n
			}
		}
		if runs[want] < 80*(runs[want]+runs[2*want])/100 || odd > 1 {
			t.Errorf("%s: runs of writes, by their length: %v; want runs of %d", name, runs, want)
		}
	}
}

func TestMissing(t *testing.T) {
	set := Uint64Keys(1000, 1)
	dist, _ := ParseDist("zipf0.99")
	tape, err := set.Tape(dist, 1)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := FindMix("read-misses")
	for i, k := range set.Missing(m, tape).Index {
		if m.Holds(int(k)) || k != tape.Index[i] && k != tape.Index[i]+1 {
			t.Fatalf("step %d is on key %d for %d, which the map holds: %v", i, k, tape.Index[i], m.Holds(int(k)))
		}
	}
	if m.Fill = 1000; set.Missing(m, tape) != tape {
		t.Error("a map that holds everything misses something")
	}
	// After the last key comes the first.
	m.Fill = 500
	odd := Uint64Keys(3, 1)
	if got := odd.Missing(m, odd.tape([]uint32{2, 0})).Index; got[0] != 1 || got[1] != 1 {
		t.Errorf("missing keys %v; want 1 and 1", got)
	}
}

// TestNamedMixes compares mixes with the benchmarks that they are named after: YCSB's core
// workloads (Cooper et al., SoCC 2010, and the files of its repository), and libcuckoo's universal
// benchmark, whose mixes bustle uses. Both updates and inserts are sets here.
func TestNamedMixes(t *testing.T) {
	for name, want := range map[string]Mix{ // per mille
		"ycsb-a":     {Gets: 500, Sets: 500, Fill: 1000},
		"ycsb-b":     {Gets: 950, Sets: 50, Fill: 1000},
		"ycsb-c":     {Gets: 1000, Fill: 1000},
		"ycsb-d":     {Gets: 950 - 50, Sets: 50, Deletes: 50, Window: true}, // with a delete for each insert
		"ycsb-e":     {Scans: 950 - 50, Sets: 50, Deletes: 50, Window: true},
		"ycsb-f":     {Gets: 500, Modifies: 500, Fill: 1000},
		"read-heavy": {Gets: 980, Sets: 10, Deletes: 10, Fill: 500},
		"exchange":   {Gets: 100, Sets: 400 + 100, Deletes: 400, Fill: 556},
		"rapid-grow": {Gets: 50, Sets: 800 + 100, Deletes: 50},
	} {
		got, ok := FindMix(name)
		got.Name, got.Doc = "", ""
		if !ok || got != want {
			t.Errorf("%s is %+v; want %+v", name, got, want)
		}
	}
}
