package workloads

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// tracePrefix begins the name of a distribution that is the order of a trace.
const tracePrefix = "trace-"

// TraceInput names a trace. Its JSON form is part of a plan.
type TraceInput struct {
	Name          string `json:"name"`                     // one of KnownTraces, or a file
	Format        string `json:"format,omitempty"`         // of a file: one of Formats
	SkipMalformed bool   `json:"skip-malformed,omitempty"` // of a file: skip and count malformed lines
	Steps         int    `json:"steps,omitempty"`          // of a file: take only so many steps; 0 = all

	loaded *Trace
}

// KnownTrace is a trace that needs no file.
type KnownTrace struct {
	Name, Doc string
	load      func() (*Trace, error)
}

// KnownTraces returns the traces that need no file.
func KnownTraces() []KnownTrace {
	return []KnownTrace{
		{"source", "the identifiers of Go's standard library, in the order of its source", func() (*Trace, error) {
			s, err := LoadSource(math.MaxInt)
			if err != nil {
				return nil, err
			}
			return s.Lookups(), nil
		}},
		{"defs", "what a type checker sets (definitions) and looks up (uses) in go/types and its main imports", func() (*Trace, error) {
			return LoadDefs("unicode/utf8", "errors", "strings", "strconv", "sort", "go/token", "go/ast", "go/constant", "go/types")
		}},
		{"bgp", "the prefixes of a BGP table, from the test data of a Go module", LoadBGP},
	}
}

// Load reads the trace. Later calls return the trace that the first one read.
func (in *TraceInput) Load() (*Trace, error) {
	if in.loaded != nil {
		return in.loaded, nil
	}
	t, err := in.read()
	if err == nil {
		in.loaded = t
	}
	return t, err
}

func (in *TraceInput) read() (*Trace, error) {
	for _, k := range KnownTraces() {
		if k.Name == in.Name {
			return k.load()
		}
	}
	f, ok := FindFormat(in.Format)
	if !ok {
		return nil, fmt.Errorf("trace %s: unknown format %q", in.Name, in.Format)
	}
	file, err := os.Open(in.Name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the trace: %w", err)
	}
	defer file.Close()
	return ReadTrace(in.Name, file, f, in.SkipMalformed, in.Steps)
}

// Dist returns the name of the distribution that is the order of the trace. It is "trace-" and the
// file's name up to its first dot. Characters that a benchmark's name must not have become _.
func (in *TraceInput) Dist() string {
	name, _, _ := strings.Cut(filepath.Base(in.Name), ".")
	return tracePrefix + cmp.Or(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, name), "_")
}

// KeyType returns the name of the key type that fits the trace best.
func (t *Trace) KeyType() string {
	if t.Prefixes {
		return "prefix"
	}
	return "trace"
}

// Keys returns the keys of the trace as text. The distribution "trace-…" replays its steps.
func (t *Trace) Keys(seed uint64) *KeySet[string] {
	set := shuffled(t.Names, seed, slices.Clone(t.Index))
	set.kinds = t.Kinds
	return set
}

// PrefixKeys returns the keys of a trace as IP prefixes. It panics unless t.Prefixes is true.
func (t *Trace) PrefixKeys(seed uint64) *KeySet[netip.Prefix] {
	text := t.Keys(seed)
	keys := make([]netip.Prefix, len(text.Keys))
	for i, s := range text.Keys {
		keys[i] = netip.MustParsePrefix(s)
	}
	return &KeySet[netip.Prefix]{Keys: keys, Lookups: keys, source: text.source, kinds: text.kinds}
}
