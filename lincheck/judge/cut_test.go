package judge

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"doublebuf/lincheck/history"
)

const linearizableHeader = `{"history":1,"claim":"linearizable"}`

func TestCutOffLastLine(t *testing.T) {
	whole := linearizableHeader + "\n" + `{"client":0,"op":"set","key":1,"new":2,"called":1,"returned":2}` + "\n"
	for cut := range len(whole) - len(linearizableHeader) - 1 {
		h, err := history.Parse(strings.NewReader(whole[:len(whole)-cut]))
		if err != nil {
			t.Fatal(cut, err)
		}
		if wantCut := cut > 0; h.Cut != wantCut || (History(h).Outcome == history.Unknown) != wantCut {
			t.Errorf("%d bytes cut off: Cut is %t, judged %v", cut, h.Cut, History(h))
		}
	}
}

// A history that can be read can be written, and reads back as the same. Judging it neither panics
// nor takes long.
func FuzzReadHistory(f *testing.F) {
	f.Add([]byte(linearizableHeader + "\n" + `{"client":0,"op":"compare-and-swap","key":"a","old":1,"new":"<b>","did":true,"called":1,"returned":2}` + "\n"))
	f.Add([]byte(`{"history":1,"claim":"atomic","lag":1}` + "\n" + `{"client":-1,"op":"guard","version":9,"called":1,"opened":4,"closed":6,"reads":[["a",null]],"all":[]}` + "\n"))
	files, _ := filepath.Glob("testdata/*.jsonl")
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		h, err := history.Parse(bytes.NewReader(file))
		if err != nil {
			return
		}
		h.Cut = false
		var again bytes.Buffer
		if err := h.Write(&again); err != nil {
			t.Fatal(err)
		}
		h2, err := history.Parse(&again)
		if err != nil {
			t.Fatalf("%v in what was written:\n%s", err, again.Bytes())
		}
		if diff := cmp.Diff(h, h2); diff != "" {
			t.Fatal(diff)
		}
		if len(h.Calls) < 50 {
			History(h)
		}
	})
}
