package app_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doublebuf/results"
)

// TestExtra measures extra blocks, loses some of them and resumes the run. All maps of a workload
// are in each of its blocks, and the number of extra blocks is what was asked for.
func TestExtra(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := stranger(t, dir, strings.Fields("run -impl good -mix r95w5,r50w50 -dist uniform -g 1 -keys 64 -preset smoke -time 1ms -reps 6 -extra 10 -results r -plots p")...)
	if code != 0 || !strings.Contains(stdout, ", 10 extra blocks, each of one workload") || strings.Count(stdout, " extra blocks for ") != 3 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	check := func() {
		t.Helper()
		set, _, err := results.Load(filepath.Join(dir, "r"))
		if err != nil {
			t.Fatal(err)
		}
		maps, last := map[results.ID]map[int]int{}, 0
		for _, c := range append(set.Cells, set.Twins...) {
			w := c.Workload()
			if maps[w] == nil {
				maps[w] = map[int]int{}
			}
			maps[w][c.Block]++
		}
		for w, of := range maps {
			last += len(of)
			for block, n := range of {
				if n != of[1] || block < 1 || block > len(of) {
					t.Errorf("%s: %d maps in block %d of %d; want %d", w.Mix, n, block, len(of), of[1])
				}
			}
		}
		if len(maps) != 2 || last != 2*6+10 {
			t.Errorf("%d workloads with %d blocks; want 2 with 22", len(maps), last)
		}
		if !set.Manifest.Complete {
			t.Error("the run is not complete")
		}
	}
	check()
	path := filepath.Join(dir, "r/cells.txt")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cut := text[:strings.LastIndex(string(text), "# block")] // the last block
	cut = cut[:strings.LastIndex(string(cut), "# block")]
	oneCell := text[:strings.LastIndex(strings.TrimSpace(string(text)), "\n")+1]
	for _, left := range [][]byte{cut, oneCell[:bytes.LastIndexByte(oneCell, '#')]} { // the last cell has a comment
		if err := os.WriteFile(path, left, 0o666); err != nil {
			t.Fatal(err)
		}
		if code, stdout, stderr := stranger(t, dir, "run", "-resume", "-results", "r", "-plots", "p"); code != 0 {
			t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
		}
		check()
	}
}

// TestExtraWithoutPart: a map that is measured with its collections has no part in extra blocks. A
// run of such maps tries each workload once, and ends.
func TestExtraWithoutPart(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := stranger(t, dir, "run", "-impl", "dbuf-collector-b64", "-mix", "read-only,r50w50", "-g", "1,2", "-keys", "64",
		"-preset", "smoke", "-reps", "2", "-time", "1ms", "-slice", "500us", "-extra", "100", "-results", "r", "-plots", "p")
	if code != 0 || strings.Count(stdout, " extra blocks for ") != 4 {
		t.Fatalf("exit code %d; want 0, and each of 4 workloads once\n%s%s", code, stdout, stderr)
	}
	set, _, err := results.Load(filepath.Join(dir, "r"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range append(set.Cells, set.Twins...) {
		if c.Block > 2 && c.Impl != "noop" {
			t.Errorf("%s is in the extra block %d", c.Name(), c.Block)
		}
	}
	if !set.Manifest.Complete {
		t.Error("the run is not complete")
	}
}
