package kvtest

import (
	"fmt"
	"iter"
	"maps"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// The broken maps. The comment of each says what it gets wrong. If the fault is a gap between two
// steps, Gosched stands in the gap, so that other goroutines run in it on few processors too.

// losesWrite drops every ninth Set.
type losesWrite struct {
	*good64
	sets atomic.Int32
}

func (m *losesWrite) Set(key, value uint64) {
	if m.sets.Add(1)%9 != 0 {
		m.good64.Set(key, value)
	}
}

// keepsDeleted deletes nothing.
type keepsDeleted struct{ *good64 }

func (keepsDeleted) Delete(uint64) {}

// losesAtGrowth loses another entry when it gets its 256th entry.
type losesAtGrowth struct{ *good64 }

func (m losesAtGrowth) Set(key, value uint64) {
	m.good64.Set(key, value)
	if m.Len() == 256 {
		for k := range m.All() {
			if k != key {
				m.Delete(k)
				return
			}
		}
	}
}

// countsSets returns the number of Sets as the number of entries.
type countsSets struct {
	*good64
	sets atomic.Int32
}

func (m *countsSets) Set(key, value uint64) { m.sets.Add(1); m.good64.Set(key, value) }
func (m *countsSets) Len() int              { return int(m.sets.Load()) }

// panics panics when two goroutines read at once.
type panics struct {
	*good64
	readers atomic.Int32
}

func (m *panics) Get(key uint64) (uint64, bool) {
	if m.readers.Add(1) > 1 {
		panic("planted")
	}
	defer m.readers.Add(-1)
	runtime.Gosched()
	return m.good64.Get(key)
}

// unlockedCopies is copy-on-write whose writers take no lock.
type unlockedCopies struct {
	*good64
	current atomic.Pointer[map[uint64]uint64]
}

func newUnlockedCopies() *unlockedCopies {
	c := new(unlockedCopies)
	c.current.Store(&map[uint64]uint64{})
	return c
}

func (c *unlockedCopies) Get(key uint64) (uint64, bool) {
	v, ok := (*c.current.Load())[key]
	return v, ok
}

func (c *unlockedCopies) Set(key, value uint64) {
	m := maps.Clone(*c.current.Load())
	m[key] = value
	runtime.Gosched()
	c.current.Store(&m)
}

func (c *unlockedCopies) Delete(key uint64) {
	m := maps.Clone(*c.current.Load())
	delete(m, key)
	c.current.Store(&m)
}

// mixesUpKeys returns the value that is being written, whatever its key.
type mixesUpKeys struct {
	*good64
	writing atomic.Uint64
}

func (m *mixesUpKeys) Set(key, value uint64) {
	m.writing.Store(value)
	runtime.Gosched()
	m.good64.Set(key, value)
	m.writing.Store(0)
}

func (m *mixesUpKeys) Get(key uint64) (uint64, bool) {
	v, ok := m.good64.Get(key)
	if w := m.writing.Load(); ok && w != 0 {
		v = w
	}
	return v, ok
}

// tears writes the halves of a value one after the other.
type tears struct{ *goodWide }

func (m tears) Set(key uint64, value kv.Wide) {
	half, _ := m.Get(key)
	copy(half[:len(half)/2], value[:])
	m.goodWide.Set(key, half)
	runtime.Gosched()
	m.goodWide.Set(key, value)
}

// disturbedWalk misses an entry, or sees one twice, when there is a write during its walk.
type disturbedWalk struct {
	*good64
	repeats bool
	writes  atomic.Int32
}

func (m *disturbedWalk) Set(key, value uint64) {
	m.writes.Add(1)
	m.good64.Set(key, value)
}

func (m *disturbedWalk) All() iter.Seq2[uint64, uint64] {
	return func(yield func(uint64, uint64) bool) {
		writes := m.writes.Load()
		for k, v := range m.good64.All() {
			runtime.Gosched()
			times := 1
			if now := m.writes.Load(); now != writes {
				writes, times = now, 0
				if m.repeats {
					times = 2
				}
			}
			for range times {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

// cannotBreak continues after the loop has ended.
type cannotBreak struct{ *good64 }

func (m cannotBreak) All() iter.Seq2[uint64, uint64] {
	return func(yield func(uint64, uint64) bool) {
		for k, v := range m.good64.All() {
			yield(k, v)
		}
	}
}

// mixedSnapshot reads the keys at one instant and the values at others.
type mixedSnapshot struct{ *good64 }

func (m mixedSnapshot) All() iter.Seq2[uint64, uint64] {
	return func(yield func(uint64, uint64) bool) {
		for k := range m.good64.All() {
			runtime.Gosched()
			if v, ok := m.Get(k); ok && !yield(k, v) {
				return
			}
		}
	}
}

// mixedMany looks up one key after another.
type mixedMany struct{ *good64 }

func (m mixedMany) GetMany(keys, values []uint64, found []bool) {
	for i, key := range keys {
		runtime.Gosched()
		values[i], found[i] = m.Get(key)
	}
}

// swapAnswersNew returns the new value from a Swap.
type swapAnswersNew struct{ *good64 }

func (m swapAnswersNew) Swap(key, value uint64) (uint64, bool) {
	_, loaded := m.good64.Swap(key, value)
	return value, loaded
}

// ignoresOld swaps whatever the old value is.
type ignoresOld struct{ *good64 }

func (m ignoresOld) CompareAndSwap(key, _, value uint64) bool {
	before, loaded := m.Get(key)
	return loaded && m.good64.CompareAndSwap(key, before, value)
}

// loadThenStore compares and swaps in two steps.
type loadThenStore struct{ *good64 }

func (m loadThenStore) CompareAndSwap(key, old, value uint64) bool {
	if v, ok := m.Get(key); !ok || v != old {
		return false
	}
	runtime.Gosched()
	m.Set(key, value)
	return true
}

// getThenSet swaps in two steps.
type getThenSet struct{ *good64 }

func (m getThenSet) Swap(key, value uint64) (uint64, bool) {
	v, ok := m.Get(key)
	runtime.Gosched()
	m.Set(key, value)
	return v, ok
}

// twoWinners loads or stores in two steps.
type twoWinners struct{ *good64 }

func (m twoWinners) LoadOrStore(key, value uint64) (uint64, bool) {
	if v, ok := m.Get(key); ok {
		return v, true
	}
	runtime.Gosched()
	m.Set(key, value)
	return value, false
}

// deletesTwice loads and deletes in two steps.
type deletesTwice struct{ *good64 }

func (m deletesTwice) LoadAndDelete(key uint64) (uint64, bool) {
	v, ok := m.Get(key)
	runtime.Gosched()
	m.Delete(key)
	return v, ok
}

// compareDeletesTwice compares and deletes in two steps.
type compareDeletesTwice struct{ *good64 }

func (m compareDeletesTwice) CompareAndDelete(key, old uint64) bool {
	if v, ok := m.Get(key); !ok || v != old {
		return false
	}
	runtime.Gosched()
	m.Delete(key)
	return true
}

// failsBesideAnother swaps nothing while another CompareAndSwap is under way, whatever its key.
type failsBesideAnother struct {
	*good64
	busy atomic.Int32
}

func (m *failsBesideAnother) CompareAndSwap(key, old, value uint64) bool {
	defer m.busy.Add(-1)
	if m.busy.Add(1) > 1 {
		return false
	}
	runtime.Gosched()
	return m.good64.CompareAndSwap(key, old, value)
}

// clearsAllButOne leaves the entry of the zero key.
type clearsAllButOne struct{ *good64 }

func (m clearsAllButOne) Clear() { m.Retain(func(key, _ uint64) bool { return key == 0 }) }

// comesBack copies, changes and copies back. So entries that were cleared meanwhile return.
type comesBack struct{ *good64 }

func (m comesBack) Set(key, value uint64) {
	before := m.copied()
	runtime.Gosched()
	m.good64.Set(key, value)
	for k, v := range before {
		m.LoadOrStore(k, v)
	}
}

// retainsTheOthers removes the entries that it should keep.
type retainsTheOthers struct{ *good64 }

func (m retainsTheOthers) Retain(keep func(key, value uint64) bool) {
	m.good64.Retain(func(key, value uint64) bool { return !keep(key, value) })
}

// looksThenDrops removes the entries that it has seen as removable, although they may have changed
// since.
type looksThenDrops struct{ *good64 }

func (m looksThenDrops) Retain(keep func(key, value uint64) bool) {
	for k, v := range m.All() {
		if !keep(k, v) {
			runtime.Gosched()
			m.Delete(k)
		}
	}
}

// byText compares keys by their text. So it finds NaN.
type byText struct{ m *good[string, uint64] }

func (m byText) Get(key float64) (uint64, bool) { return m.m.Get(fmt.Sprint(key + 0)) }
func (m byText) Set(key float64, value uint64)  { m.m.Set(fmt.Sprint(key+0), value) }
func (m byText) Delete(key float64)             {}

// nanClears loses everything when NaN is deleted.
type nanClears struct{ *goodFloat }

func (m nanClears) Delete(key float64) {
	if math.IsNaN(key) {
		for k := range m.All() {
			m.goodFloat.Delete(k)
		}
	}
	m.goodFloat.Delete(key)
}

// byBits compares keys by their bits, which differ between the two zeros. It never finds NaN.
type byBits struct{ m *good64 }

func (m byBits) Get(key float64) (uint64, bool) {
	if math.IsNaN(key) {
		return 0, false
	}
	return m.m.Get(math.Float64bits(key))
}
func (m byBits) Set(key float64, value uint64) { m.m.Set(math.Float64bits(key), value) }
func (m byBits) Delete(key float64)            { m.m.Delete(math.Float64bits(key)) }

// replacesWhileWalked overwrites by a deletion and an insertion. A walk may begin between them.
type replacesWhileWalked struct{ *good64 }

func (m replacesWhileWalked) Set(key, value uint64) {
	m.good64.Delete(key)
	runtime.Gosched()
	m.good64.Set(key, value)
}

// holdsOn keeps deleted values alive, where no lookup finds them.
type holdsOn struct {
	*good[uint64, *uint64]
	deleted []*uint64
}

func (m *holdsOn) Delete(key uint64) {
	v, _ := m.LoadAndDelete(key)
	m.deleted = append(m.deleted, v)
}

// byHalf compares keys by their low 32 bits.
type byHalf struct{ m *good[uint32, uint64] }

func (m byHalf) Get(key uint64) (uint64, bool) { return m.m.Get(uint32(key)) }
func (m byHalf) Set(key, value uint64)         { m.m.Set(uint32(key), value) }
func (m byHalf) Delete(key uint64)             { m.m.Delete(uint32(key)) }

// losesAtShrinking loses another entry when a deletion leaves 256.
type losesAtShrinking struct{ *good64 }

func (m losesAtShrinking) Delete(key uint64) {
	if _, had := m.LoadAndDelete(key); had && m.Len() == 256 {
		for k := range m.All() {
			m.good64.Delete(k)
			return
		}
	}
}

// readsBefore has every 500th Get answer what the key had before its last Set.
type readsBefore struct {
	*good64
	reads  atomic.Int32
	before sync.Map // from keys to values
}

func (m *readsBefore) Set(key, value uint64) {
	if v, had := m.Swap(key, value); had {
		m.before.Store(key, v)
	}
}

func (m *readsBefore) Get(key uint64) (uint64, bool) {
	if m.reads.Add(1)%500 == 0 {
		if v, ok := m.before.Load(key); ok {
			return v.(uint64), true
		}
	}
	return m.good64.Get(key)
}

// keepsBytes keeps 64 bytes for each Set.
type keepsBytes struct {
	*good64
	kept []*[64]byte
}

func (m *keepsBytes) Set(key, value uint64) {
	m.kept = append(m.kept, new([64]byte))
	m.good64.Set(key, value)
}
