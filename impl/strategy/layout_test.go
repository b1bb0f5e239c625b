//go:build !explore

package strategy

import (
	"reflect"
	"testing"
	"unsafe"
)

// TestReadersHaveLinesOfTheirOwn checks that the words that readers write share no cache line with
// those of another reader (law S3). It also checks that the writer looks at one line for each
// reader under epoch.
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
			t.Errorf("a reader of epoch begins %d bytes after the start of a cache line", at%line)
		}
	}
}
