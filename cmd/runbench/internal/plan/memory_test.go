package plan

import (
	"testing"

	"doublebuf/baselines"
)

// TestNeeds compares the estimate with what the cells of the reference run kept alive.
func TestNeeds(t *testing.T) {
	cell := func(impl, keyType string, keys int) Cell {
		return Cell{Impl: impl, Mix: "read-only", Dist: "uniform", KeyType: keyType, Keys: keys, G: 1}
	}
	const keys = 1 << 20
	for _, c := range []struct {
		impl, keyType string
		perKey        float64
	}{
		{"noop", "uint64", 0},
		{"plain", "uint64", 72},
		{"plain", "string", 107},
		{"plain", "uint64-wide", 1096},
		{"dbuf-epoch-b64", "uint64", 178},
		{"dbuf-epoch-b64", "string", 259},
		{"dbuf-epoch-b64", "uint64-wide", 3418},
	} {
		p := Plan{Blocks: 1, Procs: 1, Time: 1, Cells: []Cell{cell(c.impl, c.keyType, keys)}}
		if is := p.Needs(baselines.All()).Maps / keys; is < 0.7*c.perKey || is > 1.3*c.perKey {
			t.Errorf("%s, %s: %.0f bytes for a key; want about %.0f", c.impl, c.keyType, is, c.perKey)
		}
	}
	// Of several maps, as many are alive as the memory of the plan allows, or two.
	p := Plan{Blocks: 1, Procs: 1, Time: 2, Slice: 1, Memory: 1}
	for range 4 {
		p.Cells = append(p.Cells, cell("plain", "uint64", keys))
	}
	p.Cells = append(p.Cells, cell("plain", "uint64", keys/2))
	if m := p.Needs(baselines.All()); m.Maps != 2*72*keys || m.Cell.Keys != keys {
		t.Errorf("a small limit: %+v; want two maps", m)
	}
	p.Memory = 1 << 20
	if m := p.Needs(baselines.All()); m.Maps != 4*72*keys {
		t.Errorf("a large limit: %+v; want four maps", m)
	}
}
