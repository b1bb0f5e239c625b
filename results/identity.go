package results

import (
	"slices"

	"doublebuf/baselines/kv"
	"doublebuf/workloads"
)

// Map is what a run measured under one name.
type Map struct {
	Impl string `json:"impl"` // the name
	kv.Identity
	kv.Policy
}

// MapOf returns what a manifest says of the entry e.
func MapOf(e kv.Entry) Map { return Map{Impl: e.Name, Identity: e.Kind(), Policy: e.Policy} }

// Map returns what the manifest says of impl. Manifests that were written before they had
// identities are completed from a list of the maps of that time. Anything else is a peer in a
// family of its own.
func (s *Set) Map(impl string) Map {
	if i := slices.IndexFunc(s.Manifest.Maps, func(m Map) bool { return m.Impl == impl }); i >= 0 {
		return s.Manifest.Maps[i]
	}
	if m, ok := earlier[impl]; ok {
		m.Impl = impl
		return m
	}
	return Map{Impl: impl, Identity: kv.Identity{Family: impl}}
}

// Mix returns the definition of a mix at the time of the run, and whether it is known. Manifests
// that were written before they had definitions are completed with those of today.
func (s *Set) Mix(name string) (workloads.Mix, bool) {
	if s.Manifest.Mixes == nil {
		return workloads.FindMix(name)
	}
	i := slices.IndexFunc(s.Manifest.Mixes, func(m workloads.Mix) bool { return m.Name == name })
	if i < 0 {
		return workloads.Mix{}, false
	}
	return s.Manifest.Mixes[i], true
}
