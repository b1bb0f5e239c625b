package terminal

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestPainter: outcomes in columns are coloured, however the text is split into writes. Other text
// is not coloured. Without the colours the text is unchanged.
func TestPainter(t *testing.T) {
	const text = "map    verdict\nxsync  Ok       Ok  FAILED, as expected\n  unfit  CPU quota  fitness\nOk, it is better so: worse\na  b  inconclusive: why\n  worse"
	const want = "map    verdict\nxsync  [g]Ok[0]       [g]Ok[0]  [y]FAILED, as expected[0]\n  [r]unfit[0]  CPU quota  fitness\nOk, it is better so: worse\na  b  [y]inconclusive[0]: why\n  [r]worse[0]"
	for size := 1; size <= len(text); size++ {
		var b strings.Builder
		p := NewPainter(&b)
		for from := 0; from < len(text); from += size {
			if n, err := fmt.Fprint(p, text[from:min(from+size, len(text))]); err != nil || n == 0 {
				t.Fatal(n, err)
			}
		}
		if err := p.Flush(); err != nil {
			t.Fatal(err)
		}
		if got := strings.NewReplacer(red, "[r]", green, "[g]", yellow, "[y]", uncolored, "[0]").Replace(b.String()); got != want {
			t.Fatalf("in writes of %d bytes:\n%s\nwant\n%s", size, got, want)
		}
	}
}

// TestInColor: output to files and pipes is never in colour. Output to a terminal is in colour if
// NO_COLOR and TERM allow it. A device takes the place of the terminal.
func TestInColor(t *testing.T) {
	device, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, test := range []struct {
		noColor, term string
		want          bool
	}{{"", "xterm", true}, {"1", "xterm", false}, {"", "dumb", false}} {
		t.Setenv("NO_COLOR", test.noColor)
		t.Setenv("TERM", test.term)
		if got := InColor(device); got != test.want {
			t.Errorf("NO_COLOR=%q TERM=%q: in colour: %v", test.noColor, test.term, got)
		}
		if InColor(file) || InColor(new(strings.Builder)) {
			t.Error("in colour into a file")
		}
	}
}
