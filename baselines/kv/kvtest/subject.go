package kvtest

import (
	"fmt"
	"net/netip"
	"sync"

	"doublebuf/baselines/kv"
)

// universe is the number of keys that checks may use.
const universe = 400

// subject is a constructor of an entry, with the keys and values for its checks. Checks name keys
// by their index, and values by their number.
type subject[K, V comparable] struct {
	kind   string // the name of the constructor
	entry  kv.Entry
	pace   Pace
	make   func(capacity int) kv.Map[K, V]
	key    func(int) K // any number of keys
	keys   []K         // the first of them
	index  map[K]int   // in keys
	hard   func() []K
	value  func(uint64) V
	number func(V) (n uint64, whole bool)
}

// times returns how often to do something that publishes, where most maps do it n times. It is less
// for maps whose publishes take as long as a garbage collection.
func (s *subject[K, V]) times(n int) int {
	if s.entry.Collects {
		return max(1, n/10)
	}
	return n
}

// grown tells how far a map has grown.
func (s *subject[K, V]) grown(g Growth) {
	if g.Type = s.kind; s.pace.Grown != nil {
		s.pace.Grown(g)
	}
}

// of returns s with other keys. Of equal keys it takes one.
func (s *subject[K, V]) of(keys []K) *subject[K, V] {
	t := *s
	t.keys, t.index = nil, make(map[K]int)
	for _, key := range keys {
		if _, twice := t.index[key]; !twice {
			t.index[key] = len(t.keys)
			t.keys = append(t.keys, key)
		}
	}
	return &t
}

// first returns the first n keys.
func (s *subject[K, V]) first(n int) []K {
	keys := make([]K, n)
	for i := range keys {
		keys[i] = s.key(i)
	}
	return keys
}

// name returns the index of a key, and the key.
func (s *subject[K, V]) name(key int) string {
	return fmt.Sprintf("%d (%.60q)", key, fmt.Sprint(s.keys[key]))
}

// Keys by index. Each kind has its zero value at index 0.

func spread(i int) uint64 { return uint64(i) * 0x9E3779B97F4A7C15 } // odd, so no two are equal
func half(i int) float64  { return float64(i) / 2 }

func alternate(i int) int {
	if i%2 == 1 {
		return -i
	}
	return i
}

func text(i int) string {
	if i == 0 {
		return ""
	}
	return fmt.Sprintf("a prefix that all the keys share/%d", i)
}

// prefix returns networks of all lengths in turn.
func prefix(i int) netip.Prefix {
	if i == 0 {
		return netip.Prefix{}
	}
	n := uint32(i)
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n >> 16), byte(n >> 8), byte(n), 0}), 8+i%25)
}

// Values from numbers and back. Numbers are below mostNumber, and number 0 is the zero value. Two
// values differ in every byte, or nearly so. If a value has parts of two values, the number that
// follows from it is almost never below mostNumber: the value is not whole. So is a value of
// several words whose words follow from different numbers. There is one pointer for each number,
// so that pointers can be compared and swapped.

const (
	mostNumber = 1 << 48
	mixes      = 0x9E3779B97F4A7C15
	unmixes    = 0xF1DE83E19937733D // mixes * unmixes is 1, modulo 2^64
)

// number is a bijection. Each of its three steps is one.
func number(n uint64) uint64 {
	v := n * mixes
	v ^= v >> 32
	return v * mixes
}

func fromNumber(v uint64) (n uint64, whole bool) {
	v *= unmixes
	v ^= v >> 32
	n = v * unmixes
	return n, n < mostNumber
}

// words fills v with words that follow from n. No two of them are equal, unless n is 0.
func words(v []uint64, n uint64) {
	for i := range v {
		v[i] = number(n) * uint64(2*i+1) // times an odd number, which is a bijection
	}
}

func wide(n uint64) (v kv.Wide) {
	words(v[:], n)
	return v
}

func fromWide(v kv.Wide) (n uint64, whole bool) {
	n, whole = fromNumber(v[0])
	return n, whole && v == wide(n)
}

func line(n uint64) (v kv.Line) {
	words(v[:], n)
	return v
}

func fromLine(v kv.Line) (n uint64, whole bool) {
	n, whole = fromNumber(v[0])
	return n, whole && v == line(n)
}

var pointers sync.Map // from number to *uint64

func pointer(n uint64) *uint64 {
	p, _ := pointers.LoadOrStore(n, &n)
	return p.(*uint64)
}

func fromPointer(p *uint64) (n uint64, whole bool) {
	if p == nil {
		return 0, true
	}
	return *p, true
}

// open opens a handle of m. The returned function releases the handle. It does nothing if the map
// is its own handle.
func open[K comparable, V any](m kv.Map[K, V]) (h kv.Map[K, V], done func()) {
	h = kv.Open(m)
	if _, ok := m.(kv.Opener[K, V]); !ok {
		return h, func() {}
	}
	return h, func() { kv.Close(h) }
}

// get returns the number of the value of key, and whether there is one. It returns an error if the
// value is not whole.
func (s *subject[K, V]) get(h reader[K, V], key int) (n uint64, ok bool, err error) {
	v, ok := h.Get(s.keys[key])
	if !ok {
		return 0, false, nil
	}
	n, err = s.decode(key, v)
	return n, true, err
}

// reader is what maps and guards have in common.
type reader[K comparable, V any] interface{ Get(K) (V, bool) }

func (s *subject[K, V]) decode(key int, v V) (uint64, error) {
	n, whole := s.number(v)
	if !whole {
		return 0, fmt.Errorf("key %d has a value that was never written as a whole", key)
	}
	return n, nil
}

// walk returns the entries that one loop over All yields: numbers by the index of the key.
func (s *subject[K, V]) walk(r kv.Ranger[K, V]) (map[int]uint64, error) {
	seen := make(map[int]uint64)
	for k, v := range r.All() {
		key, known := s.index[k]
		if !known {
			return nil, fmt.Errorf("a walk over All yields the key %v, which was never written", k)
		}
		if _, twice := seen[key]; twice {
			return nil, fmt.Errorf("a walk over All yields key %d twice", key)
		}
		n, err := s.decode(key, v)
		if err != nil {
			return nil, err
		}
		seen[key] = n
	}
	return seen, nil
}

// agree compares all reads of r with model, whose keys are the first n. r is a handle or a guard.
// If it can do more than Get, agree compares that too.
func (s *subject[K, V]) agree(r reader[K, V], model map[int]uint64, n int) error {
	for key := range n {
		if err := s.agreeOn(r, model, key); err != nil {
			return err
		}
	}
	if batch, ok := r.(kv.BatchReader[K, V]); ok && s.entry.Caps&(kv.BatchReads|kv.Snapshot) != 0 {
		if err := s.agreeMany(batch, model, n); err != nil {
			return err
		}
	}
	if ranger, ok := r.(kv.Ranger[K, V]); ok {
		if got := ranger.Len(); got != len(model) {
			return fmt.Errorf("the Len is %d; want %d", got, len(model))
		}
		seen, err := s.walk(ranger)
		if err != nil {
			return err
		}
		for key, want := range model {
			if got, ok := seen[key]; !ok || got != want {
				return fmt.Errorf("a walk over All yields %s for key %s; want %d", found(got, ok), s.name(key), want)
			}
		}
		if len(seen) != len(model) {
			return fmt.Errorf("a walk over All yields %d entries; want %d", len(seen), len(model))
		}
	}
	return nil
}

// agreeMany compares what one call of GetMany returns for the first n keys with model. Before the
// call the slices hold what no key has.
func (s *subject[K, V]) agreeMany(r kv.BatchReader[K, V], model map[int]uint64, n int) error {
	values, got := make([]V, n), make([]bool, n)
	for i := range n {
		values[i], got[i] = s.value(mostNumber-1), i%2 == 0
	}
	r.GetMany(s.keys[:n], values, got)
	for key := range n {
		want, there := model[key]
		v, err := s.decode(key, values[key])
		switch {
		case err != nil:
			return fmt.Errorf("a GetMany: %w", err)
		case got[key] != there || v != want:
			return fmt.Errorf("a GetMany of %d keys finds %s for key %d; want %s", n, found(v, got[key]), key, found(want, there))
		case !there && values[key] != *new(V):
			return fmt.Errorf("a GetMany of %d keys leaves a value for key %d, which has none; want the zero value", n, key)
		}
	}
	return nil
}

// agreeOn compares what r returns for one key with model.
func (s *subject[K, V]) agreeOn(r reader[K, V], model map[int]uint64, key int) error {
	got, ok, err := s.get(r, key)
	if err != nil {
		return err
	}
	if want, there := model[key]; ok != there || got != want {
		return fmt.Errorf("a Get of key %s finds %s; want %s", s.name(key), found(got, ok), found(want, there))
	}
	return nil
}

// found returns what was found as text.
func found(n uint64, ok bool) string {
	switch {
	case !ok:
		return "nothing"
	case n >= mostNumber:
		return "a value that was never written as a whole"
	}
	return fmt.Sprint(n)
}
