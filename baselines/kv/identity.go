package kv

import (
	"fmt"
	"slices"
)

// DoubleBuffer is the family of this project's own maps.
const DoubleBuffer = "dbuf"

// Role says what an entry is for.
type Role string

const (
	// Peer is a map to compare with the others.
	Peer Role = ""
	// Floor is not a map. It shows what the harness itself costs.
	Floor Role = "floor"
	// Ceiling is a map without synchronisation.
	Ceiling Role = "ceiling"
	// NegativeControl is a map that must fail its check.
	NegativeControl Role = "negative control"
)

// Identity says what kind of map an entry is. Presets, figures and reports select maps by these
// fields and by the publish policy, never by parts of a name.
//
// The zero value is right for a map with a single entry: a peer in a family of its own.
type Identity struct {
	// Family is the kind of map. It is DoubleBuffer for this project's own maps. "" stands for
	// the name of the entry.
	Family string `json:"family,omitempty"`
	// Strategy is the rule by which the writer of a double buffer knows that no guard is open in a
	// copy. It is "" in other families.
	Strategy string `json:"strategy,omitempty"`
	// Table is what a copy of a double buffer stores its entries in. It is "" in other families.
	Table string `json:"table,omitempty"`
	// Writer is how a double buffer writes, if it is not by one writer under a lock: "group" has
	// many writers, "maxwait" bounds the wait of a publish.
	Writer string `json:"writer,omitempty"`
	// Variation means that the entry differs from the main one of its family by more than the
	// publish policy. If a figure has no room for all maps, variations are in a figure of their
	// own.
	Variation bool `json:"variation,omitempty"`
	// Role is what the entry is for.
	Role Role `json:"role,omitempty"`
	// Module is the path of the module that the map's code is in, or Standard. It is "" if that is
	// the module of the entry itself. Two runs with the same version of the module have measured
	// the same code.
	Module string `json:"module,omitempty"`
}

// Standard is the Module of a map of the standard library.
const Standard = "std"

// Kind returns the identity of e, with the default family filled in. Entries of one kind differ
// in their publish policy only.
func (e Entry) Kind() Identity {
	id := e.Identity
	if id.Family == "" {
		id.Family = e.Name
	}
	return id
}

// validateIdentity reports the first field of e.Identity that contradicts the rest of e.
func (e Entry) validateIdentity() error {
	id := e.Identity
	roles := []Role{Peer, Floor, Ceiling, NegativeControl}
	switch {
	case !slices.Contains(roles, id.Role):
		return fmt.Errorf("entry %q: Role is %q; want one of %q", e.Name, id.Role, roles)
	case id.Role == Floor && e.Level != None:
		return fmt.Errorf("entry %q: a floor of level %v; want kv.None, because a floor is not a map", e.Name, e.Level)
	case id.Role == NegativeControl && !e.Broken:
		return fmt.Errorf("entry %q: a negative control that is not Broken; want Broken, because it must fail its check", e.Name)
	case id.Family == DoubleBuffer && (id.Strategy == "" || id.Table == ""):
		return fmt.Errorf("entry %q: a double buffer with Strategy %q and Table %q; want both", e.Name, id.Strategy, id.Table)
	case id.Family == "" && (id.Strategy != "" || id.Table != "" || id.Writer != "" || id.Variation):
		return fmt.Errorf("entry %q: a Strategy, Table, Writer or Variation without a Family; want the family too", e.Name)
	}
	return nil
}
