// Package bundle makes one archive of a run, to be sent to others. The archive holds what was
// measured and the evidence of failed checks. It holds no figures and no report, because they can
// be made from it.
//
// Names of this host and of its user, and folders, can stand in the command line, in the name of a
// trace, in verdicts and in traces of crashes. In these, a path keeps only its last element, and a
// name becomes ***. Cells and histories hold only what the program wrote.
package bundle

import (
	"archive/tar"
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
	Name      string // of its folder: processor, system, time and preset
	Shortened int    // paths of which only the last element is left
	Hidden    int    // names of this host and of its user that were replaced
	words     []string
	files     []file
	env       results.Environment
}

type file struct {
	name string
	text []byte
}

// Of reads the run in dir. It fails if the run is not whole.
func Of(dir string) (*Archive, error) { return of(dir, ownNames()) }

// of is Of with the names to hide.
func of(dir string, words []string) (*Archive, error) {
	set, warnings, err := results.Load(dir)
	if err != nil {
		return nil, err
	}
	if len(warnings) > 0 {
		return nil, fmt.Errorf("%s is damaged: %s; want a run without warnings", dir, warnings[0])
	}
	p, err := plan.Parse(filepath.Join(dir, "manifest.json"), set.Manifest.Plan)
	if err != nil {
		return nil, err
	}
	if err := whole(dir, set, p); err != nil {
		return nil, err
	}
	a := &Archive{Name: nameOf(set.Manifest), env: set.Manifest.Environment, words: words}
	if err := a.addManifest(set.Manifest, p); err != nil {
		return nil, err
	}
	return a, a.add(os.DirFS(dir))
}

// whole returns an error if a cell is missing that the plan of the run has.
func whole(dir string, set *results.Set, p plan.Plan) error {
	m := set.Manifest
	if !m.Complete {
		return fmt.Errorf("%s was interrupted; want the rest measured: runbench run -resume -results %s", dir, dir)
	}
	type job struct {
		id    results.ID
		block int
	}
	have, passed := map[job]bool{}, map[string]bool{}
	for _, c := range slices.Concat(set.Cells, set.Twins) {
		have[job{c.ID, c.Block}], passed[c.Impl] = true, true
	}
	for _, v := range m.Verdicts {
		passed[v.Impl] = passed[v.Impl] || v.Outcome == results.Ok
	}
	for _, v := range m.Verdicts {
		passed[v.Impl] = passed[v.Impl] && v.Check != results.Crash
	}
	for _, j := range p.Jobs() {
		impl, _ := results.Original(j.ID.Impl)
		if !have[job{j.ID, j.Block}] && passed[impl] { // a map that crashed is not measured any more
			return fmt.Errorf("%s lacks the cell %s of block %d; want all cells of its plan", dir, j.ID.Name(), j.Block)
		}
	}
	return nil
}

// nameOf is a name for the folder of a run.
func nameOf(m results.Manifest) string {
	e := m.Environment
	name := strings.Join([]string{e.CPU, fmt.Sprintf("%dp", e.Processors), e.GOOS, e.GOARCH, e.Date.Format("20060102T1504Z"), m.Preset, m.Topology.Place}, "-")
	return strings.Trim(regexp.MustCompile(`[^a-zA-Z0-9]+`).ReplaceAllString(strings.ToLower(name), "-"), "-")
}

// addManifest adds a manifest without names.
func (a *Archive) addManifest(m results.Manifest, p plan.Plan) (err error) {
	for i, arg := range m.Environment.Command {
		flag, value, both := strings.Cut(arg, "=")
		if !both || !strings.HasPrefix(flag, "-") {
			flag, value = "", arg
		} else {
			flag += "="
		}
		m.Environment.Command[i] = flag + a.hide(a.last(value))
	}
	for i, v := range m.Verdicts {
		m.Verdicts[i].Reason = a.clean(v.Reason)
		for j, e := range v.Evidence {
			m.Verdicts[i].Evidence[j] = a.clean(e)
		}
	}
	inputs := map[string]string{}
	for name, digest := range m.Inputs {
		inputs[a.hide(a.last(name))] = digest
	}
	m.Inputs = inputs
	if p.Trace != nil {
		p.Trace.Name = a.hide(a.last(p.Trace.Name))
		if m.Plan, err = json.Marshal(p); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(m, "", "  ")
	a.files = append(a.files, file{"manifest.json", append(text, '\n')})
	return err
}

// last returns the last element of text, which may be a path with spaces in it.
func (a *Archive) last(text string) string {
	i := strings.LastIndexAny(strings.TrimRight(text, `/\`), `/\`)
	if i < 0 {
		return text
	}
	a.Shortened++
	return text[i+1:]
}

// other is a class of characters that end a path in free text.
const other = "\\s\"'`<>()\\[\\],="

// paths finds the paths in free text: those from a root, a home or a drive, those that begin with a
// dot, and those of evidence. Its groups are what is before a path, the folders, and the last
// element. A path in a line of its own, as in a trace of a crash, may have spaces in it.
var paths = regexp.MustCompile(`(?m)(^[ \t]+|^|[` + other + `])` +
	`((?:[a-z]+:)?(?:[A-Za-z]:[/\\]|[/\\~]|\.\.?[/\\])(?:[^` + other + `]*[/\\])?|[^` + other + `]*[/\\]evidence[/\\])([^/\\` + other + `]+)`)

// ofTrace finds a path with spaces in a line of its own.
var ofTrace = regexp.MustCompile(`(?m)^([ \t]+)((?:[A-Za-z]:)?[/\\~].*[/\\])([^/\\\n]+)$`)

// clean returns free text without folders and names.
func (a *Archive) clean(text string) string {
	for _, found := range []*regexp.Regexp{ofTrace, paths} {
		text = found.ReplaceAllStringFunc(text, func(path string) string {
			a.Shortened++
			parts := found.FindStringSubmatch(path)
			if strings.HasSuffix(parts[2], "evidence/") {
				parts[3] = "evidence/" + parts[3]
			}
			return parts[1] + parts[3]
		})
	}
	return a.hide(text)
}

// hide replaces the names of this host and of its user.
func (a *Archive) hide(text string) string {
	for _, word := range a.words {
		name := regexp.MustCompile(`(?i)(^|[^a-z0-9])` + regexp.QuoteMeta(word) + `($|[^a-z0-9])`)
		for name.MatchString(text) {
			a.Hidden++
			at := name.FindStringSubmatchIndex(text)
			text = text[:at[3]] + "***" + text[at[4]:]
		}
	}
	return text
}

// ownNames returns the names of this host and of its user. Names that nobody has are left out.
func ownNames() (words []string) {
	add := func(word string) {
		if word != "" && !slices.Contains([]string{"root", "localhost", "user"}, word) {
			words = append(words, word)
		}
	}
	if host, err := os.Hostname(); err == nil {
		add(host)
	}
	if u, err := user.Current(); err == nil {
		add(u.Username)
		add(u.Name)
	}
	return words
}

// add adds the cells and the evidence. Pictures are left out: they can be drawn again.
func (a *Archive) add(dir fs.FS) error {
	return fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		cells := slices.Contains([]string{"cells.txt", "staleness.txt", "latency.txt"}, name)
		evidence := path.Dir(name) == "evidence" && path.Ext(name) != ".html"
		if err != nil || d.IsDir() || !cells && !evidence {
			return err
		}
		text, err := fs.ReadFile(dir, name)
		if evidence && path.Ext(name) != ".jsonl" {
			text = []byte(a.clean(string(text)))
		}
		a.files = append(a.files, file{name, text})
		return err
	})
}

// Write writes the archive: a tar file, compressed by gzip. The same run gives the same bytes.
func (a *Archive) Write(to io.Writer) error {
	compressed := gzip.NewWriter(to)
	out := tar.NewWriter(compressed)
	for _, f := range a.files {
		header := &tar.Header{Name: a.Name + "/" + f.name, Mode: 0o644, Size: int64(len(f.text)), ModTime: a.env.Date}
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		if _, err := out.Write(f.text); err != nil {
			return err
		}
	}
	return errors.Join(out.Close(), compressed.Close())
}
