// Package instrument builds the tests of any module for the explorer. It rewrites copies of the
// module's files and of its dependencies: stand-ins take the place of sync, sync/atomic, channels
// and whatever else the explorer must control. Nobody's own files change, and line numbers stay.
package instrument

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// own is the path of the explorer's module.
const own = "doublebuf"

// Options say what to build.
type Options struct {
	Dir      string            // a folder of the module
	Patterns []string          // the packages with the tests, as go test takes them
	Plain    bool              // plain accesses to memory are steps too
	Consts   map[string]string // new values of constants, by path.Name
	Work     string            // the folder for copies; it is made, and may be used again
}

// Build is a build for the explorer.
type Build struct {
	Flags  []string // for go test, in the folder of the options
	Env    []string // for go test
	Loops  []string // the places of loops, by site
	Limits []string // what could not be instrumented
	Files  int      // rewritten
	Edits  int
}

// build is a build that is being made.
type build struct {
	Options
	main     *packages.Module
	cache    string // of modules
	plain    bool
	loops    []token.Position
	limits   map[string]bool
	bodyless map[string]bool // functions without a Go body, by path.Name
	assigned map[types.Object]bool
	overlay  map[string]string // file -> its new text's file
	copies   map[string]string // module path -> folder of its copy
	plainly  []string          // packages whose plain accesses are steps
	Build
}

func (b *build) limit(format string, args ...any) { b.limits[fmt.Sprintf(format, args...)] = true }

// Prepare writes what the build needs to o.Work. It reads the module and its dependencies, and
// compiles them as they are, because types are needed.
func Prepare(o Options) (*Build, error) {
	b := &build{
		Options: o, plain: o.Plain,
		limits: map[string]bool{}, bodyless: map[string]bool{}, assigned: map[types.Object]bool{},
		overlay: map[string]string{}, copies: map[string]string{},
	}
	if err := b.modfile(); err != nil {
		return nil, err
	}
	list, err := b.load()
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		for _, f := range p.Syntax {
			noteAssigned(b.assigned, p.TypesInfo, f)
		}
	}
	for _, p := range list {
		if err := b.instrument(p); err != nil {
			return nil, err
		}
	}
	for name := range b.Consts {
		return nil, fmt.Errorf("-const: no constant %s with a value of its own in the instrumented packages", name)
	}
	if err := b.runtime(); err != nil {
		return nil, err
	}
	if err := b.write(); err != nil {
		return nil, err
	}
	for _, l := range b.loops {
		b.Loops = append(b.Loops, fmt.Sprintf("%s:%d", filepath.Join(filepath.Base(filepath.Dir(l.Filename)), filepath.Base(l.Filename)), l.Line))
	}
	b.Limits = slices.Sorted(maps.Keys(b.limits))
	return &b.Build, nil
}

// goCommand runs the go command in the module and returns its output.
func (b *build) goCommand(args ...string) (string, error) {
	c := exec.Command("go", args...)
	c.Dir = b.Dir
	c.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := c.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		return "", fmt.Errorf("go %s: %s", strings.Join(args, " "), strings.TrimSpace(string(failed.Stderr)))
	}
	return strings.TrimSpace(string(out)), err
}

// load returns the packages to instrument with their syntax and types.
func (b *build) load() ([]*packages.Package, error) {
	cfg := &packages.Config{
		Mode: packages.NeedName | packages.NeedImports | packages.NeedDeps | packages.NeedModule | packages.NeedFiles,
		Dir:  b.Dir, Tests: true, BuildFlags: b.Flags, Env: append(os.Environ(), "GOWORK=off", "GOFLAGS="),
	}
	roots, err := packages.Load(cfg, b.Patterns...)
	if err != nil {
		return nil, err
	}
	paths := map[string]bool{}
	packages.Visit(roots, func(p *packages.Package) bool {
		if path := plainPath(p); p.Module != nil && b.wanted(path) && len(p.GoFiles) > 0 && !strings.HasSuffix(path, ".test") {
			paths[strings.TrimSuffix(path, "_test")] = true
		}
		return true
	}, nil)
	if len(paths) == 0 {
		return nil, fmt.Errorf("no packages match %s", strings.Join(b.Patterns, " "))
	}
	cfg.Mode = packages.NeedName | packages.NeedImports | packages.NeedModule | packages.NeedFiles | packages.NeedCompiledGoFiles |
		packages.NeedTypes | packages.NeedTypesInfo | packages.NeedSyntax | packages.NeedExportFile
	list, err := packages.Load(cfg, slices.Sorted(maps.Keys(paths))...)
	if err != nil {
		return nil, err
	}
	var chosen []*packages.Package
	for _, p := range list {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("%s: %v", p.PkgPath, p.Errors[0])
		}
		if strings.HasSuffix(p.ID, ".test") || p.ID != p.PkgPath && !b.inMain(p) {
			continue // main packages of tests, and tests of dependencies
		}
		chosen = append(chosen, p)
	}
	return chosen, nil
}

// plainPath returns the path of a package without the mark of a test's variant.
func plainPath(p *packages.Package) string {
	path, _, _ := strings.Cut(p.ID, " ")
	return path
}

func (b *build) inMain(p *packages.Package) bool { return p.Module != nil && p.Module.Main }

// wanted reports whether a package is instrumented.
func (b *build) wanted(path string) bool {
	return path != own && !strings.HasPrefix(path, own+"/lincheck/explore") && !strings.HasPrefix(path, own+"/impl/atomicx") && !strings.HasPrefix(path, "golang.org/x/sys/")
}

// instrument rewrites the files of a package. Of a variant for tests it rewrites the files that
// only tests have.
func (b *build) instrument(p *packages.Package) error {
	u := &unit{info: p.TypesInfo, build: b}
	tests := p.ID != p.PkgPath
	if len(p.CompiledGoFiles) != len(p.Syntax) || slices.ContainsFunc(p.CompiledGoFiles, func(f string) bool { return !strings.HasSuffix(f, ".go") || !slices.Contains(p.GoFiles, f) }) {
		b.limit("package %s uses cgo", p.PkgPath)
		return nil
	}
	for i, syntax := range p.Syntax {
		name := p.CompiledGoFiles[i]
		if tests != strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		u.files = append(u.files, &file{
			edits:  &edits{text: text, base: syntax.FileStart},
			syntax: syntax, info: p.TypesInfo, pkg: p.Types, set: p.Fset, build: b, uses: map[string]bool{},
		})
	}
	if len(u.files) == 0 {
		return nil
	}
	sortFiles(u.files)
	for _, f := range u.files {
		f.rewrite()
		f.constants()
	}
	u.reset()
	for _, f := range u.files {
		name := f.set.Position(f.syntax.Pos()).Filename
		if err := b.put(p, name, f.finish()); err != nil {
			return err
		}
		b.Files++
		b.Edits += len(f.list)
	}
	b.plainly = append(b.plainly, plainPath(p))
	return nil
}

// write writes the overlay and completes the flags.
func (b *build) write() error {
	text, err := json.Marshal(struct{ Replace map[string]string }{b.overlay})
	if err != nil {
		return err
	}
	name := filepath.Join(b.Work, "overlay.json")
	if err := replaceFile(name, text); err != nil {
		return err
	}
	b.Flags = append(b.Flags, "-overlay="+name, "-vet=off")
	if b.plain {
		for _, path := range b.plainly {
			b.Flags = append(b.Flags, "-gcflags="+path+"=-race")
		}
	}
	b.Env = []string{"GOWORK=off", "GOFLAGS="}
	return nil
}
