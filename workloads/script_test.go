package workloads

import (
	"slices"
	"strings"
	"testing"
)

// played does that many rounds of a script's steps, with all workers in lockstep. It returns how
// many steps of each kind found their key.
func played(s Script[string], n, workers, rounds int) (steps, found [Scan + 1]int, size []int) {
	held, here := make([]bool, n), 0
	for i := range held {
		if held[i] = s.Holds(i); held[i] {
			here++
		}
	}
	streams := make([]*Stream[string], workers)
	for w := range streams {
		streams[w] = s.Stream(w, workers)
	}
	for range rounds {
		for i := range s.Kinds {
			step := streams[i%workers].Next(1)
			key, kind := step.Index[0], step.Kinds[0]
			steps[kind]++
			if held[key] {
				found[kind]++
			}
			switch {
			case kind == Set && !held[key]:
				held[key] = true
				here++
			case kind == Delete && held[key]:
				held[key] = false
				here--
			}
		}
		size = append(size, here)
	}
	return steps, found, size
}

// In YCSB's workloads, sets insert and deletes remove in every round. Under the distribution
// latest, nearly all reads find their key.
func TestWindow(t *testing.T) {
	latest, _ := ParseDist("latest")
	for _, name := range []string{"ycsb-d", "ycsb-e"} {
		m, _ := FindMix(name)
		for _, n := range []int{2, 300, 20_000} {
			set := StringKeys(n, 1)
			tape, err := set.Tape(latest, 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, workers := range []int{1, 4} { // the number of steps is a multiple of it
				s := set.Script(m, tape, 1)
				s.Kinds = s.Kinds[:len(s.Kinds)/workers*workers]
				steps, found, size := played(s, n, workers, 3)
				total := 3 * len(s.Kinds)
				if steps[Set]*latestStep != total || steps[Delete] != steps[Set] || total < 3*minTape/2 {
					t.Errorf("%s, %d keys: %d sets and %d deletes in %d steps; want one in %d each", name, n, steps[Set], steps[Delete], total, latestStep)
				}
				if n == 2 { // the gap is half of the keys, so a set and a delete may have the same key
					continue
				}
				if found[Set] > 0 || found[Delete] < steps[Delete] {
					t.Errorf("%s, %d keys, %d workers: %d of %d sets overwrite and %d of %d deletes remove", name, n, workers, found[Set], steps[Set], found[Delete], steps[Delete])
				}
				if slices.Min(size) != slices.Max(size) {
					t.Errorf("%s, %d keys: %v are there after each round", name, n, size)
				}
				if hits := float64(found[Get]) / float64(max(1, steps[Get])); m.Gets > 0 && hits < 0.95 {
					t.Errorf("%s, %d keys: %.3f of the reads hit", name, n, hits)
				}
			}
		}
	}
}

// All workers together replay a trace in its order. The map holds at the start the keys that the
// trace finds before it sets them.
func TestReplay(t *testing.T) {
	trace, err := read(t, "plain", "get a\nset b\nget b\ndelete c\nset c\nget b\ndelete b\n", false)
	if err != nil {
		t.Fatal(err)
	}
	in := TraceInput{Name: "some/Dir/my trace.txt.gz"}
	if in.Dist() != "trace-my_trace" {
		t.Errorf("the order of the trace is named %s", in.Dist())
	}
	dist, err := ParseDist(in.Dist())
	if err != nil {
		t.Fatal(err)
	}
	m, _ := FindMix("replay")
	set := trace.Keys(1)
	tape, err := set.Tape(dist, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := set.Script(m, tape, 1)
	for i, key := range set.Keys {
		if s.Holds(i) != strings.Contains("ac", key) {
			t.Errorf("the map begins with %s: %v", key, s.Holds(i))
		}
	}
	for workers, want := range map[int]string{
		1: "Ga Sb Gb Dc Sc Gb Db Ga Sb ",
		3: "Ga Dc Db Ga Dc Db Ga Dc Db |Sb Sc Sb Sc Sb Sc Sb Sc Sb |Gb Gb Gb Gb Gb Gb Gb Gb Gb ",
		8: "Ga Ga Ga Ga Ga Ga Ga Ga Ga |Sb Sb Sb Sb Sb Sb Sb Sb Sb |Gb Gb Gb Gb Gb Gb Gb Gb Gb |Dc Dc Dc Dc Dc Dc Dc Dc Dc |" +
			"Sc Sc Sc Sc Sc Sc Sc Sc Sc |Gb Gb Gb Gb Gb Gb Gb Gb Gb |Db Db Db Db Db Db Db Db Db |Ga Ga Ga Ga Ga Ga Ga Ga Ga ",
	} {
		var got []string
		for w := range workers {
			stream, line := s.Stream(w, workers), ""
			for range 9 {
				step := stream.Next(1)
				key := step.Keys[0]
				if step.Lookups[0] != key || set.Keys[step.Index[0]] != key {
					t.Fatalf("step %+v is on several keys", step)
				}
				line += string("GSD"[step.Kinds[0]]) + key + " "
			}
			got = append(got, line)
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%d workers: %q; want %q", workers, strings.Join(got, "|"), want)
		}
	}
	if _, err := StringKeys(3, 1).Tape(dist, 1); err == nil {
		t.Error("no error for the order of a trace that the keys do not have")
	}
}

func TestPrefixKeys(t *testing.T) {
	trace, err := read(t, "bgpdump", "TABLE_DUMP2|1|B|192.0.2.1|64500|198.51.100.0/24|64500 64501|IGP\nBGP4MP|2|W|192.0.2.1|64500|198.51.100.0/24\nBGP4MP|2|A|192.0.2.1|64500|2001:DB8::/32|64500|IGP\n", false)
	if err != nil || !slices.Equal(trace.Kinds, []Kind{Set, Delete, Set}) || trace.KeyType() != "prefix" {
		t.Fatalf("%+v, %v", trace, err)
	}
	set := trace.PrefixKeys(1)
	tape, err := set.Tape(Dist{Trace: true}, 1)
	if err != nil || tape.Keys[0].String() != "198.51.100.0/24" || tape.Keys[1] != tape.Keys[0] || tape.Keys[2].String() != "2001:db8::/32" {
		t.Errorf("%v, %v", tape, err)
	}
	if bad, err := read(t, "bgpdump", "BGP4MP|2|STATE|192.0.2.1|64500|3|4\nBGP4MP|2\nBGP4MP|2|A|1|2|192.0.2.0/33\nBGP4MP|2|A|1|2|192.0.2.0/3\n", true); err != nil || bad.Skipped != 2 || len(bad.Index) != 1 {
		t.Errorf("%+v, %v; want 2 lines skipped", bad, err)
	}
}
