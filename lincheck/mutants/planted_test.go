package mutants

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"

	"doublebuf/baselines"
)

// TestPlanted plants each mutant and type-checks the package that it changes, with the build tags
// that its checkers use.
func TestPlanted(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles the packages that the mutants import")
	}
	all := load(t)
	for _, tags := range []string{"", "explore"} {
		house, err := listHouse(tags)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if tags == "" && len(m.Kills) == 0 || tags == "explore" && m.Program == "" {
				continue
			}
			if err := house.check(&m); err != nil {
				t.Errorf("tags %q: %v", tags, err)
			}
		}
	}
}

// A mutant that does not compile, or whose file is not compiled, is found.
func TestPlantedFails(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles packages")
	}
	house, err := listHouse("")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, file, hunk, want string }{
		{"type", "impl/table/table.go", "-return Table[K, V]{m: maps.Clone(t.m)}\n+return t.m\n", "cannot use t.m"},
		{"unused variable", "impl/table/table.go", "+clone := t.m\n return Table[K, V]{m: maps.Clone(t.m)}\n", "declared and not used: clone"},
		{"syntax", "impl/table/table.go", " return Table[K, V]{m: maps.Clone(t.m)}\n+}\n", "expected declaration"},
		{"file of another tag", "lincheck/explore/programs/maps.go", " package programs\n+var x int\n", "is not compiled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := Parse("99-x.patch", "mutant: 99 x\nfile: "+test.file+"\nkilled by: history noop\n\n"+test.hunk)
			if err != nil {
				t.Fatal(err)
			}
			wantError(t, house.check(&m), test.want)
		})
	}
}

// A house holds the module's packages, compiled with some build tags.
type house struct {
	packages map[string]goPackage // by path
	imports  types.Importer
	files    *token.FileSet
}

type goPackage struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
}

func listHouse(tags string) (*house, error) {
	cmd := exec.Command("go", "list", "-export", "-deps", "-tags", tags, "-json=ImportPath,Dir,Export,GoFiles", "./impl/...", "./baselines/...", "./lincheck/...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	h := &house{packages: map[string]goPackage{}, files: token.NewFileSet()}
	for d := json.NewDecoder(out); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		h.packages[p.ImportPath] = p
	}
	h.imports = importer.ForCompiler(h.files, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(h.packages[path].Export)
	})
	return h, cmd.Wait()
}

// check plants the mutant and returns the first error of its package.
func (h *house) check(m *Mutant) error {
	mutated, err := m.applyIn(root)
	if err != nil {
		return err
	}
	path := "doublebuf/" + filepath.ToSlash(filepath.Dir(m.File))
	p, planted := h.packages[path], false
	var files []*ast.File
	for _, name := range p.GoFiles {
		var text any // nil: the file's own
		if name == filepath.Base(m.File) {
			text, planted = mutated, true
		}
		f, err := parser.ParseFile(h.files, filepath.Join(p.Dir, name), text, parser.SkipObjectResolution)
		if err != nil {
			return fmt.Errorf("%s: %w", m.Patch, err)
		}
		files = append(files, f)
	}
	if !planted {
		return fmt.Errorf("%s: %s is not compiled", m.Patch, m.File)
	}
	config := types.Config{Importer: h.imports, Sizes: types.SizesFor("gc", runtime.GOARCH)}
	if _, err := config.Check(path, h.files, files, nil); err != nil {
		return fmt.Errorf("%s: %w", m.Patch, err)
	}
	return nil
}

// TestReferences compares the patches with what they refer to: the maps in the registry and the
// numbers in README.md.
func TestReferences(t *testing.T) {
	maps := map[string]bool{}
	for _, e := range baselines.All() {
		maps[e.Name] = true
	}
	numbers, err := readNumbers()
	if err != nil {
		t.Fatal(err)
	}
	used := map[int]bool{}
	for _, m := range load(t) {
		used[m.Number()] = true
		for _, k := range m.Kills {
			if k.Impl != "" && !maps[k.Impl] {
				t.Errorf("%s: %s runs the map %q, which is not in the registry", m.Patch, k.By, k.Impl)
			}
		}
		if why, listed := numbers[m.Number()]; m.Number() <= 50 && !listed || why != "" {
			t.Errorf("%s: README.md does not list its number, or says why it has no mutant: %q", m.Patch, why)
		}
	}
	for n, why := range numbers {
		if why == "" && !used[n] {
			t.Errorf("number %d in README.md has no mutant and no reason", n)
		}
	}
}

// readNumbers reads the table of numbers in README.md: why a number has no mutant, or "".
func readNumbers() (map[int]string, error) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		return nil, err
	}
	numbers := map[int]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \| .*? \| ?(.*?) ?\|$`).FindAllStringSubmatch(string(text), -1) {
		n, err := strconv.Atoi(row[1])
		if err != nil {
			return nil, err
		}
		numbers[n] = row[2]
	}
	return numbers, nil
}
