package doctor

import (
	"fmt"
	"os"
	"testing"
	"testing/fstest"
)

// TestMemory: the least of the memory of the machine, of the control groups and of the address
// space counts.
func TestMemory(t *testing.T) {
	const gib = 1 << 30
	machine := map[string]string{"proc/meminfo": "MemTotal: 9999999 kB\nMemAvailable: 4194304 kB\n"}
	v2 := map[string]string{
		"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/cgroup.procs": "1", "sys/fs/cgroup/a/memory.max": "3221225472\n",
		"sys/fs/cgroup/a/memory.stat": "anon 1073741824\nfile 999999999999\n", "sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/b/memory.stat": "anon 1\n",
	}
	v1 := map[string]string{
		"proc/self/cgroup": "3:memory:/c\n", "sys/fs/cgroup/memory/cgroup.procs": "1", "sys/fs/cgroup/memory/c/memory.limit_in_bytes": "1073741824\n",
		"sys/fs/cgroup/memory/c/memory.stat": "cache 1\nrss 536870912\n",
	}
	limited := map[string]string{"proc/self/limits": "Limit Soft Limit Hard Limit Units\nMax address space         268435456            unlimited            bytes\n"}
	used := map[string]string{"proc/self/statm": fmt.Sprintf("%d 7 1 1 0 1 0\n", gib/8/os.Getpagesize())}
	unlimited := map[string]string{"proc/self/limits": "Max address space         unlimited            unlimited            bytes\n"}
	for _, c := range []struct {
		files []map[string]string
		want  float64
		limit string
	}{
		{nil, 0, ""},
		{[]map[string]string{machine, unlimited}, 4 * gib, "memory of the machine"},
		{[]map[string]string{machine, v2}, 2 * gib, "memory of the control group"},
		{[]map[string]string{machine, v1}, gib / 2, "memory of the control group"},
		{[]map[string]string{machine, v2, limited}, gib / 4, "address space, see ulimit -v"},
		{[]map[string]string{machine, limited, used}, gib / 8, "address space, see ulimit -v"},
	} {
		root := fstest.MapFS{}
		for _, files := range c.files {
			for name, text := range files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
		}
		if is, limit := (Host{Root: root}).Memory(); is != c.want || limit != c.limit {
			t.Errorf("%v: %v, %q; want %v, %q", c.files, is, limit, c.want, c.limit)
		}
	}
}

// TestResident: a process holds the pages that its line of statm says.
func TestResident(t *testing.T) {
	h := Host{Root: fstest.MapFS{"proc/7/statm": {Data: []byte("900 300 100 1 0 500 0\n")}}}
	if is := h.Resident(7); is != 300*float64(os.Getpagesize()) || h.Resident(8) != 0 {
		t.Errorf("%v bytes of 7, and %v of 8, which there is not", is, h.Resident(8))
	}
}

// TestMemoryKills reads how many processes the kernel has killed.
func TestMemoryKills(t *testing.T) {
	h := Host{Root: fstest.MapFS{"proc/vmstat": {Data: []byte("pgfault 9\noom_kill_other 4\noom_kill 3\n")}}}
	if is, none := h.MemoryKills(), (Host{Root: fstest.MapFS{}}).MemoryKills(); is != 3 || none != 0 {
		t.Errorf("%v kills, and %v where none are visible; want 3 and 0", is, none)
	}
}
