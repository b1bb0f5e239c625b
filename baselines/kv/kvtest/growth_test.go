package kvtest

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"doublebuf/baselines/kv"
)

// A map grows to Most entries if it can do so in eight times the time Grow, and else for that time.
func TestSlowMapsGoOnGrowing(t *testing.T) {
	p := Pace{Grow: 250 * time.Millisecond, Most: 1 << 18}
	for _, test := range []struct {
		each    time.Duration // for each entry
		entries int
		want    bool
	}{
		{time.Microsecond, 200_000, true},
		{4 * time.Microsecond, 100_000, true},
		{10 * time.Microsecond, 20_000, true},
		{10 * time.Microsecond, 30_000, false},
		{time.Millisecond, 0, true},
		{time.Millisecond, 256, false},
	} {
		taken := time.Duration(test.entries) * test.each
		if got := p.goesOn(taken, test.entries); got != test.want {
			t.Errorf("after %d entries in %v: %t; want %t", test.entries, taken, got, test.want)
		}
	}
}

// The battery finds faults that begin at a few thousand entries, at the pace of a check.
func TestFaultsOfLargeMapsAreFound(t *testing.T) {
	p := Pace{Race: 60 * time.Millisecond, Swap: time.Millisecond, Grow: time.Second, Most: 1 << 13}
	for check, plant := range map[string]func(e *kv.Entry){
		"int/growth": func(e *kv.Entry) {
			e.Int = func(int) kv.Map[int, uint64] { return full{newGood[int, uint64]()} }
		},
		"uint64/growth": on64(func(g *good64) map64 { return panicsAtClose{g} }),
		"uint64/owned":  on64(func(g *good64) map64 { return &hides{good64: g} }),
	} {
		e := kv.Entry{Name: "large", Level: kv.Linearizable, Caps: goodCaps, Uint64: func(int) map64 { return newGood[uint64, uint64]() }}
		plant(&e)
		for _, c := range Battery(e, p) {
			if c.Name != check {
				continue
			}
			var err error
			for seed := uint64(Seed); err == nil && seed < Seed+20; seed++ {
				err = c.Judge(seed)
			}
			if t.Logf("%s: %.200v", check, err); err == nil {
				t.Errorf("%s passes with each of 20 seeds", check)
			}
		}
	}
}

// full has room for 5,000 entries.
type full struct{ *good[int, uint64] }

func (m full) Set(key int, value uint64) {
	if _, had := m.Get(key); had || m.Len() < 5000 {
		m.good.Set(key, value)
	}
}

// panicsAtClose panics when it is closed with 1,000 entries or more.
type panicsAtClose struct{ *good64 }

func (m panicsAtClose) Close() {
	if m.Len() >= 1000 {
		panic("planted")
	}
}

// hides finds nothing beside a Set, if it has more entries than the 1,024 of smaller races.
type hides struct {
	*good64
	setting atomic.Int32
	entries atomic.Int32
}

func (m *hides) Set(key, value uint64) {
	m.setting.Add(1)
	if _, had := m.Swap(key, value); !had {
		m.entries.Add(1)
	}
	runtime.Gosched()
	m.setting.Add(-1)
}

func (m *hides) Delete(key uint64) {
	if _, had := m.LoadAndDelete(key); had {
		m.entries.Add(-1)
	}
}

func (m *hides) Get(key uint64) (uint64, bool) {
	if m.setting.Load() > 0 && m.entries.Load() > 1024 {
		return 0, false
	}
	return m.good64.Get(key)
}
