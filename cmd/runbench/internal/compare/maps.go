package compare

import (
	"fmt"
	"slices"
	"strings"

	"doublebuf/analysis"
	"doublebuf/results"
)

// Maps compares two maps of one run in every workload in which both were measured, paired by block.
// now is the new map. Units are as for Runs.
//
// In a file of another program, old and now are parts of names, as in impl=swiss and impl=runtime,
// or of the file's configuration, as in toolchain=go1.25. A benchmark with the one part is compared
// with the benchmark that has the other part instead. Such a file has no blocks, so the two are not
// paired.
func Maps(set *analysis.Run, old, now string, units []string, limits Limits) (*Comparison, error) {
	c := &Comparison{Limits: limits, OneRun: true, Paired: true}
	groups := map[results.ID]*analysis.Group{}
	for _, g := range set.AllGroups() {
		if len(unitsOf(g, units)) > 0 {
			groups[g.ID] = g
		}
	}
	var pairs []pair
	for _, g := range set.AllGroups() {
		if groups[g.ID] == nil {
			continue
		}
		if other, rest, ok := replaced(g.ID, old, now); ok {
			if groups[other] == nil {
				c.OnlyOld = append(c.OnlyOld, rest)
				continue
			}
			p := pair{id: g.ID, cell: rest, old: g, new: groups[other]}
			if p.id.Kind == results.Throughput {
				p.limit = set.Limit(g.ID.Workload())
			}
			pairs = append(pairs, p)
			c.Paired = c.Paired && !slices.ContainsFunc(g.Cells, func(c results.Cell) bool { return c.Block == 0 })
		}
		if other, rest, ok := replaced(g.ID, now, old); ok && groups[other] == nil {
			c.OnlyNew = append(c.OnlyNew, rest)
		}
	}
	c.judge(pairs, units, func(unit string) string { return set.Better[unit] })
	if len(c.Tables) == 0 {
		return nil, fmt.Errorf("%s and %s have no workload in common%s; want at least one in which both were measured", old, now, inUnits(units))
	}
	return c, nil
}

// replaced returns id with another map, if its map is from, and a name for what both have in
// common. Of a benchmark of another program, from is a part of its name or the value of one.
func replaced(id results.ID, from, to string) (other results.ID, rest string, ok bool) {
	if !id.Foreign() {
		rest = strings.Replace(id.Name(), "impl="+id.Impl+"/", "", 1)
		ok, id.Impl = id.Impl == from, to
		return id, rest, ok
	}
	other = id
	key, value, _ := strings.Cut(from, "=")
	if newKey, newValue, _ := strings.Cut(to, "="); key == newKey && value != "" && id.Config.Get(key) == value {
		other.Config = id.Config.With(key, newValue)
		return other, id.Name(), true
	}
	parts := strings.Split(id.Impl, "/")
	i := slices.IndexFunc(parts, func(part string) bool { return names(part, from) })
	if i < 0 {
		return id, "", false
	}
	left := id
	left.Impl = strings.Join(slices.Concat(parts[:i], parts[i+1:]), "/")
	if key, value, _ := strings.Cut(parts[i], "="); value == from {
		to = key + "=" + to
	}
	parts[i] = to
	other.Impl = strings.Join(parts, "/")
	if left.Impl == "" {
		return other, from + " and " + to, true
	}
	return other, left.Name(), true
}

// names reports whether name is a part of a benchmark's name, or the value of the part.
func names(part, name string) bool {
	_, value, _ := strings.Cut(part, "=")
	return part == name || value == name && value != ""
}

// Parts returns what Maps can compare in a run: its maps, or the parts of the names of benchmarks
// of other programs.
func Parts(set *analysis.Run) []string {
	var all []string
	for _, g := range set.AllGroups() {
		parts := []string{g.ID.Impl}
		if g.ID.Foreign() {
			parts = strings.Split(g.ID.Impl, "/")
		}
		for _, part := range parts {
			if !slices.Contains(all, part) {
				all = append(all, part)
			}
		}
	}
	return all
}

// HasPart reports whether a run has what Maps looks for under name.
func HasPart(set *analysis.Run, name string) bool {
	return slices.ContainsFunc(set.AllGroups(), func(g *analysis.Group) bool {
		_, _, ok := replaced(g.ID, name, name)
		return ok
	})
}
