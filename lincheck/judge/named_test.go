package judge

import (
	"os"
	"strings"
	"testing"

	"doublebuf/lincheck/history"
)

// A reason, the evidence and the picture name the calls that are in the history, and not the parts
// by which they are judged.
func TestReasonsNameTheCallsOfTheHistory(t *testing.T) {
	const set = `{"client":0,"op":"set","key":1,"new":5,"called":0,"returned":1}
{"client":0,"op":"set","key":2,"new":6,"called":2,"returned":3}
`
	for name, test := range map[string]struct{ lines, want string }{
		"walk": {`{"client":0,"op":"walk","called":4,"returned":5,"all":[[2,6]]}`, "walk() did not see 1"},
		"clear": {`{"client":0,"op":"clear","called":4,"returned":5}
{"client":0,"op":"get","key":1,"result":5,"called":6,"returned":7}`, "clear()"},
		"retain":                   {`{"client":0,"op":"retain","called":4,"returned":5,"all":[[1,5]],"removed":[[2,7]]}`, "retain(); removed 2 -> 7"},
		"retain that sees nothing": {`{"client":0,"op":"retain","called":4,"returned":5,"all":[],"removed":[[2,6]]}`, "retain() did not see 1"},
		"lost clear": {`{"client":1,"op":"clear","called":4}
{"client":0,"op":"get","key":1,"result":8,"called":6,"returned":7}`, "clear()"},
		"lost retain": {`{"client":1,"op":"retain","called":4}
{"client":0,"op":"get","key":1,"result":8,"called":6,"returned":7}`, "retain()"},
	} {
		h, err := history.Parse(strings.NewReader(`{"history":2,"claim":"linearizable"}` + "\n" + set + test.lines + "\n"))
		if err != nil {
			t.Fatal(name, err)
		}
		v := History(h)
		if v.Outcome != history.Illegal || !strings.Contains(v.Reason, test.want) {
			t.Errorf("%s: %v; want %s", name, v, test.want)
		}
		v = Explain(v, "", t.TempDir())
		if v.Evidence.Picture == "" {
			t.Fatalf("%s: %v has no picture", name, v)
		}
		picture, err := os.ReadFile(v.Evidence.Picture)
		if err != nil {
			t.Fatal(err)
		}
		_, data, _ := strings.Cut(string(picture), "const data = ")
		for what, text := range map[string]string{"reason": v.Reason, "events": strings.Join(v.Events, "; "), "picture": data} {
			if strings.Contains(text, "delete(") || strings.Contains(text, "get(") && !strings.Contains(test.lines, "get") {
				t.Errorf("%s: the %s names a call that is not in the history: %.300s", name, what, text)
			}
		}
		if again, err := File(v.Evidence.History); err != nil || again.Outcome != history.Illegal {
			t.Errorf("%s: the evidence is %v, %v; want Illegal", name, again, err)
		}
	}
}
