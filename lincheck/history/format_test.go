package history

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each addition of format 2 reads back as it was written, also from a file whose header says 1. The
// writer says 2 for each of them, and 1 for what version 1 can express.
func TestFormats(t *testing.T) {
	for _, test := range []struct {
		name, claim, lines string
		format             string
		want               string // a part of the description of the last event
	}{
		{"old", "linearizable", `{"client":0,"op":"set","key":"true","new":"-1","called":0,"returned":5}`, "1", `set("true", "-1")`},
		{"negative", "linearizable", `{"client":0,"op":"set","key":-7,"new":1,"called":0,"returned":5}`, "2", "set(-7, 1)"},
		{"boolean", "linearizable", `{"client":0,"op":"swap","key":1,"new":true,"result":false,"called":0,"returned":5}`, "2", "swap(1, true) -> false"},
		{"after a lost call", "linearizable", `{"client":0,"op":"set","key":1,"new":1,"called":0}` + "\n" + `{"client":0,"op":"get","key":1,"called":3,"returned":5}`, "2", "get(1) -> none"},
		{"lost at the end", "linearizable", `{"client":0,"op":"get","key":1,"called":3,"returned":5}` + "\n" + `{"client":0,"op":"set","key":1,"new":1,"called":9}`, "1", "set(1, 1)"},
		{"clear", "linearizable", `{"client":0,"op":"clear","called":0,"returned":5}`, "2", "clear()"},
		{"clear of versions", "atomic", `{"client":0,"op":"clear","called":0,"returned":5}`, "2", "clear()"},
		{"walk", "linearizable", `{"client":0,"op":"walk","called":0,"returned":5,"all":[[1,2],["a",-3]],"snapshot":true}`, "2", `walk() at one instant -> 1 -> 2, "a" -> -3`},
		{"empty walk", "eventual", `{"client":0,"op":"walk","called":0,"returned":5,"all":[]}`, "2", "walk() -> nothing"},
		{"retain", "linearizable", `{"client":0,"op":"retain","called":0,"returned":5,"all":[[1,2]],"removed":[[3,true]]}`, "2", "retain() -> 1 -> 2; removed 3 -> true"},
		{"len", "linearizable", `{"client":0,"op":"len","called":0,"returned":5,"result":4}`, "2", "len() -> 4"},
		{"open guard", "atomic", `{"client":1,"op":"guard","version":0,"called":0,"opened":5,"all":[]}`, "2", "opened 5, never closed; all: nothing"},
		{"boolean in a guard", "atomic", `{"client":1,"op":"guard","version":0,"called":0,"opened":5,"closed":6,"reads":[[1,false]]}`, "2", "1 -> false"},
		{"two writers", "per-handle", `{"client":0,"op":"delete","key":1,"called":1,"returned":2}` + "\n" + `{"client":1,"op":"publish","version":1,"called":3,"returned":4}`, "2", "publish() of version 1"},
	} {
		for _, format := range []string{"1", "2"} {
			h, err := Parse(strings.NewReader(`{"history":` + format + `,"claim":"` + test.claim + "\"}\n" + test.lines + "\n"))
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
				continue
			}
			var last string
			h.InOrder(func(c *Call) { last = h.DescribeTimed(c) }, func(g *Guard) { last = h.DescribeGuard(g) })
			if !strings.Contains(last, test.want) {
				t.Errorf("%s: %s; want %s", test.name, last, test.want)
			}
			var file bytes.Buffer
			if err := h.Write(&file); err != nil {
				t.Fatal(err)
			}
			if want := `{"history":` + test.format + `,`; !strings.HasPrefix(file.String(), want) {
				t.Errorf("%s: written as %.12s; want %s", test.name, file.String(), want)
			}
			again, err := Parse(&file)
			if err != nil {
				t.Fatal(test.name, err)
			}
			if diff := cmp.Diff(h, again); diff != "" {
				t.Errorf("%s: %s", test.name, diff)
			}
		}
	}
}

// Events of one client at equal times stay in its order, however calls and guards mix.
func TestOrderAtEqualTimes(t *testing.T) {
	h, err := Parse(strings.NewReader(`{"history":1,"claim":"atomic"}
{"client":1,"op":"guard","version":0,"called":5,"opened":5,"closed":5}
{"client":0,"op":"guard","version":0,"called":5,"opened":5,"closed":5}
{"client":0,"op":"publish","version":1,"called":5,"returned":5}
{"client":0,"op":"guard","version":1,"called":5,"opened":5,"closed":5}
`))
	if err != nil {
		t.Fatal(err)
	}
	var order []int
	h.InOrder(func(c *Call) { order = append(order, c.Seq) }, func(g *Guard) {
		if g.Client == 0 {
			order = append(order, g.Seq)
		}
	})
	if diff := cmp.Diff([]int{1, 2, 3}, order); diff != "" {
		t.Error(diff)
	}
}
