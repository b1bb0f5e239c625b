package run

import (
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
)

// TestUseMemory: what is allocated after useMemory and a collection costs no page faults.
func TestUseMemory(t *testing.T) {
	const bytes, page = 32 << 20, 4 << 10
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	faults := func() int64 {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			t.Fatal(err)
		}
		return u.Minflt
	}
	debug.FreeOSMemory() // as after a time without much garbage
	useMemory(bytes)
	runtime.GC()
	before := faults()
	var list *[8]uint64
	for range bytes / 2 / 64 {
		list = &[8]uint64{1}
	}
	runtime.KeepAlive(list)
	if n := faults() - before; n > bytes/2/page/10 {
		t.Errorf("%d page faults for %d pages", n, bytes/2/page)
	}
}
