package plan

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"doublebuf/analysis/stat"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/cmd/runbench/internal/pin"
	"doublebuf/results"
	"doublebuf/workloads"
)

// maxWorkers is the largest number of workers that fits into the bits of a value that hold a
// worker's number.
const maxWorkers = 1 << 16

// maxLayer is the greatest number of links, and of processes of each.
const maxLayer = 1000

// maxJobs is the greatest number of cells that a plan begins with, over all blocks, and maxTime
// how long one may be measured.
const (
	maxJobs = 1 << 20
	maxTime = time.Hour
	// MinSlice is the shortest slice. Shorter ones measure how workers start.
	MinSlice = Duration(100 * time.Microsecond)
	// maxMemory is the greatest Memory, in MiB.
	maxMemory = 1 << 20
	// maxProcs is the greatest GOMAXPROCS.
	maxProcs = 1 << 12
)

// Validate reports the first thing that is wrong with the plan, with its place in the
// JSON form. entries are the maps that there are.
func (p Plan) Validate(entries []kv.Entry) error {
	switch {
	case p.Blocks < 1:
		return fmt.Errorf("plan: blocks is %d; want 1 or more", p.Blocks)
	case p.Time <= 0:
		return fmt.Errorf("plan: time is %v; want one above 0, like \"100ms\"", p.Time)
	case p.Time > Duration(maxTime) || p.LatencyTime > Duration(maxTime):
		return fmt.Errorf("plan: time is %v and latency-time %v; want %v at most", p.Time, p.LatencyTime, maxTime)
	case p.Slice != 0 && (p.Slice < MinSlice || p.Slice > p.Time):
		return fmt.Errorf("plan: slice is %v; want %v to the time of a cell, %v, or 0 to measure it at once", p.Slice, MinSlice, p.Time)
	case p.Memory != 0 && p.Slice == 0:
		return fmt.Errorf("plan: memory-mib is %d without slice; want both, or neither", p.Memory)
	case p.Memory < 0 || p.Memory > maxMemory:
		return fmt.Errorf("plan: memory-mib is %d; want 1 to %d", p.Memory, maxMemory)
	case p.LatencyBlocks < 0 || p.LatencyBlocks > p.Blocks:
		return fmt.Errorf("plan: latency-blocks is %d; want 1 to the number of blocks, %d, or 0 for all", p.LatencyBlocks, p.Blocks)
	case p.LatencyBlocks > 0 && len(p.Staleness)+len(p.Latency) == 0:
		return fmt.Errorf("plan: latency-blocks is %d without cells of staleness or latency; want 0", p.LatencyBlocks)
	case p.Extra < 0 || p.Extra > maxJobs:
		return fmt.Errorf("plan: extra is %d; want 0 to %d", p.Extra, maxJobs)
	case p.Extra > 0 && (p.Forked() || p.TargetCI > 0):
		return fmt.Errorf("plan: extra is %d beside links, forks or target-ci; want it without them", p.Extra)
	case p.Extra > 0 && len(p.Cells) == 0:
		return fmt.Errorf("plan: extra is %d without throughput cells; want 0", p.Extra)
	case p.Procs < 1 || p.Procs > maxProcs:
		return fmt.Errorf("plan: procs is %d; want 1 to %d", p.Procs, maxProcs)
	case p.Links < 0 || p.Links > maxLayer:
		return fmt.Errorf("plan: links is %d; want 1 to %d", p.Links, maxLayer)
	case p.Forks < 0 || p.Forks > maxLayer:
		return fmt.Errorf("plan: forks is %d; want 1 to %d", p.Forks, maxLayer)
	case p.Prefill != "" && p.Prefill != ByOne && p.Prefill != ByWorkers:
		return fmt.Errorf("plan: prefill is %q; want %q or %q", p.Prefill, ByOne, ByWorkers)
	case p.PinWorkers && p.Pin == "":
		return errors.New("plan: pin-workers without pin; want the processors to pin them to, as in 0-3,8")
	case p.TargetCI > 0 && p.Max <= 0:
		return fmt.Errorf("plan: target-ci is %v and max is %v; want max above 0, like \"10m\"", p.TargetCI, p.Max)
	case p.TargetCI > 0 && p.Links > 1 && p.Links < stat.MinSamples:
		return fmt.Errorf("plan: target-ci is %v with %d links, which are too few for any interval; want one, or %d or more", p.TargetCI, p.Links, stat.MinSamples)
	case p.TargetCI == 0 && p.Max != 0:
		return fmt.Errorf("plan: max is %v without target-ci; want both or neither", p.Max)
	case len(p.Latency) > 0 && p.LatencyTime <= 0:
		return fmt.Errorf("plan: latency-time is %v; want one above 0, like \"500ms\"", p.LatencyTime)
	case len(p.All()) == 0:
		return fmt.Errorf("plan: no cells; want at least one")
	case p.Blocks > maxJobs/len(p.All())/p.Sets():
		return fmt.Errorf("plan: %d cells x %d blocks x %d processes; want %d measurements at most", len(p.All()), p.Blocks, p.Sets(), maxJobs)
	}
	if p.Pin != "" {
		if _, err := pin.CPUs(p.Pin); err != nil {
			return fmt.Errorf("plan: pin: %w", err)
		}
	}
	return p.validateCells(entries)
}

// validateCells reports the first cell that is wrong.
func (p Plan) validateCells(entries []kv.Entry) error {
	seen := map[results.ID]string{}
	check := func(list string, kind results.Kind, cells []Cell) error {
		for i, c := range cells {
			place, id := fmt.Sprintf("%s[%d]", list, i), c.ID(kind, p.Procs)
			err := validate(id, entries)
			if err == nil {
				err = validateTrace(id, p.Trace)
			}
			if err != nil {
				return fmt.Errorf("plan: %s: %w", place, err)
			}
			if first, ok := seen[id]; ok {
				return fmt.Errorf("plan: %s is the same as %s: %s; want each cell once", place, first, id.Name())
			}
			seen[id] = place
		}
		return nil
	}
	if err := check("cells", results.Throughput, p.Cells); err != nil {
		return err
	}
	if err := check("staleness", results.Staleness, p.Staleness); err != nil {
		return err
	}
	return check("latency", results.Latency, p.Latency)
}

// validate reports what keeps the cell from being measured.
func validate(id results.ID, entries []kv.Entry) error {
	e, ok := FindMap(entries, id.Impl)
	if !ok {
		return names.Unknown("map", id.Impl, MapNames(entries))
	}
	mix, ok := workloads.FindMix(id.Mix)
	if !ok {
		return names.Unknown("mix", id.Mix, mixNames(func(workloads.Mix) bool { return true }))
	}
	if err := validateKeys(id, e); err != nil {
		return err
	}
	workers := id.Goroutines()
	switch {
	case id.Procs < 1 || id.Procs > maxProcs:
		return fmt.Errorf("procs is %d; want 1 to %d", id.Procs, maxProcs)
	case mix.Roles && (id.G != 0 || workers == 0):
		return fmt.Errorf("mix %s: g is %d; want readers and writers instead", mix.Name, id.G)
	case !mix.Roles && (id.Readers != 0 || id.Writers != 0 || id.G < 1):
		return fmt.Errorf("mix %s: g is %d, readers %d, writers %d; want g alone, 1 or more", mix.Name, id.G, id.Readers, id.Writers)
	case workers > maxWorkers:
		return fmt.Errorf("%d goroutines; want at most %d", workers, maxWorkers)
	case writes(mix, id) && !e.Caps.Has(kv.Writes):
		return fmt.Errorf("map %s cannot be written while others use it; want one of the mixes %s", e.Name,
			strings.Join(mixNames(workloads.Mix.ReadOnly), ", "))
	case !e.Caps.Has(mix.Needs()):
		return fmt.Errorf("map %s lacks a capability that the mix %s needs; want another map or mix", e.Name, mix.Name)
	case workers > 1 && !e.Caps.Has(kv.Concurrent):
		return fmt.Errorf("map %s is for one goroutine at a time; want g 1", e.Name)
	case id.Kind == results.Staleness && (id.Writers != 1 || id.Readers < 1):
		return fmt.Errorf("mix %s: readers is %d and writers %d; a staleness cell wants 1 or more readers and 1 writer", mix.Name, id.Readers, id.Writers)
	case id.Kind == results.Staleness && mix.OneVersion():
		return fmt.Errorf("mix %s: a staleness cell looks up keys; want the mix roles", mix.Name)
	case id.Kind == results.Staleness && e.Level == kv.None:
		return fmt.Errorf("map %s declares no level, so its reads cannot be stale; want another map", e.Name)
	}
	return id.Validate()
}

// OfTrace reports whether keys of that type are those of the plan's trace.
func OfTrace(keyType string) bool { return keyType == "trace" || keyType == "prefix" }

// validateTrace checks the parts of a cell that need the plan's trace.
func validateTrace(id results.ID, in *workloads.TraceInput) error {
	mix, _ := workloads.FindMix(id.Mix)
	dist, _ := workloads.ParseDist(id.Dist)
	switch {
	case in == nil && OfTrace(id.KeyType):
		return fmt.Errorf("key type %s: there is no trace; want one, as by -trace defs", id.KeyType)
	case dist.Trace && (in == nil || id.Dist != in.Dist()):
		return fmt.Errorf("distribution %s: there is no trace of that name; want one, as by -trace defs", id.Dist)
	case dist.Trace && !OfTrace(id.KeyType):
		return fmt.Errorf("distribution %s: the key type is %q; want \"trace\" or \"prefix\"", id.Dist, id.KeyType)
	case mix.Replay && !dist.Trace:
		return fmt.Errorf("mix %s: the distribution is %q; want that of a trace, as by -trace defs", id.Mix, id.Dist)
	}
	return nil
}

// validateKeys checks the distribution, the keys and the map's constructor for them.
func validateKeys(id results.ID, e kv.Entry) error {
	dist, err := workloads.ParseDist(id.Dist)
	switch {
	case err != nil && (strings.HasPrefix(id.Dist, "zipf") || strings.HasPrefix(id.Dist, "hotspot")):
		return err
	case err != nil:
		return names.Unknown("distribution", id.Dist, workloads.DistNames())
	case dist.Source && id.KeyType != "ident":
		return fmt.Errorf("distribution source: the key type is %q; want \"ident\"", id.KeyType)
	case id.Keys < 1 || id.Keys > 1<<28:
		return fmt.Errorf("keys is %d; want 1 to %d", id.Keys, 1<<28)
	}
	keyType, ok := workloads.FindKeyType(id.KeyType)
	if !ok {
		return names.Unknown("key type", id.KeyType, nameOf(workloads.KeyTypes(), func(t workloads.KeyType) string { return t.Name }))
	}
	if !keyType.Has(e) {
		return fmt.Errorf("map %s cannot have keys or values of type %s", e.Name, id.KeyType)
	}
	return nil
}

// writes reports whether any worker of the cell writes.
func writes(m workloads.Mix, id results.ID) bool {
	if m.Roles {
		return id.Writers > 0
	}
	return !m.ReadOnly()
}

func nameOf[T any](all []T, name func(T) string) (list []string) {
	for _, x := range all {
		list = append(list, name(x))
	}
	return list
}

func mixNames(want func(workloads.Mix) bool) (list []string) {
	for _, m := range workloads.Mixes() {
		if want(m) {
			list = append(list, m.Name)
		}
	}
	return list
}
