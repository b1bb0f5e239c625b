package workloads

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func read(t *testing.T, format, text string, skip bool) (*Trace, error) {
	t.Helper()
	f, ok := FindFormat(format)
	if !ok {
		t.Fatalf("no format %s", format)
	}
	return ReadTrace("t", strings.NewReader(text), f, skip, 0)
}

func TestReadTrace(t *testing.T) {
	for _, test := range []struct {
		format, text   string
		names, licence string
		index          []uint32
		kinds          []Kind
	}{
		{
			"plain", "# licence: CC0\n\nset a key\nget a key\n# no step\nget b\ndelete a key\nget a key", "a key,b", "CC0",
			[]uint32{0, 0, 1, 0, 0},
			[]Kind{Set, Get, Get, Delete, Get},
		},
		{
			"twitter", "0,a,1,3,7,get,0\n0,b,1,3,7,set,60\n1,a,1,3,7,incr,0\n1,b,1,3,7,delete,0\n", "a,b", "CC-BY 4.0 (Yang, Yue and Rashmi, OSDI 2020)",
			[]uint32{0, 1, 0, 1},
			[]Kind{Get, Set, Set, Delete},
		},
		{"prefixes", "192.0.2.0/24\n2001:DB8::/32\n192.0.2.9/24\n", "192.0.2.0/24,2001:db8::/32", "", []uint32{0, 1, 0}, []Kind{Get, Get, Get}},
		{"keys", "#1\na\"b\n\n#1\n", "#1,a\"b", "", []uint32{0, 1, 0}, []Kind{Get, Get, Get}},
		{"twitter", "2,a\"b,3,1,2,get,0\n2,a,b,3,1,2,set,0\n", "a\"b,a,b", "CC-BY 4.0 (Yang, Yue and Rashmi, OSDI 2020)", []uint32{0, 1}, []Kind{Get, Set}},
		{"csv:2", "x,a\ny,b\n", "a,b", "", []uint32{0, 1}, []Kind{Get, Get}},
		{"csv:key:op", "Op, key,n\nGET,a,1\nput,\"b,c\",2\ndel,a\"b,3\n", "a,b,c,a\"b", "", []uint32{0, 1, 2}, []Kind{Get, Set, Delete}},
		{"csv:3:1", "r,0,a\nW,0,a\n", "a", "", []uint32{0, 0}, []Kind{Get, Set}},
		{"libcachesim", "# time, object, size, next_access_vtime\n1,7,512,2\n2,7,512,-1\n", "7", "", []uint32{0, 0}, []Kind{Get, Get}},
		{"libcachesim", "1,7,512\n2,8,512\n", "7,8", "", []uint32{0, 1}, []Kind{Get, Get}},
		{"arc", "7 3 0 1\n8 1 0 2\n", "7,8,9", "", []uint32{0, 1, 2, 1}, []Kind{Get, Get, Get, Get}},
		{"lirs", "*\n7\n8\n7\n*\n", "7,8", "", []uint32{0, 1, 0}, []Kind{Get, Get, Get}},
	} {
		got, err := read(t, test.format, test.text, false)
		if err != nil {
			t.Error(err)
			continue
		}
		if strings.Join(got.Names, ",") != test.names || !slices.Equal(got.Index, test.index) || !slices.Equal(got.Kinds, test.kinds) || got.Licence != test.licence || got.Skipped != 0 {
			t.Errorf("%s: got %+v, want %+v", test.format, got, test)
		}
		if again, err := read(t, test.format, zstandard(t, test.text), false); err != nil || again.Digest != got.Digest {
			t.Errorf("%s, by zstd: digest %v, %v; want %s", test.format, again, err, got.Digest)
		}
		var zipped bytes.Buffer
		z := gzip.NewWriter(&zipped)
		if _, err := z.Write([]byte(test.text)); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		again, err := read(t, test.format, zipped.String(), false)
		if err != nil || again.Digest != got.Digest {
			t.Errorf("%s, zipped: digest %v, %v; want %s", test.format, again, err, got.Digest)
		}
	}
	// printf 'set a\nget a\n' | sha256sum
	got, err := read(t, "plain", "set a\n#\nget a\n", false)
	if want := "de59b7dd7f053859c0ec956effb1195dc2ff7186fbcb455fe9a7e9143c556be9"; err != nil || got.Digest != want {
		t.Errorf("digest %v, %v; want %s", got, err, want)
	}
}

func zstandard(t *testing.T, text string) string {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(w.EncodeAll([]byte(text), nil))
}

// TestBGPStates passes over a STATE line. A prefix is one key, with and without bits behind its
// length.
func TestBGPStates(t *testing.T) {
	got, err := read(t, "bgpdump", "BGP4MP|1|A|192.0.2.1|1|11.13.0.0/13|1|IGP\nBGP4MP|2|STATE|192.0.2.1|1|3|2\nBGP4MP|3|W|192.0.2.1|1|11.8.0.0/13\n", false)
	if err != nil || strings.Join(got.Names, ",") != "11.8.0.0/13" || !slices.Equal(got.Kinds, []Kind{Set, Delete}) {
		t.Errorf("%+v, %v", got, err)
	}
}

// endless is a line without end.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

// TestTraceLimits: a trace ends after the wanted number of steps, also within a line. One line
// cannot stand for too many.
func TestTraceLimits(t *testing.T) {
	f, _ := FindFormat("arc")
	got, err := ReadTrace("t", strings.NewReader("1 1000000 0 1\nnot reached\n"), f, false, 5)
	if err != nil || len(got.Index) != 5 || !got.Cut {
		t.Errorf("%+v, %v; want 5 steps", got, err)
	}
	if got, err := ReadTrace("t", strings.NewReader("1 5 0 1\n"), f, false, 5); err != nil || got.Cut {
		t.Errorf("%+v, %v; want all 5 steps", got, err)
	}
	if _, err := read(t, "arc", "1 1048577 0 1\n", false); err == nil || !strings.Contains(err.Error(), "want 1 to 1048576") {
		t.Error(err)
	}
	b := newTraceBuilder("t", "")
	long := strings.Repeat("x", maxKeyText/4)
	for _, end := range "abc" {
		b.add(Get, long+string(end))
	}
	if b.add(Get, long+"d") || b.full == nil || !strings.Contains(b.full.Error(), "after 3 steps there are more than") {
		t.Error(b.full)
	}
	if _, err := ReadTrace("t", endless{}, f, true, 0); err == nil || err.Error() != "trace t: line 1: more than 64 MiB without an end; want the whole file, undamaged" {
		t.Error(err)
	}
	if !newTraceBuilder("t", "").add(Get, "a") {
		t.Error("a short key is too much")
	}
	for format, text := range map[string]string{"csv:key": "a,b\n1,2\n", "csv:5": "a,b\n", "csv:1:2": "a,fetch\n", "lirs": "x\n"} {
		if got, err := read(t, format, text, false); err == nil {
			t.Errorf("%s: %+v; want an error", format, got)
		}
	}
}

func TestMalformedTrace(t *testing.T) {
	const text = "get a\nput a\nget b\nget\nget \nfetch c\n"
	_, err := read(t, "plain", text, false)
	var bad *Malformed
	if !errors.As(err, &bad) || bad.Count != 4 || len(bad.First) != 3 {
		t.Fatalf("%v; want 4 malformed lines", err)
	}
	if !strings.Contains(err.Error(), `4 malformed lines: line 2: "put a": want "get KEY"`) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q", err)
	}
	got, err := read(t, "plain", text, true)
	if err != nil || got.Skipped != 4 || len(got.Index) != 2 {
		t.Errorf("skipping: %+v, %v; want 2 steps and 4 lines skipped", got, err)
	}
	for format, text := range map[string]string{
		"twitter":  "0,a,1,3,7,get,0\n0,a,1,3,7,fetch,0\n0,a,1,3,get,0\n\"\n",
		"prefixes": "192.0.2.0/24\n192.0.2.0\n192.0.2.0/33\nhello\n",
	} {
		if got, err := read(t, format, text, true); err != nil || got.Skipped != 3 || len(got.Index) != 1 {
			t.Errorf("%s: %+v, %v; want 1 step and 3 lines skipped", format, got, err)
		}
	}
	for _, text := range []string{"", "# nothing\n", "put a\n", "\x1f\x8bnot zipped"} {
		if got, err := read(t, "plain", text, true); err == nil {
			t.Errorf("%q: got %+v, want an error", text, got)
		}
	}
}

// TestDamagedTrace: lines that are too long or are not text are malformed, and the error has their
// numbers. A compressed file that was cut off or changed is refused, and the error has the line
// that could not be read.
func TestDamagedTrace(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	const end = "set c\r\nget c"
	for name, test := range map[string]struct{ text, says string }{
		"a byte of 0":   {"get a\nget \x00b\n" + end, `line 2: "get \x00b": a byte of 0`},
		"zeros":         {"get a\n" + strings.Repeat("\x00", 1<<16) + "\n" + end, "line 2: "},
		"too long":      {"get a\nget " + long + "\n" + end, `line 2: "get xxx`},
		"much too long": {"get a\nget " + long + long + "\n" + end, "1 MiB"},
		"too long last": {"get a\n" + end + "\nget " + long, "line 4: "},
	} {
		_, err := read(t, "plain", test.text, false)
		var bad *Malformed
		if !errors.As(err, &bad) || bad.Count != 1 || !strings.Contains(err.Error(), test.says) || len(err.Error()) > 300 {
			t.Errorf("%s: %.300v; want one malformed line, %s", name, err, test.says)
		}
		if got, err := read(t, "plain", test.text, true); err != nil || got.Skipped != 1 || strings.Join(got.Names, ",") != "a,c" {
			t.Errorf("%s: skipping: %+v, %.300v", name, got, err)
		}
	}
	// The longest allowed line, with either line end.
	most := "get " + long[4:]
	if got, err := read(t, "plain", most+"\r\n"+most+"\n"+most, false); err != nil || len(got.Index) != 3 || len(got.Names) != 1 {
		t.Errorf("lines of 1 MiB: %.300v", err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	for i := range 1000 {
		fmt.Fprintf(z, "get %x\n", sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	changed := zipped.Bytes()
	changed[len(changed)-5] ^= 1 // in the checksum
	for name, text := range map[string]string{"cut off": string(changed[:len(changed)/2]), "changed": string(changed)} {
		if got, err := read(t, "plain", text, true); err == nil || !regexp.MustCompile(`^trace t: line \d{3,4}: .*undamaged$`).MatchString(err.Error()) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestHitShare(t *testing.T) {
	for text, want := range map[string]float64{
		"get a\nget a\nget a\nget b\n":    0.5,
		"set a\nget a\ndelete a\nget a\n": 0.5,
		"set a\nget a\n":                  1,
		"get a\n":                         0,
	} {
		got, err := read(t, "plain", text, false)
		if err != nil || got.HitShare() != want {
			t.Errorf("%q: %v, %v; want %v", text, got.HitShare(), err, want)
		}
	}
	if got, _ := read(t, "plain", "set a\n", false); !math.IsNaN(got.HitShare()) {
		t.Error("a hit share without gets")
	}
}

// The fit finds the theta from which keys were drawn. A large off shows keys that no theta fits.
func TestZipfFit(t *testing.T) {
	const n, draws, seed = 500, 100_000, 7
	for name, want := range map[string]struct{ theta, off float64 }{
		"zipf0.5": {0.5, 0.02}, "zipf0.99": {0.99, 0.02}, "zipf1.5": {1.5, 0.02}, "uniform": {0, 0.03}, "hotspot80-20": {math.NaN(), 1},
	} {
		d, err := ParseDist(name)
		if err != nil {
			t.Fatal(err)
		}
		b, draw := newTraceBuilder(name, ""), d.draws(n, random(seed, seedOfTape))
		for range draws {
			b.add(Get, fmt.Sprint(draw()))
		}
		theta, off := b.trace().ZipfFit()
		t.Logf("%s: theta %.3f, off by %.3f", name, theta, off)
		if math.IsNaN(want.theta) {
			if off < 0.1 {
				t.Errorf("%s: theta %.3f is off by %.3f; want at least 0.1", name, theta, off)
			}
		} else if math.Abs(theta-want.theta) > 0.07 || off > want.off {
			t.Errorf("%s: theta %.3f, off by %.3f; want %.2f and at most %.2f", name, theta, off, want.theta, want.off)
		}
	}
}

// A use finds its definition, if that is in the trace.
func TestLoadDefs(t *testing.T) {
	got, err := LoadDefs("unicode/utf8", "errors")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"unicode/utf8.RuneError utf8.go:", "errors.Is wrap.go:", "builtin.string "} {
		if !slices.ContainsFunc(got.Names, func(name string) bool { return strings.HasPrefix(name, key) }) {
			t.Errorf("no key %s…", key)
		}
	}
	sets := 0
	for _, k := range got.Kinds {
		if k == Set {
			sets++
		}
	}
	share := got.HitShare()
	t.Logf("%d steps, %d keys, %d sets, hit share %.3f", len(got.Index), len(got.Names), sets, share)
	if len(got.Index) < 1000 || sets < 150 || share < 0.8 || share > 0.999 {
		t.Errorf("%d steps, %d sets, hit share %.3f", len(got.Index), sets, share)
	}
	digests := map[string]bool{} // sort embeds a type in a struct, and the steps come from Go maps, which have no order
	for range 5 {
		again, err := LoadDefs("sort")
		if err != nil {
			t.Fatal(err)
		}
		digests[again.Digest] = true
	}
	if len(digests) != 1 {
		t.Errorf("5 loads of one package have %d digests", len(digests))
	}
	if _, err := LoadDefs("no/such/package"); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %v for a package that is not there; want one line", err)
	}
}
