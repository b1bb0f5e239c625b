package results

import (
	_ "embed"
	"encoding/json"
	"slices"

	"doublebuf/baselines/kv"
	"doublebuf/workloads"
)

//go:embed earlier.json
var earlierText []byte

// earlier has the identities of all maps and the definitions of all mixes at the time when
// manifests began to hold them. Runs that were measured before that use it, so the file never
// changes.
var earlier = func() (m Manifest) {
	if err := json.Unmarshal(earlierText, &m); err != nil {
		panic(err) // a test reads it
	}
	return m
}()

// Map returns the identity of impl in the manifest. If the manifest has none, it returns the
// identity at the time when manifests began to have them. A map without either is a peer in a
// separate family.
func (s *Set) Map(impl string) Map {
	for _, m := range []Manifest{s.Manifest, earlier} {
		if i := slices.IndexFunc(m.Maps, func(m Map) bool { return m.Impl == impl }); i >= 0 {
			return m.Maps[i]
		}
	}
	return Map{Impl: impl, Identity: kv.Identity{Family: impl}}
}

// Mix returns the definition of a mix at the time of the run, and whether it is known. If the
// manifest is of the time before it had definitions, it is the definition of that time.
func (s *Set) Mix(name string) (workloads.Mix, bool) {
	m := s.Manifest
	if m.Mixes == nil {
		m = earlier
	}
	i := slices.IndexFunc(m.Mixes, func(m workloads.Mix) bool { return m.Name == name })
	if i < 0 {
		return workloads.Mix{}, false
	}
	return m.Mixes[i], true
}
