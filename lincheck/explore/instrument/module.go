package instrument

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"

	"doublebuf/impl/atomicx/hooked"
	"doublebuf/lincheck/explore"
)

// modfile writes a go.mod in which the module requires the explorer, and the explorer's packages.
func (b *build) modfile() error {
	out, err := b.goCommand("list", "-m", "-json")
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(out), &b.main); err != nil {
		return fmt.Errorf("go list -m -json: %w", err)
	}
	if b.cache, err = b.goCommand("env", "GOMODCACHE"); err != nil {
		return err
	}
	name := filepath.Join(b.Work, "go.mod")
	text, err := os.ReadFile(b.main.GoMod)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(b.Work, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(name, text, 0o644); err != nil {
		return err
	}
	sums, err := os.ReadFile(strings.TrimSuffix(b.main.GoMod, ".mod") + ".sum")
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.WriteFile(filepath.Join(b.Work, "go.sum"), sums, 0o644); err != nil {
		return err
	}
	b.Flags = []string{"-modfile=" + name, "-mod=mod"}
	if b.main.Path == own {
		return nil
	}
	dir := filepath.Join(b.Work, "explorer")
	if err := extract(dir); err != nil {
		return err
	}
	edit := []string{"mod", "edit", "-require=" + own + "@v0.0.0", "-replace=" + own + "=" + dir}
	if older(b.main.GoVersion, 18) {
		edit = append(edit, "-go=1.18")
	}
	_, err = b.goCommand(append(edit, name)...)
	return err
}

// older reports whether a version of Go is below 1.minor, or unknown.
func older(version string, minor int) bool {
	var n int
	_, err := fmt.Sscanf(version, "1.%d", &n)
	return err != nil || n < minor
}

// extract writes the explorer's own packages. Each of their files asks for the newest language, so
// that their module can be required by old ones.
func extract(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(dir, "go.mod"), []byte("module "+own+"\n\ngo 1.18\n")); err != nil {
		return err
	}
	for at, source := range map[string]fs.FS{"impl/atomicx/hooked": hooked.Source, "lincheck/explore": explore.Source} {
		err := fs.WalkDir(source, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := fs.ReadFile(source, path)
			if err != nil {
				return err
			}
			if strings.HasSuffix(path, ".go") {
				text = append([]byte("//go:build go1.26\n\n"), text...)
			}
			return replaceFile(filepath.Join(dir, at, path), text)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// put stores the new text of a file. A module of the module cache is copied, because the go command
// lets no overlay replace files there.
func (b *build) put(p *packages.Package, name, text string) error {
	if dir := moduleDir(p); !b.inMain(p) && strings.HasPrefix(dir, b.cache) {
		to, err := b.copyModule(p.Module, dir)
		if err != nil {
			return err
		}
		return replaceFile(filepath.Join(to, strings.TrimPrefix(name, dir)), []byte(text))
	}
	to := filepath.Join(b.Work, "overlay", strings.ReplaceAll(name, string(filepath.Separator), "_"))
	b.overlay[name] = to
	return replaceFile(to, []byte(text))
}

func moduleDir(p *packages.Package) string {
	if p.Module.Replace != nil {
		return p.Module.Replace.Dir
	}
	return p.Module.Dir
}

// copyModule copies a module, at its first call, and makes the build use the copy.
func (b *build) copyModule(m *packages.Module, dir string) (string, error) {
	if to, ok := b.copies[m.Path]; ok {
		return to, nil
	}
	to := filepath.Join(b.Work, "modules", strings.TrimPrefix(dir, b.cache))
	b.copies[m.Path] = to
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, dir))
		if _, err := os.Stat(target); err == nil && strings.HasSuffix(path, ".go") {
			return nil // rewritten by an earlier build, and perhaps again by this one
		}
		return replaceFile(target, text)
	})
	if err != nil {
		return "", err
	}
	mod := filepath.Join(to, "go.mod")
	if _, err := os.Stat(mod); err != nil {
		if err := replaceFile(mod, []byte("module "+m.Path+"\n")); err != nil {
			return "", err
		}
	}
	if older(m.GoVersion, 18) {
		if _, err := b.goCommand("mod", "edit", "-go=1.18", mod); err != nil {
			return "", err
		}
	}
	_, err = b.goCommand("mod", "edit", "-replace="+m.Path+"="+to, filepath.Join(b.Work, "go.mod"))
	return to, err
}

// replaceFile writes a file if it does not have this content already, so that the go command need
// not read it again.
func replaceFile(name string, text []byte) error {
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, text) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(name), "new")
	if err != nil {
		return err
	}
	_, err = temp.Write(text)
	if cerr := temp.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(temp.Name(), name)
}

// runtime overlays files of the Go runtime. The hashes of maps and the order of their iteration do
// not differ from process to process then, and the explorer can tell goroutines apart.
func (b *build) runtime() error {
	root, err := b.goCommand("env", "GOROOT")
	if err != nil {
		return err
	}
	root = filepath.Join(root, "src", "runtime")
	for _, c := range []struct{ file, old, new string }{
		{"alg.go", "bootstrapRand()", "0x9e3779b97f4a7c15"},
		{"rand.go", "func maps_rand() uint64 {\n\treturn rand()", "func maps_rand() uint64 {\n\treturn 0x9e3779b97f4a7c15"},
	} {
		name := filepath.Join(root, c.file)
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if !strings.Contains(string(text), c.old) {
			return fmt.Errorf("%s has no text %q; this version of Go is not supported", name, c.old)
		}
		if err := b.overlayFile(name, strings.ReplaceAll(string(text), c.old, c.new)); err != nil {
			return err
		}
	}
	return b.overlayFile(filepath.Join(root, "explore.go"), runtimeFile)
}

func (b *build) overlayFile(name, text string) error {
	to := filepath.Join(b.Work, "overlay", strings.ReplaceAll(name, string(filepath.Separator), "_"))
	b.overlay[name] = to
	return replaceFile(to, []byte(text))
}

// runtimeFile is added to package runtime.
const runtimeFile = `package runtime

import "unsafe"

//go:linkname explore_goroutine
func explore_goroutine() uint64 { return getg().goid }

//go:linkname explore_access
var explore_access func(addr unsafe.Pointer, size uintptr, writes bool)

func explore_plain(addr, size uintptr, writes bool) {
	gp := getg()
	if explore_access == nil || gp == gp.m.g0 || gp.stack.lo <= addr && addr < gp.stack.hi {
		return
	}
	explore_access(unsafe.Pointer(addr), size, writes)
}

// Code that is compiled with -race calls these.
func raceread(addr uintptr)             { explore_plain(addr, 1, false) }
func racewrite(addr uintptr)            { explore_plain(addr, 1, true) }
func racereadrange(addr, size uintptr)  { explore_plain(addr, size, false) }
func racewriterange(addr, size uintptr) { explore_plain(addr, size, true) }
func racefuncenter(uintptr)             {}
func racefuncexit()                     {}
`
