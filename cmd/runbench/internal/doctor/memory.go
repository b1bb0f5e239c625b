package doctor

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
)

// Memory returns how many bytes of memory this process and its children can still get, and what
// limits them: the memory of the machine, that of a control group, or the address space of a
// process. bytes is 0 if nothing of this is visible.
func (h Host) Memory() (bytes float64, limit string) {
	least := func(n float64, of string) {
		if n > 0 && (bytes == 0 || n < bytes) {
			bytes, limit = n, of
		}
	}
	info, _ := h.read("proc/meminfo")
	least(1024*field(info, "MemAvailable:"), "memory of the machine")
	for _, dir := range h.groups("memory") {
		most, ok := h.number(path.Join(dir, "memory.max"))
		if !ok { // version 1
			most, _ = h.number(path.Join(dir, "memory.limit_in_bytes"))
		}
		stat, _ := h.read(path.Join(dir, "memory.stat"))
		least(most-field(stat, "anon ")-field(stat, "rss "), "memory of the control group")
	}
	limits, _ := h.read("proc/self/limits")
	used, _ := h.pages("self") // Go reserves much of it, in each process
	least(field(limits, "Max address space")-used, "address space, see ulimit -v")
	return bytes, limit
}

// MemoryKills returns how many processes the kernel has killed since it was started, because there
// was no memory left for them; 0 if that is not visible.
func (h Host) MemoryKills() float64 {
	text, _ := h.read("proc/vmstat")
	return field(text, "oom_kill ")
}

// field returns the number in the line of text that begins with name; 0 if there is none.
func field(text, name string) (n float64) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			_, _ = fmt.Sscan(rest, &n) // such as "unlimited", which is no limit
			return n
		}
	}
	return 0
}

// Resident returns how many bytes of memory a process holds; 0 if that is not visible.
func (h Host) Resident(process int) float64 {
	_, resident := h.pages(strconv.Itoa(process))
	return resident
}

// pages returns the bytes of the address space of a process, and those of its memory.
func (h Host) pages(process string) (space, resident float64) {
	text, _ := h.read("proc/" + process + "/statm")
	_, _ = fmt.Sscan(text, &space, &resident) // numbers of pages
	size := float64(os.Getpagesize())
	return space * size, resident * size
}
