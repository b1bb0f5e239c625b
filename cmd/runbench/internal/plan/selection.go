package plan

import (
	"slices"

	"doublebuf/baselines/kv"
)

// selection chooses maps by what they are. It never looks at a name, so a new map or strategy
// takes part in every sweep that it fits.
type selection func(e kv.Entry) bool

// has reports whether s chooses e; nil chooses nothing.
func (s selection) has(e kv.Entry) bool { return s != nil && s(e) }

// doubleBuffers are this project's own maps.
var doubleBuffers = families(kv.DoubleBuffer)

// minor are maps of other modules that take part only if named. The preset full names them.
func minor(e kv.Entry) bool { return e.Aside && !doubleBuffers(e) }

// anyOf chooses what one of all chooses.
func anyOf(all ...selection) selection {
	return func(e kv.Entry) bool {
		return slices.ContainsFunc(all, func(s selection) bool { return s(e) })
	}
}

// families chooses the maps of these families.
func families(names ...string) selection {
	return func(e kv.Entry) bool { return slices.Contains(names, e.Kind().Family) }
}

// ofRole chooses the maps of these roles.
func ofRole(wanted ...kv.Role) selection {
	return func(e kv.Entry) bool { return slices.Contains(wanted, e.Kind().Role) }
}

// published chooses the maps that workers publish after one of the given numbers of writes, or
// after any number if none is given.
func published(every ...int) selection {
	return func(e kv.Entry) bool {
		return e.Policy.Every > 0 && (len(every) == 0 || slices.Contains(every, e.Policy.Every))
	}
}

// mainly chooses the main double buffer in these publish policies, or in any if none is given.
func mainly(every ...int) selection {
	return func(e kv.Entry) bool {
		return e.Kind().Family == kv.DoubleBuffer && !e.Kind().Variation && published(every...)(e)
	}
}

// bounded chooses the double buffer whose publishes wait for a bounded time.
func bounded(every int) selection {
	return func(e kv.Entry) bool { return e.Kind().Writer == "maxwait" && published(every)(e) }
}

// timed chooses the maps that workers publish after a time. They are measured beside the other
// publish policies where staleness is measured.
func timed(e kv.Entry) bool { return e.Policy.Interval > 0 }

// onDemand chooses the maps that are published only on demand. A run never demands it, so their
// staleness grows for the length of the cell.
func onDemand(e kv.Entry) bool { return e.Policy == kv.Policy{} && e.Caps.Has(kv.Versions) }

// scenery chooses the ceiling and the floor. They are measured where they are informative, not at
// every point of every axis.
var scenery = ofRole(kv.Ceiling, kv.Floor)

// leading are the main maps: the double buffer, the fastest map of another module, and those of the
// standard library.
var leading = anyOf(mainly(64), families("syncmap", "xsync", "rwmutex"))

// peers are maps of other modules of which quick has only one cell each.
var peers = families("haxmap", "concurrent-map", "immutable")

// alike are the maps that behave like rwmutex and sharded in most workloads, and haxmap, which
// loses values.
var alike = families("mutex", "rbmutex", "concurrent-map", "haxmap")

// mixing are the maps whose reads of several keys may be of several versions, but for two
// yardsticks.
func mixing(e kv.Entry) bool {
	return !e.Caps.Has(kv.Snapshot) && !families("xsync", "syncmap")(e)
}

// punctual chooses the maps whose latency standard measures: the double buffer with and without a
// bound on how long a publish waits, and of the other maps one of each kind, and the floor.
func punctual(e kv.Entry) bool {
	ours, id := anyOf(mainly(), bounded(64)), e.Kind()
	return ours(e) || id.Family != kv.DoubleBuffer && id.Role != kv.Ceiling && !alike(e) && !peers(e)
}

// waiting are further maps where standard measures the latency of a publish: one of each strategy
// whose publishes wait in another way, and the double buffer of many writers. The strategy
// adaptive waits as asymmetric does, and a publish that collects garbage takes too long.
func waiting(e kv.Entry) bool {
	id := e.Kind()
	other := id.Variation && id.Table == "builtin" && id.Strategy != "adaptive" && !e.Collects
	return other && (published(64)(e) || id.Writer == "group")
}

// byDefault chooses the double buffer that a user gets who sets no options.
func byDefault(e kv.Entry) bool { return e.Kind().Writer == "own" && published(256)(e) }

// leaders are the variations that standard measures wherever it varies keys or access: the default
// map, every other table, and the strategy whose readers are the fastest.
func leaders(e kv.Entry) bool {
	id := e.Kind()
	other := id.Variation && id.Writer != "own" && published(64)(e) && (id.Table != "builtin" || id.Strategy == "asymmetric")
	return other || byDefault(e)
}

// yardsticks are the maps that limits measures every strategy against.
var yardsticks = anyOf(ofRole(kv.Ceiling), families("xsync", "syncmap", "rwmutex"))
