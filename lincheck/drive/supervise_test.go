package drive

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestEnds copies as os/exec does, which prefers a method ReadFrom to Write. What a child prints is
// kept as it is, or if that is too long, the beginning and the end of it.
func TestEnds(t *testing.T) {
	for _, n := range []int{0, 1, outputKept, 2 * outputKept, 2*outputKept + 1, 5*outputKept - 1, 9 * outputKept} {
		var printed strings.Builder
		for i := 0; printed.Len() < n; i++ {
			fmt.Fprintln(&printed, "line", i)
		}
		text := printed.String()[:n]
		want := text
		if lost := n - 2*outputKept; lost > 0 {
			want = fmt.Sprintf("%s\n\n[%d bytes are left out here]\n\n%s", text[:outputKept], lost, text[n-outputKept:])
		}
		var kept Ends
		// LimitReader hides the method WriteTo of the source.
		copied, err := io.Copy(&kept, io.LimitReader(strings.NewReader(text), int64(n)))
		if err != nil || copied != int64(n) || kept.String() != want || cap(kept.head)+cap(kept.tail) > 5*outputKept {
			t.Errorf("%d bytes: %d were written, %v, and %d are kept in %d bytes; want %d", n, copied, err, len(kept.String()), cap(kept.head)+cap(kept.tail), len(want))
		}
	}
}
