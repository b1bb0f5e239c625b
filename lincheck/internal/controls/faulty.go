package controls

import (
	"hash/fnv"
	"iter"
	"math/bits"
	"net/netip"
	"sync/atomic"
	"time"

	"doublebuf/baselines/kv"
)

// whole returns the entry of a control that is like Full, but for what its doc says. m makes the
// map.
func whole(name, doc string, m func(*Locked) kv.Map[uint64, uint64]) kv.Entry {
	return kv.Entry{
		Name: "control-" + name, Doc: "control: " + doc, Level: kv.Linearizable, Caps: fullCaps, Broken: true,
		Identity: kv.Identity{Role: kv.NegativeControl},
		Uint64:   func(int) kv.Map[uint64, uint64] { return m(NewLocked()) },
	}
}

// calls returns whole, for a map with nothing but Get, Set and Delete.
func calls(name, doc string, m func(*Locked) kv.Map[uint64, uint64]) kv.Entry {
	e := whole(name, doc, m)
	e.Caps = kv.Concurrent | kv.Writes
	return e
}

// faulty returns the controls that a history of a few keys of one type does not show.
func faulty() []kv.Entry {
	type m64 = kv.Map[uint64, uint64]
	return []kv.Entry{
		whole("grows", "it loses the write by which it outgrows a power of two", func(l *Locked) m64 { return growing{l} }),
		whole("shrinks", "it loses an entry whenever it is down to a power of two", func(l *Locked) m64 { return shrinking{l} }),
		calls("32-bits", "it knows only the low 32 bits of a key", func(*Locked) m64 { return knows[uint64](func(key uint64) uint32 { return uint32(key) }) }),
		whole("last-key", "it drops the largest key", func(l *Locked) m64 { return dropping{l, ^uint64(0)} }),
		whole("zero-key", "it drops the key 0", func(l *Locked) m64 { return dropping{l, 0} }),
		whole("walk-repeats", "a walk over more than 100 entries yields one twice", func(l *Locked) m64 { return walking{l, 2} }),
		whole("walk-misses", "a walk over more than 100 entries misses one", func(l *Locked) m64 { return walking{l, 0} }),
		whole("len-zero", "its Len is 0", func(l *Locked) m64 { return counting{l, func(int) int { return 0 }} }),
		whole("len-off", "its Len is one too high above 100 entries", func(l *Locked) m64 { return counting{l, func(n int) int { return n + n/101 }} }),
		whole("clear", "Clear does nothing", func(l *Locked) m64 { return cleared{l} }),
		whole("retain", "Retain does nothing", func(l *Locked) m64 { return retained{l, func(bool) bool { return true }} }),
		whole("retain-more", "Retain removes what it should keep, too", func(l *Locked) m64 { return retained{l, func(bool) bool { return false }} }),
		snapshots(),
		whole("many-locks", "GetMany locks for each key, although it declares Snapshot", func(l *Locked) m64 { return manyLocks{l} }),
		calls("stale-1ms", "one read in a thousand is late by a millisecond", func(l *Locked) m64 { return &late{Locked: l} }),
		whole("two-step-swap", "CompareAndSwap compares and stores in two steps", func(l *Locked) m64 { return twoSteps{l} }),
		whole("leak", "it keeps 64 bytes for each Set", func(l *Locked) m64 { return &leaking{Locked: l} }),
		strings("prefix", "it knows only the first 16 bytes of a string", func(s string) string { return s[:min(16, len(s))] }),
		strings("length", "it knows only the first byte and the length of a string", func(s string) [2]int {
			if s == "" {
				return [2]int{}
			}
			return [2]int{int(s[0]), len(s)}
		}),
		strings("hash", "it knows only a hash of 32 bits of a string", func(s string) uint32 {
			h := fnv.New32a()
			h.Write([]byte(s))
			return h.Sum32()
		}),
		typed("int", func(c *kv.Constructors) { c.Int = forgetful[int, uint64] }),
		typed("string", func(c *kv.Constructors) { c.String = forgetful[string, uint64] }),
		typed("float64", func(c *kv.Constructors) { c.Float64 = forgetful[float64, uint64] }),
		typed("prefix", func(c *kv.Constructors) { c.Prefix = forgetful[netip.Prefix, uint64] }),
		typed("line", func(c *kv.Constructors) { c.Line = forgetful[uint64, kv.Line] }),
		typed("wide", func(c *kv.Constructors) { c.Wide = forgetful[uint64, kv.Wide] }),
		typed("pointer", func(c *kv.Constructors) { c.Pointer = forgetful[uint64, *uint64] }),
	}
}

// many is the number of entries above which some faults begin.
const many = 100

// powerOfTwo reports whether n is a large power of two.
func powerOfTwo(n int) bool { return n > many && bits.OnesCount(uint(n)) == 1 }

type growing struct{ *Locked }

func (m growing) Set(key, value uint64) {
	m.Locked.Set(key, value)
	if powerOfTwo(m.Len()) {
		m.Delete(key)
	}
}

type shrinking struct{ *Locked }

func (m shrinking) Delete(key uint64) {
	if _, had := m.LoadAndDelete(key); had && powerOfTwo(m.Len()) {
		for k := range m.All() {
			m.Locked.Delete(k)
			return
		}
	}
}

// known is a map that knows no more of a key than what id returns.
type known[K, I comparable] struct {
	full *Full[I, uint64]
	id   func(K) I
}

func knows[K, I comparable](id func(K) I) kv.Map[K, uint64] {
	return known[K, I]{NewFull[I, uint64](), id}
}

func (m known[K, I]) Get(key K) (uint64, bool) { return m.full.Get(m.id(key)) }
func (m known[K, I]) Set(key K, value uint64)  { m.full.Set(m.id(key), value) }
func (m known[K, I]) Delete(key K)             { m.full.Delete(m.id(key)) }

// strings returns the control whose strings are known by what id returns. Its other keys are right.
func strings[I comparable](name, doc string, id func(string) I) kv.Entry {
	e := calls("string-"+name, doc, func(l *Locked) kv.Map[uint64, uint64] { return l })
	e.String = func(int) kv.Map[string, uint64] { return knows(id) }
	return e
}

// typed returns the control that is wrong only for one type of keys and values.
func typed(name string, set func(*kv.Constructors)) kv.Entry {
	e := calls("only-"+name, "only with the type "+name+" it loses every ninth Set", func(l *Locked) kv.Map[uint64, uint64] { return l })
	set(&e.Constructors)
	return e
}

// forgets loses every ninth Set.
type forgets[K, V comparable] struct {
	*Full[K, V]
	sets atomic.Int64
}

func forgetful[K, V comparable](int) kv.Map[K, V] { return &forgets[K, V]{Full: NewFull[K, V]()} }

func (m *forgets[K, V]) Set(key K, value V) {
	if m.sets.Add(1)%9 != 0 {
		m.Full.Set(key, value)
	}
}

type dropping struct {
	*Locked
	key uint64
}

func (m dropping) Set(key, value uint64) {
	if key != m.key {
		m.Locked.Set(key, value)
	}
}

// walking yields one entry of many so often.
type walking struct {
	*Locked
	times int
}

func (m walking) All() iter.Seq2[uint64, uint64] {
	return func(yield func(uint64, uint64) bool) {
		n := 0
		for k, v := range m.Locked.All() {
			times := 1
			if n++; n == many {
				times = m.times
			}
			for range times {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

type counting struct {
	*Locked
	count func(int) int
}

func (m counting) Len() int { return m.count(m.Locked.Len()) }

type cleared struct{ *Locked }

func (cleared) Clear() {}

// retained keeps what keeps says of the answer of keep.
type retained struct {
	*Locked
	keeps func(bool) bool
}

func (m retained) Retain(keep func(key, value uint64) bool) {
	m.Locked.Retain(func(key, value uint64) bool { return m.keeps(keep(key, value)) })
}

// sharded locks shard after shard.
type sharded [8]*Locked

// snapshots returns a control that is linearizable, but whose walks are no snapshots.
func snapshots() kv.Entry {
	e := whole("snapshot", "a walk sees its shards at different times, although it declares Snapshot", func(*Locked) kv.Map[uint64, uint64] {
		var m sharded
		for i := range m {
			m[i] = NewLocked()
		}
		return m
	})
	e.Caps = kv.Concurrent | kv.Writes | kv.Range | kv.Snapshot
	return e
}

func (m sharded) shard(key uint64) *Locked      { return m[key%uint64(len(m))] }
func (m sharded) Get(key uint64) (uint64, bool) { return m.shard(key).Get(key) }
func (m sharded) GetMany(keys, values []uint64, found []bool) {
	for i, key := range keys {
		values[i], found[i] = m.Get(key)
	}
}

func (m sharded) Set(key, value uint64) { m.shard(key).Set(key, value) }
func (m sharded) Delete(key uint64)     { m.shard(key).Delete(key) }
func (m sharded) All() iter.Seq2[uint64, uint64] {
	return func(yield func(uint64, uint64) bool) {
		for _, shard := range m {
			for k, v := range shard.All() {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}

func (m sharded) Len() (n int) {
	for _, shard := range m {
		n += shard.Len()
	}
	return n
}

// manyLocks looks up one key after another.
type manyLocks struct{ *Locked }

func (m manyLocks) GetMany(keys, values []uint64, found []bool) {
	for i, key := range keys {
		values[i], found[i] = m.Get(key)
	}
}

// late keeps what it held a millisecond or two ago.
type late struct {
	*Locked
	reads         atomic.Uint64
	since         time.Time
	before, older map[uint64]uint64
}

// remember is called under the lock.
func (m *late) remember() {
	if now := time.Now(); now.Sub(m.since) > time.Millisecond {
		m.since, m.older, m.before = now, m.before, make(map[uint64]uint64, len(m.content))
		for k, v := range m.content {
			m.before[k] = v
		}
	}
}

func (m *late) Set(key, value uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remember()
	m.content[key] = value
}

func (m *late) Delete(key uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remember()
	delete(m.content, key)
}

func (m *late) Get(key uint64) (uint64, bool) {
	if !due(&m.reads, 1000) {
		return m.Locked.Get(key)
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	content := m.older
	if content == nil {
		content = m.content
	}
	v, ok := content[key]
	return v, ok
}

type twoSteps struct{ *Locked }

func (m twoSteps) CompareAndSwap(key, old, new uint64) bool {
	if v, ok := m.Get(key); !ok || v != old {
		return false
	}
	m.Locked.Set(key, new)
	return true
}

type leaking struct {
	*Locked
	kept []*[64]byte
}

func (m *leaking) Set(key, value uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = append(m.kept, new([64]byte))
	m.content[key] = value
}
