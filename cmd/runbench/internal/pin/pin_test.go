package pin

import (
	"slices"
	"strings"
	"testing"
)

func TestCPUs(t *testing.T) {
	for list, want := range map[string][]int{"0": {0}, "0-3,8": {0, 1, 2, 3, 8}, "1-2,5": {1, 2, 5}, "0,64,1,65": {0, 64, 1, 65}, "3,1-2": {3, 1, 2}} {
		got, err := CPUs(list)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v; want %v", list, got, err, want)
		}
		if back := Format(got); back != list {
			t.Errorf("%v is written %q; want %q", got, back, list)
		}
	}
	if got, err := CPUs("5,1-2,2"); err != nil || Format(got) != "5,1-2" {
		t.Errorf("named twice: %v, %v", got, err)
	}
	for _, list := range []string{"", "a", "1-", "3-1", "-1", "0,,1", "0-99999"} {
		if got, err := CPUs(list); err == nil || !strings.Contains(err.Error(), "want one like 0-3,8") {
			t.Errorf("%q: %v, %v; want an error", list, got, err)
		}
	}
}
