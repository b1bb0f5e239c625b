package topology

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"doublebuf/cmd/runbench/internal/pin"
)

// tree is a copy of the files in which the kernel shows processors.
type tree fstest.MapFS

func (t tree) put(name, text string) { t[name] = &fstest.MapFile{Data: []byte(text + "\n")} }

// cpu adds processor id, with the lists of processors that share its core and its last-level cache.
func (t tree) cpu(id, socket int, core, cache string) {
	dir := fmt.Sprintf("sys/devices/system/cpu/cpu%d/", id)
	t.put(dir+"topology/physical_package_id", fmt.Sprint(socket))
	t.put(dir+"topology/thread_siblings_list", core)
	for i, c := range []struct{ level, kind, shared string }{{"1", "Data", core}, {"1", "Instruction", core}, {"2", "Unified", core}, {"3", "Unified", cache}} {
		at := fmt.Sprintf("%scache/index%d/", dir, i)
		t.put(at+"level", c.level)
		t.put(at+"type", c.kind)
		t.put(at+"shared_cpu_list", c.shared)
	}
}

// epyc has one socket of 64 cores without SMT, 8 of which share a cache, and 4 nodes.
func epyc() tree {
	t := tree{}
	t.put("sys/devices/system/cpu/online", "0-63")
	for id := range 64 {
		t.cpu(id, 0, fmt.Sprint(id), fmt.Sprintf("%d-%d", id/8*8, id/8*8+7))
	}
	for n := range 4 {
		t.put(fmt.Sprintf("sys/devices/system/node/node%d/cpulist", n), fmt.Sprintf("%d-%d", 16*n, 16*n+15))
	}
	t.put("sys/devices/system/node/node4/cpulist", "") // memory only
	return t
}

// arm has 80 cores without SMT. Its firmware shows neither packages nor a shared cache:
// core_cpus_list is the new name of the siblings, and the package is -1.
func arm() tree {
	t := tree{}
	t.put("sys/devices/system/cpu/online", "0-79")
	for id := range 80 {
		dir := fmt.Sprintf("sys/devices/system/cpu/cpu%d/", id)
		t.put(dir+"topology/physical_package_id", "-1")
		t.put(dir+"topology/core_cpus_list", fmt.Sprint(id))
		t.put(dir+"cpu_capacity", "1024")
	}
	return t
}

// container is epyc, of which the process may use 6 processors.
func container() tree {
	t := epyc()
	t.put("proc/self/status", "Name:\trunbench\nCpus_allowed:\tff\nCpus_allowed_list:\t6-9,40-41")
	return t
}

// recorded returns the files in testdata/name.tar.gz.
func recorded(t *testing.T, name string) tree {
	f, err := os.Open("testdata/" + name + ".tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := tree{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[h.Name] = &fstest.MapFile{Data: data}
	}
}

func TestMachines(t *testing.T) {
	for _, c := range []struct {
		name   string
		files  tree
		text   string
		orders map[Policy]string // the first 10 processors
		marks  map[Policy]string
	}{
		{
			"server", recorded(t, "server"), "112 processors, 2 sockets, 4 NUMA nodes, 2 last-level caches, 56 cores",
			map[Policy]string{
				Compact: "0 56 4 60 8 64 12 68 16 72", Spread: "0 1 2 3 4 5 6 7 8 9", Cores: "0 4 8 12 16 20 24 28 32 36",
				"node1": "1 57 5 61 9 65 13 69 17 73",
			},
			map[Policy]string{
				Compact: "2 SMT siblings, 29 second NUMA node, 57 second socket, last-level cache",
				Spread:  "2 second socket, NUMA node, last-level cache, 57 SMT siblings",
				Cores:   "15 second NUMA node, 29 second socket, last-level cache",
				"node1": "2 SMT siblings",
			},
		},
		{
			"westmere", recorded(t, "westmere"), "24 processors, 2 sockets, 2 NUMA nodes, 2 last-level caches, 12 cores",
			map[Policy]string{Compact: "1 13 3 15 5 17 7 19 9 21", Spread: "1 0 3 2 5 4 7 6 9 8", Cores: "1 3 5 7 9 11 0 2 4 6", "node0": "0 12 2 14 4 16 6 18 8 20"},
			map[Policy]string{
				Compact: "2 SMT siblings, 13 second socket, NUMA node, last-level cache",
				Spread:  "2 second socket, NUMA node, last-level cache, 13 SMT siblings",
				Cores:   "7 second socket, NUMA node, last-level cache", "node0": "2 SMT siblings",
			},
		},
		{
			"ryzen", recorded(t, "ryzen"), "12 processors, 1 socket, 1 NUMA node, 2 last-level caches, 6 cores",
			map[Policy]string{Compact: "0 6 1 7 2 8 3 9 4 10", Spread: "0 3 1 4 2 5 6 9 7 10", Cores: "0 1 2 3 4 5"},
			map[Policy]string{
				Compact: "2 SMT siblings, 7 second last-level cache", Spread: "2 second last-level cache, 7 SMT siblings",
				Cores: "4 second last-level cache",
			},
		},
		{
			"virtual", recorded(t, "virtual"), "2 processors, 1 socket, 1 NUMA node, 1 last-level cache, 2 cores",
			map[Policy]string{Compact: "0 1", Spread: "0 1", Cores: "0 1", "node0": "0 1"},
			map[Policy]string{Compact: "", Spread: "", Cores: "", "node0": ""},
		},
		{
			"epyc", epyc(), "64 processors, 1 socket, 4 NUMA nodes, 8 last-level caches, 64 cores",
			map[Policy]string{Compact: "0 1 2 3 4 5 6 7 8 9", Spread: "0 16 32 48 8 24 40 56 1 17", Cores: "0 1 2 3 4 5 6 7 8 9", "node3": "48 49 50 51 52 53 54 55 56 57"},
			map[Policy]string{
				Compact: "9 second last-level cache, 17 second NUMA node", Spread: "2 second NUMA node, last-level cache",
				Cores: "9 second last-level cache, 17 second NUMA node", "node3": "9 second last-level cache",
			},
		},
		{
			"hybrid", recorded(t, "hybrid"), "16 processors, 1 socket, 1 NUMA node, 1 last-level cache, 12 cores, of 2 speeds",
			map[Policy]string{Compact: "0 1 2 3 4 5 6 7 8 9", Spread: "0 2 4 6 1 3 5 7 8 9", Cores: "0 2 4 6 8 9 10 11 12 13"},
			map[Policy]string{Compact: "2 SMT siblings, 9 slower processors", Spread: "5 SMT siblings, 9 slower processors", Cores: "5 slower processors"},
		},
		{
			"arm", arm(), "80 processors, 80 cores; the system does not show sockets, NUMA nodes and last-level caches",
			map[Policy]string{Compact: "0 1 2 3 4 5 6 7 8 9", Spread: "0 1 2 3 4 5 6 7 8 9", Cores: "0 1 2 3 4 5 6 7 8 9"},
			map[Policy]string{Compact: "", Spread: "", Cores: ""},
		},
		{
			"container", container(), "6 processors, 1 socket, 2 NUMA nodes, 3 last-level caches, 6 cores",
			map[Policy]string{Compact: "6 7 8 9 40 41", Spread: "6 40 8 41 7 9", Cores: "6 7 8 9 40 41"},
			map[Policy]string{
				Compact: "3 second last-level cache, 5 second NUMA node", Spread: "2 second NUMA node, last-level cache",
				Cores: "3 second last-level cache, 5 second NUMA node",
			},
		},
	} {
		m, err := Read(fstest.MapFS(c.files))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := m.String(); got != c.text {
			t.Errorf("%s is %q; want %q", c.name, got, c.text)
		}
		for policy, want := range c.orders {
			order, err := m.Place(policy)
			if err != nil {
				t.Errorf("%s, %s: %v", c.name, policy, err)
				continue
			}
			var first, marks []string
			for _, cpu := range order[:min(10, len(order))] {
				first = append(first, fmt.Sprint(cpu.ID))
			}
			for _, m := range Boundaries(order) {
				marks = append(marks, fmt.Sprint(m.Processors, " ", m.What))
			}
			if got := strings.Join(first, " "); got != want {
				t.Errorf("%s, %s: processors %s; want %s", c.name, policy, got, want)
			}
			if got := strings.Join(marks, ", "); got != c.marks[policy] {
				t.Errorf("%s, %s: marks %q; want %q", c.name, policy, got, c.marks[policy])
			}
			seen := map[int]bool{}
			for _, cpu := range order {
				seen[cpu.ID] = true
			}
			if len(seen) != len(order) {
				t.Errorf("%s, %s: a processor stands twice in %v", c.name, policy, order)
			}
		}
	}
}

// TestThisMachine: the processors of this machine are those that the process may use.
func TestThisMachine(t *testing.T) {
	m, err := ReadThis()
	if err != nil {
		t.Fatal(err)
	}
	var ids []int
	for _, c := range m.CPUs {
		ids = append(ids, c.ID)
	}
	t.Logf("%s: %s", pin.Format(ids), m)
	if len(ids) != runtime.NumCPU() {
		t.Errorf("%d processors; the runtime may use %d", len(ids), runtime.NumCPU())
	}
}

func TestRefusals(t *testing.T) {
	without := tree{}
	if _, err := Read(fstest.MapFS(without)); err == nil {
		t.Error("a system without processors is read")
	}
	nowhere := epyc()
	nowhere.put("proc/self/status", "Cpus_allowed_list:\t900")
	if m, err := Read(fstest.MapFS(nowhere)); err == nil {
		t.Errorf("a process without a processor has %s", m)
	}
	half := recorded(t, "server") // one processor shows no cache
	for name := range half {
		if strings.Contains(name, "/cpu4/cache") {
			delete(half, name)
		}
	}
	if m, err := Read(fstest.MapFS(half)); err != nil || len(Boundaries(m.Of([]int{0, 4, 8, 12}))) > 0 {
		t.Errorf("%v, boundaries %v; want none from a processor that shows nothing", err, Boundaries(m.Of([]int{0, 4, 8, 12})))
	}
	bare := tree{}
	bare.put("sys/devices/system/cpu/online", "0-3")
	m, err := Read(fstest.MapFS(bare))
	if err != nil || len(m.CPUs) != 4 {
		t.Fatalf("%v, %v; want 4 processors of which nothing is known", m, err)
	}
	for _, c := range []struct {
		policy Policy
		want   string
	}{
		{Cores, "the system does not show which processors are of one core"},
		{"node0", "node0 has no processor that may be used; want one of spread, compact and cores, because the system shows no nodes"},
	} {
		if _, err := m.Place(c.policy); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", c.policy, err, c.want)
		}
	}
	for _, text := range []string{"", "near", "node", "node-1", "nodes", "node00"} {
		if p, err := ParsePolicy(text); err == nil {
			t.Errorf("%q is the placement %s", text, p)
		}
	}
}
