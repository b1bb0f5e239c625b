package terminal

import (
	"strings"
	"testing"
)

// TestWrap: paragraphs are filled again, and indented lines stay.
func TestWrap(t *testing.T) {
	word := strings.Repeat("x", 30)
	got := Wrap("\na " + word + "\n" + word + " " + word + "\n\n  kept   as it is " + word + word + word + "\nend\n")
	want := "a " + word + " " + word + "\n" + word + "\n\n  kept   as it is " + word + word + word + "\nend"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestPerCent: a per cent sign does not begin a line.
func TestPerCent(t *testing.T) {
	got := Wrap(strings.Repeat("x", 76) + " 90 % of")
	if want := strings.Repeat("x", 76) + "\n90 % of"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestRows: texts are aligned, and a long name has a line of its own.
func TestRows(t *testing.T) {
	var b strings.Builder
	words := strings.Repeat("0123456789 ", 8)
	Rows(&b, [][2]string{{"-a", words}, {"-bb", "b"}, {strings.Repeat("n", 27), "c"}, {"-d", ""}})
	want := "  -a   " + strings.TrimSpace(strings.Repeat("0123456789 ", 6)) + "\n" +
		"       0123456789 0123456789\n" +
		"  -bb  b\n" +
		"  " + strings.Repeat("n", 27) + "\n" +
		"       c\n" +
		"  -d\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
