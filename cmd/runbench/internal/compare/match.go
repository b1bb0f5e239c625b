package compare

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"doublebuf/analysis"
	"doublebuf/results"
)

// match is what two sides have in common. Cells match that are equal in everything but the keys in
// dropped: the configuration of other programs' files that one side lacks, or of which each side
// has exactly one value.
type match struct {
	pairs            [][2]*analysis.Group
	onlyOld, onlyNew []*analysis.Group
	notes            []string // on what differs between the cells that match

	dropped  map[string]bool
	anyProcs bool
	pkg      bool // all benchmarks of both sides are of one package, or packages tell them apart
}

func matchOf(old, now []*analysis.Group, anyProcs bool) *match {
	m := &match{dropped: map[string]bool{}, anyProcs: anyProcs, pkg: true}
	before, after := configOf(old), configOf(now)
	lacking := map[string][]string{}
	for _, key := range slices.Sorted(maps.Keys(mergedKeys(before, after))) {
		a, b := before[key], after[key]
		switch {
		case len(a) == 0:
			lacking["old"] = append(lacking["old"], key+" ("+listed(b)+")")
		case len(b) == 0:
			lacking["new"] = append(lacking["new"], key+" ("+listed(a)+")")
		case len(a) != 1 || len(b) != 1:
			continue
		case !maps.Equal(a, b):
			m.notes = append(m.notes, fmt.Sprintf("The two files differ in %s: old %s, new %s. Benchmarks are paired nevertheless.", key, listed(a), listed(b)))
		}
		m.dropped[key] = true
		m.pkg = m.pkg && (key != "pkg" || maps.Equal(a, b))
	}
	for _, side := range slices.Sorted(maps.Keys(lacking)) {
		m.notes = append(m.notes, fmt.Sprintf("The %s file does not say, and the other one does: %s. Benchmarks are paired nevertheless.", side, strings.Join(lacking[side], ", ")))
	}
	ofOld, oldTwice := m.index(old)
	ofNew, newTwice := m.index(now)
	for _, g := range old {
		key := m.key(g.ID)
		if n := ofNew[key]; n != nil && !oldTwice[key] && !newTwice[key] {
			m.pairs = append(m.pairs, [2]*analysis.Group{g, n})
		} else {
			m.onlyOld = append(m.onlyOld, g)
		}
	}
	for _, g := range now {
		if key := m.key(g.ID); ofOld[key] == nil || oldTwice[key] || newTwice[key] {
			m.onlyNew = append(m.onlyNew, g)
		}
	}
	return m
}

// index returns the groups of a side by what must match, and which keys several groups have.
func (m *match) index(groups []*analysis.Group) (by map[results.ID]*analysis.Group, twice map[results.ID]bool) {
	by, twice = map[results.ID]*analysis.Group{}, map[results.ID]bool{}
	for _, g := range groups {
		key := m.key(g.ID)
		twice[key] = by[key] != nil
		by[key] = g
	}
	return by, twice
}

// key returns the part of id that must match.
func (m *match) key(id results.ID) results.ID {
	for key := range m.dropped {
		id.Config = id.Config.With(key, "")
	}
	if m.anyProcs {
		id.Procs = 0
	}
	return id
}

// configOf returns the values of each key of the configuration, "" among them if a benchmark lacks
// it.
func configOf(groups []*analysis.Group) map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for _, g := range groups {
		for key := range g.ID.Config.All() {
			all[key] = map[string]bool{}
		}
	}
	for _, g := range groups {
		for key, values := range all {
			if g.ID.Foreign() {
				values[g.ID.Config.Get(key)] = true
			}
		}
	}
	return all
}

func mergedKeys(a, b map[string]map[string]bool) map[string]bool {
	keys := map[string]bool{}
	for _, side := range []map[string]map[string]bool{a, b} {
		for key := range side {
			keys[key] = true
		}
	}
	return keys
}

// listed writes some values of a key.
func listed(values map[string]bool) string {
	var all []string
	for _, v := range slices.Sorted(maps.Keys(values)) {
		all = append(all, cmp.Or(v, "(nothing)"))
	}
	return few(all)
}

// few lists names, the first of many.
func few(all []string) string {
	const some = 3
	if len(all) <= some {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:some], ", "), len(all)-some)
}

// label names a cell, with the configuration that tells it from others.
func (m *match) label(id results.ID) string {
	name := id.Name()
	if pkg := id.Config.Get("pkg"); pkg != "" && m.pkg {
		name = pkg + "." + name
	}
	var more []string
	for key, value := range id.Config.All() {
		if !m.dropped[key] && key != "pkg" {
			more = append(more, key+" "+value)
		}
	}
	if len(more) > 0 {
		name += " (" + strings.Join(more, ", ") + ")"
	}
	return name
}

// differences says in what cells differ that were not paired although they have the same name.
func (m *match) differences() []string {
	type found struct {
		old, now map[string]bool
		example  string
	}
	by := map[string]*found{}
	add := func(key, old, now, example string) {
		if by[key] == nil {
			by[key] = &found{map[string]bool{}, map[string]bool{}, example}
		}
		by[key].old[old], by[key].now[now] = true, true
	}
	bare := func(id results.ID) results.ID {
		id.Config, id.Procs = "", 0
		return id
	}
	ofNew := map[results.ID][]results.ID{}
	for _, g := range m.onlyNew {
		ofNew[bare(g.ID)] = append(ofNew[bare(g.ID)], g.ID)
	}
	for _, g := range m.onlyOld {
		a := m.key(g.ID)
		for _, other := range ofNew[bare(g.ID)] {
			b := m.key(other)
			if a.Procs != b.Procs {
				add("GOMAXPROCS", fmt.Sprint(a.Procs), fmt.Sprint(b.Procs), g.ID.Name())
			}
			for key := range mergedKeys(configOf([]*analysis.Group{{ID: a}}), configOf([]*analysis.Group{{ID: b}})) {
				if a.Config.Get(key) != b.Config.Get(key) {
					add(key, a.Config.Get(key), b.Config.Get(key), g.ID.Name())
				}
			}
			if a == b {
				add("", "", "", g.ID.Name())
			}
		}
	}
	var notes []string
	for _, key := range slices.Sorted(maps.Keys(by)) {
		f := by[key]
		if key == "" {
			notes = append(notes, fmt.Sprintf("%s stands in one file under several configurations or numbers of processors, and cannot be paired with one of them.", f.example))
			continue
		}
		notes = append(notes, fmt.Sprintf("Benchmarks of the same name, such as %s, are not paired because %s differs: old %s, new %s. The flag -ignore %s pairs them.",
			f.example, key, listed(f.old), listed(f.now), strings.ToLower(key)))
	}
	return notes
}

// nothing is the error that there is nothing to compare, and why.
func (m *match) nothing(old, now []*analysis.Group, units []string) error {
	if why := m.differences(); len(why) > 0 {
		return errors.New("nothing to compare: " + strings.Join(why, " "))
	}
	if len(m.pairs) > 0 {
		a, b := map[string]bool{}, map[string]bool{}
		for _, p := range m.pairs {
			for _, unit := range p[0].Units() {
				a[unit] = true
			}
			for _, unit := range p[1].Units() {
				b[unit] = true
			}
		}
		return fmt.Errorf("nothing to compare: cells of the same name have no unit in common%s: old %s, new %s", inUnits(units), listed(a), listed(b))
	}
	label := func(groups []*analysis.Group) string {
		var all []string
		for _, g := range groups {
			all = append(all, g.ID.Name())
		}
		return few(all)
	}
	return fmt.Errorf("nothing to compare: the two sides have no cell of the same name%s: old %s; new %s", inUnits(units), label(old), label(now))
}

// inUnits names the units that were asked for.
func inUnits(units []string) string {
	if len(units) == 0 {
		return ""
	}
	return " with " + strings.Join(units, ", ")
}
