// Package bundle makes one archive of a run, to be sent to others. The archive holds what was
// measured and the evidence of failed checks. It holds no figures and no report, because they can
// be made from it. It names neither the host nor the user, and no folder of the machine.
package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/results"
)

// Archive is a run, ready to be written.
type Archive struct {
	Name      string // of its folder: processor, system and date
	Shortened int    // paths of which only the last element is left
	files     []file
	date      results.Environment
}

type file struct {
	name string
	text []byte
}

// Of reads the run in dir. It fails if the run is not whole, or if a file names this host or its
// user.
func Of(dir string) (*Archive, error) {
	set, warnings, err := results.Load(dir)
	if err != nil {
		return nil, err
	}
	if len(warnings) > 0 {
		return nil, fmt.Errorf("%s is damaged: %s; want a run without warnings", dir, warnings[0])
	}
	if err := whole(dir, set); err != nil {
		return nil, err
	}
	a := &Archive{Name: nameOf(set.Manifest.Environment), date: set.Manifest.Environment}
	if err := a.add(os.DirFS(dir)); err != nil {
		return nil, err
	}
	return a, a.private(privateWords())
}

// whole returns an error if a cell is missing that the plan of the run has.
func whole(dir string, set *results.Set) error {
	m := set.Manifest
	if !m.Complete {
		return fmt.Errorf("%s was interrupted; want the rest measured: runbench run -resume -results %s", dir, dir)
	}
	p, err := plan.Parse(filepath.Join(dir, "manifest.json"), m.Plan)
	if err != nil {
		return err
	}
	type job struct {
		id    results.ID
		block int
	}
	have, maps := map[job]bool{}, map[string]bool{}
	for _, c := range slices.Concat(set.Cells, set.Twins) {
		have[job{c.ID, c.Block}], maps[c.Impl] = true, true
	}
	for _, j := range p.Jobs() {
		if !have[job{j.ID, j.Block}] && maps[j.ID.Impl] { // a map that crashed in its check is not measured
			return fmt.Errorf("%s lacks the cell %s of block %d; want all cells of its plan", dir, j.ID.Name(), j.Block)
		}
	}
	return nil
}

// nameOf is a name for the folder of a run.
func nameOf(e results.Environment) string {
	cpu := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(e.CPU), "-")
	return fmt.Sprintf("%s-%dp-%s-%s-%s", strings.Trim(cpu, "-"), e.Processors, e.GOOS, e.GOARCH, e.Date.Format("20060102"))
}

// add adds the files of a run. Pictures of evidence are left out: they can be drawn again.
func (a *Archive) add(dir fs.FS) error {
	return fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		wanted := slices.Contains([]string{"manifest.json", "cells.txt", "staleness.txt", "latency.txt"}, name) ||
			path.Dir(name) == "evidence" && path.Ext(name) != ".html"
		if err != nil || d.IsDir() || !wanted {
			return err
		}
		text, err := fs.ReadFile(dir, name)
		if err == nil && name == "manifest.json" && !json.Valid(text) {
			err = errors.New("manifest.json is not JSON")
		}
		text = absolute.ReplaceAllFunc(text, func(found []byte) []byte {
			a.Shortened++
			parts := absolute.FindSubmatch(found)
			return append(slices.Clone(parts[1]), path.Base(strings.ReplaceAll(string(parts[2]), `\`, "/"))...)
		})
		a.files = append(a.files, file{name, text})
		return err
	})
}

// absolute finds a path of a machine, and what is before it.
var absolute = regexp.MustCompile(`(^|[\s"'=,])((?:/[\w.+@~-]+){2,}/?|[A-Za-z]:(?:\\+[\w.+@~ -]+)+)`)

// privateWords returns the names of this host and of its user, and the home folder.
func privateWords() (words []string) {
	if host, err := os.Hostname(); err == nil {
		words = append(words, host)
	}
	if u, err := user.Current(); err == nil {
		words = append(words, u.Username, u.Name)
	}
	if home, err := os.UserHomeDir(); err == nil {
		words = append(words, home)
	}
	return words
}

// private returns an error if a file has one of the words in it. Words that are no names of anybody
// are ignored.
func (a *Archive) private(words []string) error {
	for _, word := range words {
		if len(word) < 3 || slices.Contains([]string{"root", "localhost", "user", "/root"}, word) {
			continue
		}
		whole := regexp.MustCompile(`(?i)(^|\W)` + regexp.QuoteMeta(word) + `(\W|$)`)
		for _, f := range a.files {
			if at := whole.FindIndex(f.text); at != nil {
				line := 1 + bytes.Count(f.text[:at[0]+1], []byte("\n"))
				return fmt.Errorf("%s:%d names %q, which is this host, its user or their folder; want it removed", f.name, line, word)
			}
		}
	}
	return nil
}

// Write writes the archive: a tar file, compressed by gzip. The same run gives the same bytes.
func (a *Archive) Write(to io.Writer) error {
	compressed := gzip.NewWriter(to)
	out := tar.NewWriter(compressed)
	for _, f := range a.files {
		header := &tar.Header{Name: a.Name + "/" + f.name, Mode: 0o644, Size: int64(len(f.text)), ModTime: a.date.Date}
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		if _, err := out.Write(f.text); err != nil {
			return err
		}
	}
	return errors.Join(out.Close(), compressed.Close())
}
