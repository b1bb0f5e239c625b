package plan

import (
	"slices"

	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/results"
	"doublebuf/workloads"
)

// FindMap returns the entry of that name, or of the original if it is the name of a twin.
func FindMap(entries []kv.Entry, name string) (kv.Entry, bool) {
	name, _ = results.Original(name)
	for _, e := range entries {
		if e.Name == name {
			return e, true
		}
	}
	return kv.Entry{}, false
}

// Describe returns what a manifest holds of the maps that p measures, in the order of entries, and
// of its mixes.
func (p Plan) Describe(entries []kv.Entry) (maps []results.Map, mixes []workloads.Mix) {
	for _, e := range entries {
		measured := func(c Cell) bool { name, _ := results.Original(c.Impl); return name == e.Name }
		if slices.ContainsFunc(p.All(), measured) {
			maps = append(maps, results.MapOf(e))
		}
	}
	for _, m := range workloads.Mixes() {
		if slices.ContainsFunc(p.All(), func(c Cell) bool { return c.Mix == m.Name }) {
			mixes = append(mixes, m)
		}
	}
	return maps, mixes
}

// MapNames returns the names of entries in their order.
func MapNames(entries []kv.Entry) []string {
	return nameOf(entries, func(e kv.Entry) string { return e.Name })
}

// PickMaps returns the entries of the given names in the order of all, or all of them if
// no name is given.
func PickMaps(all []kv.Entry, wanted []string) ([]kv.Entry, error) {
	if len(wanted) == 0 {
		return all, nil
	}
	known := MapNames(all)
	for _, name := range wanted {
		if !slices.Contains(known, name) {
			return nil, exit.With(exit.Usage, names.Unknown("map", name, known))
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(e kv.Entry) bool { return !slices.Contains(wanted, e.Name) }), nil
}
