package workloads

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Trace is real input: a sequence of gets, sets and deletes.
type Trace struct {
	Name    string   // the file or module that it was read from
	Licence string   // its licence; "" if it does not say
	Digest  string   // SHA-256 of the steps as plain text, in hexadecimal; of a Source, the Source's digest
	Names   []string // distinct keys, in the order of their first occurrence
	Index   []uint32 // the key of each step, as an index in Names
	Kinds   []Kind   // the kind of each step: Get, Set or Delete
	Skipped int      // the number of malformed lines
	Cut     bool     // the input goes on, after as many steps as were wanted

	Prefixes bool // all keys are IP prefixes, in the form of package netip
}

// Malformed is the error of a trace with malformed lines.
type Malformed struct {
	Name  string
	Count int
	First []string // the first few, each with its line number, what is wrong, and what would be right
}

func (m *Malformed) Error() string {
	lines := "lines"
	if m.Count == 1 {
		lines = "line"
	}
	return fmt.Sprintf("trace %s: %d malformed %s: %s; correct the file, or use -skip-malformed", m.Name, m.Count, lines, strings.Join(m.First, "; "))
}

// The limits of a trace. What they allow takes less than 2 GB of memory.
const (
	maxSteps     = 64 << 20
	maxKeys      = 8 << 20
	maxKeyText   = 512 << 20 // bytes of all distinct keys
	maxTraceLine = 1 << 20
)

// ReadTrace reads a trace of the format f. The input may be compressed by gzip or zstd. Errors name
// the trace by name. If skip is true malformed lines are skipped and counted, otherwise they are
// reported together as a *Malformed. With steps above 0 ReadTrace stops after so many steps. Else
// a trace of more than 64 Mi steps is an error. So is one without a step, or with too many keys.
func ReadTrace(name string, r io.Reader, f Format, skip bool, steps int) (*Trace, error) {
	const shown = 3
	lines, done, err := decompressed(r)
	if err != nil {
		return nil, fmt.Errorf("trace %s: %w; want the whole file, undamaged", name, err)
	}
	defer done()
	b := newTraceBuilder(name, f.licence)
	b.t.Prefixes, b.steps = f.prefixes, steps
	bad := &Malformed{Name: name}
	step := f.parse()
	for n := 1; ; n++ {
		line, err := readLine(lines, maxTraceLine)
		if err == io.EOF {
			break
		}
		if err != nil && err != errLong {
			return nil, fmt.Errorf("trace %s: line %d: %w; want the whole file, undamaged", name, n, err)
		}
		if err == nil && f.ignores(b.t, line) {
			continue
		}
		if err == nil && strings.ContainsRune(line, 0) {
			err = errors.New("a byte of 0; want text")
		}
		if err == nil {
			err = step(line, b.add)
		}
		if b.full != nil {
			break
		}
		if err != nil {
			if bad.Count++; bad.Count <= shown {
				bad.First = append(bad.First, fmt.Sprintf("line %d: %.40q: %v", n, line, err))
			}
		}
	}
	switch {
	case bad.Count > 0 && !skip:
		return nil, bad
	case b.full != nil && b.full != errEnough:
		return nil, fmt.Errorf("trace %s: %w", name, b.full)
	case len(b.t.Index) == 0:
		return nil, fmt.Errorf("trace %s: no step of format %s; want at least one", name, f.Name)
	}
	b.t.Skipped, b.t.Cut = bad.Count, b.full == errEnough
	return b.trace(), nil
}

// decompressed returns a reader of the text in r, and the function that ends it.
func decompressed(r io.Reader) (*bufio.Reader, func(), error) {
	buffered := bufio.NewReader(r)
	switch magic, _ := buffered.Peek(4); {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(buffered)
		return bufio.NewReader(z), func() {}, err
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		// Published traces have windows of up to 128 MiB.
		z, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, nil, err
		}
		return bufio.NewReader(z), z.Close, nil
	}
	return buffered, func() {}, nil
}

var errLong = errors.New("more than 1 MiB; want a line that is shorter")

// readLine returns the next line without its end, "\n" or "\r\n". If the line is longer than most
// bytes it returns the beginning and errLong. After the last line it returns io.EOF. It gives up a
// line that is so long that the input may never end.
func readLine(r *bufio.Reader, most int) (line string, err error) {
	const hopeless = 64 << 20
	var whole []byte
	for length := 0; ; {
		part, err := r.ReadSlice('\n')
		if length += len(part); length > hopeless {
			return "", errors.New("more than 64 MiB without an end")
		}
		whole = append(whole, part[:min(len(part), most+2-len(whole))]...)
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err != nil && (err != io.EOF || len(whole) == 0):
			return "", err
		}
		line := strings.TrimSuffix(strings.TrimSuffix(string(whole), "\n"), "\r")
		if len(line) > most {
			return line[:most], errLong
		}
		return line, nil
	}
}

// traceBuilder collects steps.
type traceBuilder struct {
	t        *Trace
	at       map[string]uint32
	keyBytes int
	steps    int   // the number of steps that are wanted; 0 = all
	full     error // why no more steps are taken
	digest   hash.Hash
}

func newTraceBuilder(name, licence string) *traceBuilder {
	return &traceBuilder{t: &Trace{Name: name, Licence: licence}, at: map[string]uint32{}, digest: sha256.New()}
}

// errEnough: the trace has as many steps as were wanted.
var errEnough = errors.New("enough steps")

// add adds a step. It reports whether the trace may have more of them.
func (b *traceBuilder) add(kind Kind, key string) bool {
	k, ok := b.at[key]
	switch {
	case b.steps > 0 && len(b.t.Index) == b.steps:
		b.full = errEnough
	case len(b.t.Index) == maxSteps:
		b.full = fmt.Errorf("more than %d steps; -steps N takes only the first N", maxSteps)
	case !ok && (len(b.t.Names) == maxKeys || b.keyBytes+len(key) > maxKeyText):
		b.full = fmt.Errorf("after %d steps there are more than %d distinct keys, or more than %d MiB of them; -steps N takes only the first N steps", len(b.t.Index), maxKeys, maxKeyText>>20)
	}
	if b.full != nil {
		return false
	}
	if !ok {
		key = strings.Clone(key) // of a longer line
		k = uint32(len(b.t.Names))
		b.t.Names = append(b.t.Names, key)
		b.at[key] = k
		b.keyBytes += len(key)
	}
	b.t.Index = append(b.t.Index, k)
	b.t.Kinds = append(b.t.Kinds, kind)
	fmt.Fprintln(b.digest, [...]string{Get: "get", Set: "set", Delete: "delete"}[kind], key)
	return true
}

func (b *traceBuilder) trace() *Trace {
	b.t.Digest = hex.EncodeToString(b.digest.Sum(nil))
	return b.t
}

// bartModule has a BGP table in its test data.
const bartModule = "github.com/gaissmai/bart@v0.30.0"

// LoadBGP returns the prefixes of a full BGP table in its order. Each is looked up once. The keys
// are short, similar and unevenly spread. The table is a file in a Go module. The go command
// downloads the module unless its cache has it.
func LoadBGP() (*Trace, error) {
	cmd := exec.Command("go", "mod", "download", "-json", bartModule)
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	cmd.Dir = os.TempDir() // a folder outside any module
	out, err := cmd.Output()
	var module struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &module); err != nil || jsonErr != nil {
		why := module.Error
		if why == "" {
			why = errors.Join(err, jsonErr).Error()
		}
		return nil, fmt.Errorf("BGP table: go mod download %s: %s; want the go command in the path, and the module in its cache or a network", bartModule, strings.ReplaceAll(why, "\n", " "))
	}
	file := filepath.Join(module.Dir, "internal", "tests", "testdata", "prefixes.txt.gz")
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("BGP table: %w", err)
	}
	defer f.Close()
	format, _ := FindFormat("prefixes")
	t, err := ReadTrace(bartModule, f, format, false, 0)
	if err == nil {
		t.Licence = "MIT (Karl Gaissmaier)"
	}
	return t, err
}

// Lookups returns the identifiers of the source as a trace of gets.
func (s *Source) Lookups() *Trace {
	return &Trace{
		Name: "identifiers of the standard library of " + s.GoVersion, Licence: goLicence, Digest: s.Digest,
		Names: s.Names, Index: s.Trace, Kinds: make([]Kind, len(s.Trace)),
	}
}

const goLicence = "BSD-3-Clause (the Go authors)"

// HitShare returns the share of gets whose key occurred before and was not deleted since. This is
// the hit rate of an unlimited cache that stores each miss. It is NaN if there is no get.
func (t *Trace) HitShare() float64 {
	there := make([]bool, len(t.Names))
	gets, hits := 0, 0
	for i, k := range t.Index {
		if t.Kinds[i] == Get {
			gets++
			if there[k] {
				hits++
			}
		}
		there[k] = t.Kinds[i] != Delete
	}
	return float64(hits) / float64(gets)
}

// ZipfFit fits a Zipf distribution to the frequencies of the trace's keys by maximum likelihood.
// theta is between 0 and 10. off is the distance of Kolmogorov and Smirnov between the trace and
// the fit: the largest difference of their cumulative shares, from 0 to 1. A large off means that
// the trace does not follow Zipf's distribution. Keys are ranked by their frequency, which has
// chance in it, so theta of a uniform trace is a little above 0.
func (t *Trace) ZipfFit() (theta, off float64) {
	counts := make([]float64, len(t.Names))
	for _, k := range t.Index {
		counts[k]++
	}
	slices.SortFunc(counts, func(a, b float64) int { return int(b - a) })
	var logs float64 // the sum of the logarithms of the ranks, over all steps
	for i, c := range counts {
		logs += c * math.Log(float64(i+1))
	}
	mean := logs / float64(len(t.Index))
	// The likelihood is largest where the mean logarithm of the rank equals that of the
	// distribution. The latter falls as theta grows.
	low, high := 0.0, 10.0
	for range 50 {
		theta = (low + high) / 2
		var sum, total float64
		for i := range counts {
			log := math.Log(float64(i + 1))
			w := math.Exp(-theta * log)
			sum += w * log
			total += w
		}
		if sum/total > mean {
			low = theta
		} else {
			high = theta
		}
	}
	var total, seen, expected float64
	for i := range counts {
		total += math.Pow(float64(i+1), -theta)
	}
	for i, c := range counts {
		seen += c / float64(len(t.Index))
		expected += math.Pow(float64(i+1), -theta) / total
		off = max(off, math.Abs(seen-expected))
	}
	return theta, off
}
