package counters

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Process counts the events of all threads of this process, from Open on.
type Process struct {
	// files holds a counter of each event for each thread that ran when Open was called. A thread
	// that one of them starts is counted with it, and so on.
	files [events][]int
}

// kinds are the type and the number of each event for perf_event_open(2).
var kinds = [events]struct {
	kind   uint32
	config uint64
}{
	{unix.PERF_TYPE_HARDWARE, unix.PERF_COUNT_HW_INSTRUCTIONS},
	{unix.PERF_TYPE_HARDWARE, unix.PERF_COUNT_HW_CPU_CYCLES},
	{unix.PERF_TYPE_HARDWARE, unix.PERF_COUNT_HW_CACHE_MISSES},
	{unix.PERF_TYPE_SOFTWARE, unix.PERF_COUNT_SW_CONTEXT_SWITCHES},
	{unix.PERF_TYPE_SOFTWARE, unix.PERF_COUNT_SW_CPU_MIGRATIONS},
}

// Open begins to count. missing says in one line which events cannot be counted and why; it is ""
// if all can. The caller closes the result.
func Open() (p *Process, missing string) {
	p = &Process{}
	why := map[string][]string{}
	var reasons []string
	for e := range events {
		if err := p.open(e); err != nil {
			if why[err.Error()] == nil {
				reasons = append(reasons, err.Error())
			}
			why[err.Error()] = append(why[err.Error()], e.String())
		}
	}
	var parts []string
	for _, reason := range reasons {
		parts = append(parts, strings.Join(why[reason], ", ")+" ("+reason+")")
	}
	if len(parts) > 0 {
		missing = "not counted on this machine: " + strings.Join(parts, "; ")
	}
	return p, missing
}

// open begins to count an event in all threads that there are. Those that they start are counted
// with them. A thread that an uncounted one starts meanwhile is missed. To look for it would count
// others twice.
func (p *Process) open(e Event) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("the threads are not visible: %w", err)
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			continue
		}
		file, err := openThread(e, id)
		switch {
		case errors.Is(err, unix.ESRCH): // it has ended
		case err != nil:
			p.close(e)
			return err
		default:
			p.files[e] = append(p.files[e], file)
		}
	}
	return nil
}

// openThread begins to count an event in a thread and in those that it starts. If the kernel may
// not be looked at, it counts what happens outside.
func openThread(e Event, thread int) (file int, err error) {
	attr := unix.PerfEventAttr{
		Type: kinds[e].kind, Config: kinds[e].config, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})),
		Read_format: unix.PERF_FORMAT_TOTAL_TIME_ENABLED | unix.PERF_FORMAT_TOTAL_TIME_RUNNING,
		Bits:        unix.PerfBitInherit,
	}
	file, err = unix.PerfEventOpen(&attr, thread, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	if denied := errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM); denied && attr.Type == unix.PERF_TYPE_HARDWARE {
		attr.Bits |= unix.PerfBitExcludeKernel | unix.PerfBitExcludeHv
		file, err = unix.PerfEventOpen(&attr, thread, -1, -1, unix.PERF_FLAG_FD_CLOEXEC)
	}
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENODEV):
		err = errors.New("the machine does not offer them, as most virtual machines do not")
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		err = errors.New("not permitted; kernel.perf_event_paranoid says to whom they are")
	}
	return file, err
}

// Read returns what was counted so far. If there are more events than counters in the processor,
// the kernel counts each for a part of the time, and Read scales it up. p may be nil.
func (p *Process) Read() (c Counts) {
	if p == nil {
		return c
	}
	for e, files := range p.files {
		for _, file := range files {
			var out [24]byte // the count, the time enabled, and the time counted
			if n, err := unix.Read(file, out[:]); n < len(out) || err != nil {
				continue
			}
			count, enabled, ran := word(out[0:]), word(out[8:]), word(out[16:])
			if ran > 0 {
				c[e] += count * enabled / ran
			}
		}
	}
	return c
}

func word(b []byte) float64 { return float64(binary.NativeEndian.Uint64(b)) }

// Close stops counting.
func (p *Process) Close() {
	for e := range p.files {
		p.close(Event(e))
	}
}

func (p *Process) close(e Event) {
	for _, file := range slices.Backward(p.files[e]) {
		_ = unix.Close(file)
	}
	p.files[e] = nil
}
