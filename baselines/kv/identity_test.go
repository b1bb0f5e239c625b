package kv

import (
	"strings"
	"testing"
)

// TestDefaultIdentity checks that an entry without an identity is a peer, in a family of its own.
func TestDefaultIdentity(t *testing.T) {
	e := Entry{
		Name: "mine", Level: Linearizable, Caps: Concurrent | Writes,
		Uint64: func(int) Map[uint64, uint64] { return nil },
	}
	if err := e.Validate(); err != nil {
		t.Fatal(err)
	}
	if got, want := e.Kind(), (Identity{Family: "mine", Role: Peer}); got != want {
		t.Errorf("its kind is %+v; want %+v", got, want)
	}
}

func TestValidateIdentity(t *testing.T) {
	whole := Identity{Family: DoubleBuffer, Strategy: "s", Table: "t", Writer: "w", Variation: true}
	for _, test := range []struct {
		plant func(e *Entry)
		want  string // "" if the entry is valid
	}{
		{func(e *Entry) {}, ""},
		{func(e *Entry) { e.Identity.Role = "boss" }, `Role is "boss"; want one of`},
		{func(e *Entry) { e.Identity.Role = Floor }, "a floor of level linearizable; want kv.None"},
		{func(e *Entry) { e.Identity.Role, e.Level = Floor, None }, ""},
		{func(e *Entry) { e.Identity.Role = NegativeControl }, "not Broken; want Broken"},
		{func(e *Entry) { e.Identity.Role, e.Broken = NegativeControl, true }, ""},
		{func(e *Entry) { e.Identity.Strategy = "" }, `Strategy "" and Table "t"; want both`},
		{func(e *Entry) { e.Identity.Table = "" }, `Strategy "s" and Table ""; want both`},
		{func(e *Entry) { e.Identity.Family = "" }, "without a Family"},
		{func(e *Entry) { e.Identity = Identity{Variation: true} }, "without a Family"},
		{func(e *Entry) { e.Identity = Identity{} }, ""},
	} {
		e := Entry{Name: "e", Level: Linearizable, Identity: whole, Uint64: func(int) Map[uint64, uint64] { return nil }}
		test.plant(&e)
		err := e.Validate()
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%+v: %v; want an error with %q", e.Identity, err, test.want)
		}
	}
}
