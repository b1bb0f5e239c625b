package workloads

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
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

	Prefixes bool // all keys are IP prefixes, in the form of package netip
}

// Format is a text format of traces. Each line is a step.
type Format struct {
	Name, Doc string
	licence   string // the licence of all traces of the format, if there is one
	prefixes  bool   // all keys are IP prefixes
	step      func(line string) (Kind, string, error)
}

// Formats returns the formats that ReadTrace reads.
func Formats() []Format {
	return []Format{
		{"plain", `"get KEY", "set KEY" or "delete KEY", where a key is the rest of the line; empty lines and lines that begin with # are ignored, except "# licence: TEXT"`, "", false, plainStep},
		{"twitter", "Twitter's cache traces: timestamp,key,key size,value size,client,operation,TTL", "CC-BY 4.0 (Yang, Yue and Rashmi, OSDI 2020)", false, twitterStep},
		{"prefixes", `an IP prefix in each line, as "192.0.2.0/24"; each is looked up`, "", true, prefixStep},
		{"bgpdump", `BGP routes as bgpdump -m writes them, TYPE|time|A|peer|AS|PREFIX…: announcements (A, and B in a table) set a prefix, withdrawals (W) delete it`, "", true, bgpdumpStep},
	}
}

// FindFormat returns the format of that name.
func FindFormat(name string) (Format, bool) {
	all := Formats()
	i := slices.IndexFunc(all, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return all[i], true
}

func plainStep(line string) (Kind, string, error) {
	op, key, ok := strings.Cut(line, " ")
	kind, known := map[string]Kind{"get": Get, "set": Set, "delete": Delete}[op]
	if !ok || !known || key == "" {
		return 0, "", errors.New(`want "get KEY", "set KEY" or "delete KEY"`)
	}
	return kind, key, nil
}

// twitterStep counts every operation that may store a value as a set.
func twitterStep(line string) (Kind, string, error) {
	fields, err := csv.NewReader(strings.NewReader(line)).Read()
	if err != nil || len(fields) != 7 || fields[1] == "" {
		return 0, "", fmt.Errorf("%d fields; want 7, the second of them a key", len(fields))
	}
	switch fields[5] {
	case "get", "gets":
		return Get, fields[1], nil
	case "set", "add", "replace", "cas", "append", "prepend", "incr", "decr":
		return Set, fields[1], nil
	case "delete":
		return Delete, fields[1], nil
	}
	return 0, "", fmt.Errorf("operation %q; want one of memcached's", fields[5])
}

// prefixStep returns a prefix in the form of package netip.
func prefixStep(line string) (Kind, string, error) {
	p, err := netip.ParsePrefix(strings.TrimSpace(line))
	if err != nil {
		return 0, "", errors.New("want an IP prefix, as 192.0.2.0/24")
	}
	return Get, p.String(), nil
}

// bgpdumpStep ignores the peer of a route.
func bgpdumpStep(line string) (Kind, string, error) {
	fields := strings.SplitN(line, "|", 7)
	if len(fields) < 6 {
		return 0, "", fmt.Errorf("%d fields; want 6 or more, between |", len(fields))
	}
	kind, known := map[string]Kind{"A": Set, "B": Set, "W": Delete}[fields[2]]
	if !known {
		return 0, "", fmt.Errorf("a route of type %q; want A, B or W", fields[2])
	}
	_, prefix, err := prefixStep(fields[5])
	return kind, prefix, err
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

// ReadTrace reads a trace of the format f. The input may be compressed by gzip. Errors name the
// trace by name. If skip is true malformed lines are skipped and counted, otherwise they are
// reported together as a *Malformed. A trace without a step is an error.
func ReadTrace(name string, r io.Reader, f Format, skip bool) (*Trace, error) {
	const shown, longest = 3, 1 << 20
	buffered := bufio.NewReader(r)
	r = buffered
	if magic, err := buffered.Peek(2); err == nil && bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		if r, err = gzip.NewReader(buffered); err != nil {
			return nil, fmt.Errorf("trace %s: %w; want the whole file, undamaged", name, err)
		}
	}
	b := newTraceBuilder(name, f.licence)
	b.t.Prefixes = f.prefixes
	bad := &Malformed{Name: name}
	malformed := func(n int, line string, err error) {
		if bad.Count++; bad.Count <= shown {
			bad.First = append(bad.First, fmt.Sprintf("line %d: %.40q: %v", n, line, err))
		}
	}
	lines, n := bufio.NewReader(r), 0
	for {
		line, err := readLine(lines, longest)
		if err == io.EOF {
			break
		}
		n++
		if err != nil && err != errLong {
			return nil, fmt.Errorf("trace %s: line %d: %w; want the whole file, undamaged", name, n, err)
		}
		if comment, ok := strings.CutPrefix(line, "#"); err == nil && (ok || strings.TrimSpace(line) == "") {
			if licence, ok := strings.CutPrefix(strings.TrimSpace(comment), "licence:"); ok {
				b.t.Licence = strings.TrimSpace(licence)
			}
			continue
		}
		if err == nil && strings.ContainsRune(line, 0) {
			err = errors.New("a byte of 0; want text")
		}
		var kind Kind
		var key string
		if err == nil {
			kind, key, err = f.step(line)
		}
		if err != nil {
			malformed(n, line, err)
			continue
		}
		b.add(kind, key)
	}
	switch {
	case bad.Count > 0 && !skip:
		return nil, bad
	case len(b.t.Index) == 0:
		return nil, fmt.Errorf("trace %s: no step of format %s; want at least one", name, f.Name)
	}
	b.t.Skipped = bad.Count
	return b.trace(), nil
}

var errLong = errors.New("more than 1 MiB; want a line that is shorter")

// readLine returns the next line without its end, "\n" or "\r\n". If the line is longer than most
// bytes it returns the beginning and errLong. After the last line it returns io.EOF.
func readLine(r *bufio.Reader, most int) (line string, err error) {
	var whole []byte
	for {
		part, err := r.ReadSlice('\n')
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
	t      *Trace
	at     map[string]uint32
	digest io.Writer
	sum    func() string
}

func newTraceBuilder(name, licence string) *traceBuilder {
	h := sha256.New()
	return &traceBuilder{
		t: &Trace{Name: name, Licence: licence}, at: map[string]uint32{},
		digest: h, sum: func() string { return hex.EncodeToString(h.Sum(nil)) },
	}
}

func (b *traceBuilder) add(kind Kind, key string) {
	k, ok := b.at[key]
	if !ok {
		k = uint32(len(b.t.Names))
		b.t.Names = append(b.t.Names, key)
		b.at[key] = k
	}
	b.t.Index = append(b.t.Index, k)
	b.t.Kinds = append(b.t.Kinds, kind)
	fmt.Fprintln(b.digest, [...]string{Get: "get", Set: "set", Delete: "delete"}[kind], key)
}

func (b *traceBuilder) trace() *Trace {
	b.t.Digest = b.sum()
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
	t, err := ReadTrace(bartModule, f, format, false)
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
