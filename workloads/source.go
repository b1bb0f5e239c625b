package workloads

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
	"io"
	"io/fs"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Source is real input: the identifiers of Go's standard library in the order of its source, up to
// a number of distinct ones. The files are all .go files below GOROOT/src in the order of their
// paths, without tests, testdata, vendored packages and commands (src/cmd).
type Source struct {
	GoVersion string // the version of the tree, as "go1.26.0"
	Digest    string // SHA-256 of the identifiers, each with a newline after it, in hexadecimal

	Names []string // distinct identifiers, in the order of their first occurrence
	Trace []uint32 // every identifier in order, as an index in Names
}

// LoadSource reads the identifiers of the standard library that belongs to the go command in the
// path. It stops before the distinct identifier number most+1. Reading all of them takes about a
// second.
func LoadSource(most int) (*Source, error) {
	out, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		return nil, fmt.Errorf("identifiers of the standard library: go env GOROOT: %w; want the go command in the path", err)
	}
	root, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return ReadSource(os.DirFS(filepath.Join(root, "src")), version, most)
}

// ReadSource is LoadSource for another tree of Go source. version becomes GoVersion.
func ReadSource(src fs.FS, version string, most int) (*Source, error) {
	s := &Source{GoVersion: version}
	digest := sha256.New()
	seen := map[string]uint32{}
	err := fs.WalkDir(src, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path == "cmd" || d.Name() == "testdata" || d.Name() == "vendor" {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(src, path)
		if err != nil {
			return err
		}
		for name := range identifiers(text) {
			k, ok := seen[name]
			if !ok && len(s.Names) == most {
				return fs.SkipAll
			}
			io.WriteString(digest, name)
			io.WriteString(digest, "\n")
			if !ok {
				k = uint32(len(s.Names))
				seen[name] = k
				s.Names = append(s.Names, name)
			}
			s.Trace = append(s.Trace, k)
		}
		return nil
	})
	if err == nil && len(s.Names) == 0 {
		err = errors.New("no Go source there")
	}
	if err != nil {
		return nil, fmt.Errorf("identifiers of the standard library (%s): %w; want a Go tree with its source", version, err)
	}
	s.Digest = hex.EncodeToString(digest.Sum(nil))
	return s, nil
}

// identifiers iterates over the identifiers of one file. It skips text that does not scan.
func identifiers(text []byte) iter.Seq[string] {
	return func(yield func(string) bool) {
		var sc scanner.Scanner
		sc.Init(token.NewFileSet().AddFile("", -1, len(text)), text, nil, 0)
		for {
			switch _, tok, name := sc.Scan(); {
			case tok == token.EOF:
				return
			case tok == token.IDENT && !yield(name):
				return
			}
		}
	}
}

// Keys returns the first n distinct identifiers as keys; n is at most len(s.Names). The
// distribution "source" replays the trace up to the distinct identifier number n+1.
func (s *Source) Keys(n int, seed uint64) *KeySet[string] {
	var trace []uint32
	for _, k := range s.Trace {
		if int(k) == n {
			break
		}
		trace = append(trace, k)
	}
	return shuffled(s.Names[:n], seed, trace)
}
