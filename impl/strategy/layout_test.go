//go:build !explore

package strategy

import (
	"reflect"
	"testing"
	"unsafe"
)

// TestReadersHaveLinesOfTheirOwn: what readers write shares no cache line with another's (law
// S3), and what the writer looks at of each under epoch is one.
func TestReadersHaveLinesOfTheirOwn(t *testing.T) {
	const line = 64
	if n := unsafe.Sizeof(epochReader{}); n != line {
		t.Errorf("a reader of epoch takes %d bytes, want %d", n, line)
	}
	for _, k := range All() {
		if !k.Waits() {
			continue // readers of single are one goroutine, and those of collector have no words
		}
		s := k.New(Options{})
		s.Begin(new(Copy))
		n := reflect.TypeOf(s.NewReader("")).Elem().Size()
		if n%line != 0 {
			t.Errorf("a reader of %s takes %d bytes, want a multiple of %d", k.Name, n, line)
		}
	}
	for range 100 {
		if at := uintptr(unsafe.Pointer(Epoch(Options{}).NewReader("").(*epochReader))); at%line != 0 {
			t.Errorf("a reader of epoch begins %d bytes behind a line's start", at%line)
		}
	}
}
