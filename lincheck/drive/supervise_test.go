package drive

import (
	"bytes"
	"io"
	"testing"
)

// TestHeadIsBounded copies as os/exec does, which prefers a method ReadFrom to Write.
func TestHeadIsBounded(t *testing.T) {
	var h Head
	// LimitReader hides the method WriteTo of the source.
	n, err := io.Copy(&h, io.LimitReader(bytes.NewReader(make([]byte, 2*outputKept)), 2*outputKept))
	if err != nil || n != 2*outputKept || len(h.String()) != outputKept {
		t.Errorf("%d bytes were written, %v, and %d are kept; want %d and %d", n, err, len(h.String()), 2*outputKept, outputKept)
	}
}
