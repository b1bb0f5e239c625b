package kvtest

import (
	"iter"
	"maps"
	"math"
	"runtime"
	"sync/atomic"

	"doublebuf/baselines/kv"
)

// The broken maps with versions.

// eager shows writes before they are published.
type eager struct{ *versions }

func (m eager) Get(key uint64) (uint64, bool)  { return m.pending.Get(key) }
func (m eager) All() iter.Seq2[uint64, uint64] { return m.pending.All() }
func (m eager) Len() int                       { return m.pending.Len() }

// eagerMany shows the last keys of a GetMany before they are published.
type eagerMany struct{ *versions }

func (m eagerMany) GetMany(keys, values []uint64, found []bool) {
	half := len(keys) / 2
	m.versions.GetMany(keys[:half], values[:half], found[:half])
	m.pending.GetMany(keys[half:], values[half:], found[half:])
}

// bareGuards has guards that look up one key in a call.
type bareGuards struct{ *versions }

func (m bareGuards) Read() kv.Guard[uint64, uint64] {
	return struct{ kv.Guard[uint64, uint64] }{m.versions.Read()}
}

// late publishes each batch one publish later.
type late struct {
	*versions
	batch map[uint64]uint64
}

func (m *late) Publish() uint64 {
	number := m.publish(func() map[uint64]uint64 { return maps.Clone(m.batch) })
	m.batch = m.pending.copied()
	return number
}

// losesPublish loses its fifth publish for good.
type losesPublish struct{ *versions }

func (m *losesPublish) Publish() uint64 {
	if m.current.Load().number == 4 {
		m.pending = &good64{m: m.current.Load().copied()}
	}
	return m.versions.Publish()
}

// thaws has guards that read the current version.
type thaws struct{ *versions }

type thawedGuard struct {
	*versions
	number uint64
}

func (m thaws) Read() kv.Guard[uint64, uint64] {
	return thawedGuard{m.versions, m.current.Load().number}
}
func (g thawedGuard) Version() uint64 { return g.number }
func (g thawedGuard) Release()        {}

// miscounts does not count its seventh publish.
type miscounts struct{ *versions }

func (m miscounts) Publish() uint64 {
	number := m.versions.Publish()
	if number >= 7 {
		number--
	}
	return number
}

// goesBack opens every ninth guard on the version before the current one.
type goesBack struct {
	*versions
	reads atomic.Int32
	last  atomic.Pointer[version]
}

func (m *goesBack) Publish() uint64 {
	m.last.Store(m.current.Load())
	return m.versions.Publish()
}

func (m *goesBack) Read() kv.Guard[uint64, uint64] {
	if last := m.last.Load(); last != nil && m.reads.Add(1)%9 == 0 {
		return last
	}
	return m.versions.Read()
}

// ahead reads the version number after the content.
type ahead struct{ *versions }

func (m ahead) Read() kv.Guard[uint64, uint64] {
	content := m.current.Load()
	runtime.Gosched()
	return &version{content.good64, m.current.Load().number}
}

// halves publishes each version twice: first without the large keys and then with them.
type halves struct{ *versions }

func (m halves) Publish() uint64 {
	whole := m.pending.copied()
	half := m.current.Load().copied()
	for k, v := range whole {
		if k < math.MaxUint64/2 {
			half[k] = v
		}
	}
	number := m.publish(func() map[uint64]uint64 { return half })
	runtime.Gosched()
	m.current.Store(&version{&good64{m: whole}, number})
	return number
}

// starves has a writer that waits until no guard at all is open.
type starves struct {
	*versions
	open atomic.Int32
}

type countedGuard struct {
	kv.Guard[uint64, uint64]
	m *starves
}

func (m *starves) Read() kv.Guard[uint64, uint64] {
	m.open.Add(1)
	return countedGuard{m.versions.Read(), m}
}

func (g countedGuard) Release() { g.m.open.Add(-1) }

func (m *starves) Publish() uint64 {
	for m.open.Load() > 0 {
		runtime.Gosched()
	}
	return m.versions.Publish()
}
