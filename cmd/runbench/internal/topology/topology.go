// Package topology reads how the processors of a machine share cores, caches, sockets and memory,
// and chooses processors by that. It knows Linux. On other systems a processor has a number, and
// nothing else is known.
package topology

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"doublebuf/cmd/runbench/internal/pin"
	"doublebuf/results"
)

// Unknown is the number of something that the system does not show.
const Unknown = -1

// CPU is a processor: what the operating system runs a thread on.
type CPU struct {
	ID int
	// Core is the least number of the processors of its core, its SMT siblings.
	Core int
	// Cache is the least number of the processors that share its last-level cache.
	Cache   int
	Package int // socket
	Node    int // NUMA node
	// Class tells faster processors from slower ones, if the machine has both. The fastest are of
	// class 0.
	Class int
}

// Machine is the processors that this process may use, in the order of their numbers.
type Machine struct {
	CPUs []CPU
}

// ReadThis reads the topology of this machine.
func ReadThis() (Machine, error) {
	if runtime.GOOS == "linux" {
		return Read(os.DirFS("/"))
	}
	var m Machine
	for id := range runtime.NumCPU() {
		m.CPUs = append(m.CPUs, CPU{ID: id, Core: Unknown, Cache: Unknown, Package: Unknown, Node: Unknown})
	}
	return m, nil
}

// Of returns the processors with those numbers, in that order. It leaves out what the machine does
// not have.
func (m Machine) Of(ids []int) (cpus []CPU) {
	for _, id := range ids {
		if i := slices.IndexFunc(m.CPUs, func(c CPU) bool { return c.ID == id }); i >= 0 {
			cpus = append(cpus, m.CPUs[i])
		}
	}
	return cpus
}

// IDs returns the numbers of processors.
func IDs(cpus []CPU) (ids []int) {
	for _, c := range cpus {
		ids = append(ids, c.ID)
	}
	return ids
}

// Read reads the topology from root, the root of the file system or a copy of a part of it.
// Whatever root lacks is Unknown. It fails if root has no list of processors.
func Read(root fs.FS) (Machine, error) {
	s := sysfs{root}
	ids, ok := s.list("sys/devices/system/cpu/online")
	if !ok {
		return Machine{}, fmt.Errorf("sys/devices/system/cpu/online has no list of processors")
	}
	if allowed, ok := s.allowed(); ok {
		ids = slices.DeleteFunc(ids, func(id int) bool { return !slices.Contains(allowed, id) })
	}
	if len(ids) == 0 {
		return Machine{}, fmt.Errorf("this process may use no processor that is online")
	}
	nodes := s.nodes()
	speeds := map[int]int{}
	var m Machine
	for _, id := range ids {
		dir := fmt.Sprintf("sys/devices/system/cpu/cpu%d", id)
		c := CPU{ID: id, Core: Unknown, Cache: s.lastCache(dir), Package: Unknown, Node: Unknown}
		for _, name := range []string{"core_cpus_list", "thread_siblings_list"} { // the second is the old name
			if siblings, ok := s.list(path.Join(dir, "topology", name)); ok && c.Core == Unknown {
				c.Core = siblings[0]
			}
		}
		if p, ok := s.number(path.Join(dir, "topology/physical_package_id")); ok && p >= 0 {
			c.Package = p
		}
		if n, ok := nodes[id]; ok {
			c.Node = n
		}
		speeds[id] = s.speed(dir, id)
		m.CPUs = append(m.CPUs, c)
	}
	classes := map[int]bool{}
	for _, v := range speeds {
		classes[v] = true
	}
	var order []int
	for v := range classes {
		order = append(order, v)
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(b, a) })
	for i := range m.CPUs {
		m.CPUs[i].Class = slices.Index(order, speeds[m.CPUs[i].ID])
	}
	return m, nil
}

// sysfs reads the files of the kernel.
type sysfs struct{ root fs.FS }

func (s sysfs) read(name string) (string, bool) {
	text, err := fs.ReadFile(s.root, name)
	return strings.TrimSpace(string(text)), err == nil
}

func (s sysfs) number(name string) (int, bool) {
	text, ok := s.read(name)
	n, err := strconv.Atoi(text)
	return n, ok && err == nil
}

// list reads a list of processors that is not empty.
func (s sysfs) list(name string) ([]int, bool) {
	text, _ := s.read(name)
	ids, err := pin.CPUs(text)
	return ids, err == nil
}

func (s sysfs) allowed() ([]int, bool) {
	text, _ := s.read("proc/self/status")
	for line := range strings.Lines(text) {
		if list, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			ids, err := pin.CPUs(strings.TrimSpace(list))
			return ids, err == nil
		}
	}
	return nil, false
}

// nodes returns the NUMA node of each processor.
func (s sysfs) nodes() map[int]int {
	of := map[int]int{}
	dirs, _ := fs.Glob(s.root, "sys/devices/system/node/node[0-9]*")
	for _, dir := range dirs {
		node, err := strconv.Atoi(strings.TrimPrefix(path.Base(dir), "node"))
		ids, ok := s.list(path.Join(dir, "cpulist"))
		if err != nil || !ok {
			continue // a node without processors has memory only
		}
		for _, id := range ids {
			of[id] = node
		}
	}
	return of
}

// lastCache returns the least number of the processors that share the largest level of cache of a
// processor.
func (s sysfs) lastCache(dir string) int {
	level, first := 0, Unknown
	caches, _ := fs.Glob(s.root, path.Join(dir, "cache/index[0-9]*"))
	for _, cache := range caches {
		l, ok := s.number(path.Join(cache, "level"))
		sharing, known := s.list(path.Join(cache, "shared_cpu_list"))
		if kind, _ := s.read(path.Join(cache, "type")); ok && known && kind != "Instruction" && l > level {
			level, first = l, sharing[0]
		}
	}
	return first
}

// speed returns a number that is larger for faster processors: the capacity, which arm64 has, or
// whether Intel calls it a performance core.
func (s sysfs) speed(dir string, id int) int {
	if capacity, ok := s.number(path.Join(dir, "cpu_capacity")); ok {
		return capacity
	}
	if slow, ok := s.list("sys/devices/cpu_atom/cpus"); ok && slices.Contains(slow, id) {
		return 1
	}
	return 2
}

// Policy says in which order processors are used.
type Policy string

const (
	// Compact fills one core, then one cache, then one socket.
	Compact Policy = "compact"
	// Spread takes turns between sockets, then between caches, then between cores.
	Spread Policy = "spread"
	// Cores uses one processor of each core, and fills one cache before the next.
	Cores Policy = "cores"
	// node is the beginning of a policy that uses one NUMA node, such as node0, in the order of
	// Compact.
	node = "node"
)

// ParsePolicy reads a policy: spread, compact, cores, or node and a number.
func ParsePolicy(text string) (Policy, error) {
	p := Policy(text)
	if _, ok := p.node(); ok || p == Compact || p == Spread || p == Cores {
		return p, nil
	}
	return "", fmt.Errorf("%q is not a placement; want spread, compact, cores, or a node like node0", text)
}

func (p Policy) node() (int, bool) {
	number, ok := strings.CutPrefix(string(p), node)
	n, err := strconv.Atoi(number)
	return n, ok && err == nil && strconv.Itoa(n) == number && n >= 0
}

// Place returns all processors that policy uses, in the order in which it uses them: n goroutines
// get the first n. Faster processors come first. It fails if the machine does not show what the
// policy needs, or if there is no such node.
func (m Machine) Place(p Policy) ([]CPU, error) {
	cpus := slices.Clone(m.CPUs)
	number, ofNode := p.node()
	switch {
	case ofNode:
		cpus = slices.DeleteFunc(cpus, func(c CPU) bool { return c.Node != number })
		if len(cpus) == 0 {
			return nil, fmt.Errorf("%s has no processor that may be used; want one of %s", p, m.nodes())
		}
	case p == Cores:
		if slices.ContainsFunc(cpus, func(c CPU) bool { return c.Core == Unknown }) {
			return nil, fmt.Errorf("the system does not show which processors are of one core; want the placement spread or compact")
		}
		seen := map[int]bool{}
		cpus = slices.DeleteFunc(cpus, func(c CPU) bool {
			sibling := seen[c.Core]
			seen[c.Core] = true
			return sibling
		})
	}
	slices.SortFunc(cpus, func(a, b CPU) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Package, b.Package), cmp.Compare(a.Node, b.Node),
			cmp.Compare(a.Cache, b.Cache), cmp.Compare(a.Core, b.Core), cmp.Compare(a.ID, b.ID))
	})
	if p == Spread {
		var spreadOut []CPU
		for _, class := range split(cpus, func(c CPU) int { return c.Class }) {
			spreadOut = append(spreadOut, spread(class, shared)...)
		}
		return spreadOut, nil
	}
	return cpus, nil
}

// shared are the things that processors share, from the largest to the smallest.
var shared = []func(CPU) int{
	func(c CPU) int { return c.Package }, func(c CPU) int { return c.Node },
	func(c CPU) int { return c.Cache }, func(c CPU) int { return c.Core },
}

// split divides cpus, which are in the order of key, into those with the same key.
func split(cpus []CPU, key func(CPU) int) (groups [][]CPU) {
	for i, c := range cpus {
		if i == 0 || key(c) != key(cpus[i-1]) {
			groups = append(groups, nil)
		}
		last := &groups[len(groups)-1]
		*last = append(*last, c)
	}
	return groups
}

// spread takes turns between the groups that keys divide cpus into, and in each group too. So SMT
// siblings come last.
func spread(cpus []CPU, keys []func(CPU) int) (order []CPU) {
	if len(keys) == 0 {
		return cpus
	}
	groups := split(cpus, keys[0])
	for i := range groups {
		groups[i] = spread(groups[i], keys[1:])
	}
	for turn := 0; len(order) < len(cpus); turn++ {
		for _, g := range groups {
			if turn < len(g) {
				order = append(order, g[turn])
			}
		}
	}
	return order
}

// nodes lists the NUMA nodes of the machine.
func (m Machine) nodes() string {
	var numbers []int
	for _, c := range m.CPUs {
		if c.Node != Unknown && !slices.Contains(numbers, c.Node) {
			numbers = append(numbers, c.Node)
		}
	}
	slices.Sort(numbers)
	var names []string
	for _, n := range numbers {
		names = append(names, fmt.Sprint(node, n))
	}
	if len(names) == 0 {
		return "spread, compact and cores, because the system shows no nodes"
	}
	return strings.Join(names, ", ")
}

// Boundaries returns where a second cache, socket or node begins, where SMT siblings share a core
// for the first time, and where slower processors begin, if processors are used in that order.
func Boundaries(order []CPU) (marks []results.Boundary) {
	first := func(what string, begins func(before []CPU, c CPU) bool) {
		for i, c := range order {
			if i > 0 && begins(order[:i], c) {
				marks = append(marks, results.Boundary{Processors: i + 1, What: what})
				return
			}
		}
	}
	other := func(key func(CPU) int) func([]CPU, CPU) bool {
		return func(before []CPU, c CPU) bool {
			return key(c) != Unknown && slices.ContainsFunc(before, func(b CPU) bool { return key(b) != Unknown && key(b) != key(c) })
		}
	}
	first("slower processors", func(before []CPU, c CPU) bool { return c.Class > before[len(before)-1].Class })
	first("second socket", other(shared[0]))
	first("second NUMA node", other(shared[1]))
	first("second last-level cache", other(shared[2]))
	first("SMT siblings", func(before []CPU, c CPU) bool {
		return c.Core != Unknown && slices.ContainsFunc(before, func(b CPU) bool { return b.Core == c.Core })
	})
	slices.SortStableFunc(marks, func(a, b results.Boundary) int { return cmp.Compare(a.Processors, b.Processors) })
	for i := len(marks) - 1; i > 0; i-- { // what begins together is one boundary
		if before := &marks[i-1]; before.Processors == marks[i].Processors {
			before.What += ", " + strings.TrimPrefix(marks[i].What, "second ")
			marks = slices.Delete(marks, i, i+1)
		}
	}
	return marks
}

// Explain says for each policy that the machine can have, in one line, what begins at which
// number of processors.
func (m Machine) Explain() (lines []string) {
	policies := []Policy{Spread, Compact, Cores}
	if first := slices.IndexFunc(m.CPUs, func(c CPU) bool { return c.Node != Unknown }); first >= 0 {
		policies = append(policies, Policy(fmt.Sprint(node, m.CPUs[first].Node)))
	}
	for _, p := range policies {
		order, err := m.Place(p)
		if err != nil {
			continue
		}
		line := fmt.Sprintf("-place %s uses %s", p, plural(len(order), "processor"))
		for _, mark := range Boundaries(order) {
			line += fmt.Sprintf(", %s from %d on", mark.What, mark.Processors)
		}
		lines = append(lines, line)
	}
	if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, " from ") }) {
		return []string{"the system shows no cache, socket or node that only some of the processors share, so all placements are alike"}
	}
	return lines
}

// String describes the machine in one line.
func (m Machine) String() string {
	count := func(key func(CPU) int) int {
		seen := map[int]bool{}
		for _, c := range m.CPUs {
			if k := key(c); k != Unknown {
				seen[k] = true
			}
		}
		return len(seen)
	}
	parts := []string{plural(len(m.CPUs), "processor")}
	var hidden []string
	for i, what := range []string{"socket", "NUMA node", "last-level cache", "core"} {
		if n := count(shared[i]); n > 0 {
			parts = append(parts, plural(n, what))
		} else {
			hidden = append(hidden, what+"s")
		}
	}
	if n := count(func(c CPU) int { return c.Class }); n > 1 {
		parts = append(parts, fmt.Sprintf("of %d speeds", n))
	}
	text := strings.Join(parts, ", ")
	if len(hidden) > 0 {
		last := len(hidden) - 1
		if last > 0 {
			hidden = []string{strings.Join(hidden[:last], ", ") + " and " + hidden[last]}
		}
		text += "; the system does not show " + hidden[0]
	}
	return text
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
