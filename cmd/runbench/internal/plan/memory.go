package plan

import (
	"strings"

	"doublebuf/baselines/kv"
	"doublebuf/results"
)

// Memory is about how many bytes cells need.
type Memory struct {
	Input float64 // keys, and what checks each of them
	Maps  float64 // that are alive at once
	Cell  results.ID
}

// Total returns all of it.
func (m Memory) Total() float64 { return m.Input + m.Maps }

// Bytes for a key, as measured on 64-bit systems. A double buffer has two copies and a log.
const (
	inputPerKey = 48
	entryBytes  = 56 // of a map, beside key and value
	word        = 8
	text        = 40 // of a string
	copies      = 2.5
)

// Needs returns about how much memory the plan needs, and the cell of its largest cohort. It is an
// estimate: maps differ by a factor of two, and more with large values.
func (p Plan) Needs(maps []kv.Entry) (most Memory) {
	for _, cohort := range p.Cohorts(p.JobsOf(0, 1)) {
		m := Memory{Input: float64(cohort[0].ID.Keys) * (inputPerKey + 2*keyBytes(cohort[0].ID.KeyType)), Cell: cohort[0].ID}
		sum, last, two := 0.0, 0.0, 0.0 // of all maps, of the last one, and of the two largest neighbours
		for _, j := range cohort {
			size := needs(j.ID, maps)
			sum, two, last = sum+size, max(two, last+size), size
		}
		// Maps are measured in groups of limited size, or of two.
		m.Maps = min(sum, max(two, float64(p.MemoryBytes())))
		if m.Total() > most.Total() {
			most = m
		}
	}
	return most
}

// needs returns about how many bytes the map of a cell keeps.
func needs(id results.ID, maps []kv.Entry) float64 {
	e, _ := FindMap(maps, id.Impl)
	if e.Kind().Role == kv.Floor {
		return 0
	}
	value := float64(word)
	switch id.KeyType {
	case "uint64-line":
		value = word * float64(len(kv.Line{}))
	case "uint64-wide":
		value = word * float64(len(kv.Wide{}))
	}
	size := float64(id.Keys) * (entryBytes + keyBytes(id.KeyType) + value)
	if e.Caps.Has(kv.Versions) {
		size *= copies
	}
	return size
}

func keyBytes(keyType string) float64 {
	if strings.HasPrefix(keyType, "uint64") || keyType == "int" {
		return word
	}
	return text
}
