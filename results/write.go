package results

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// Folder is the folder of a run in progress. One goroutine uses it at a time.
type Folder struct {
	dir   string
	env   Environment
	files map[Kind]*cellFile
}

// Create makes the folder dir, and its parents, for a new run in the environment env. If dir
// exists, it fails with an error that is fs.ErrExist.
func Create(dir string, env Environment) (*Folder, error) {
	if err := MakeFolder(dir); err != nil {
		return nil, err
	}
	return &Folder{dir: dir, env: env, files: map[Kind]*cellFile{}}, nil
}

// MakeFolder makes the folder dir, and its parents. If dir exists, it fails with an error that is
// fs.ErrExist.
func MakeFolder(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return fmt.Errorf("cannot make the results folder: %w", err)
	}
	if err := os.Mkdir(dir, 0o777); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("results folder %s: %w; name one that does not exist", dir, fs.ErrExist)
	} else if err != nil {
		return fmt.Errorf("cannot make the results folder: %w", err)
	}
	return nil
}

// Continue opens the folder of an interrupted run, to append further cells. It returns the cells
// that are there. It cuts off whatever follows the last whole cell of a file, with a warning. It
// fails if the cells are of another machine than env.
func Continue(dir string, env Environment) (*Folder, []Cell, []Warning, error) {
	f := &Folder{dir: dir, env: env, files: map[Kind]*cellFile{}}
	var cells []Cell
	var warnings []Warning
	for _, kind := range Kinds() {
		path := filepath.Join(dir, fileOf(kind))
		read, err := readFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = read.sameMachine(path, env)
		}
		var opened *cellFile
		if err == nil {
			opened, err = continueFile(path, kind, env, read)
		}
		if err != nil {
			_ = f.Close() // the first error says more
			return nil, nil, nil, err
		}
		f.files[kind] = opened
		cells = append(cells, read.cells...)
		warnings = append(warnings, read.warnings...)
	}
	return f, cells, warnings, nil
}

// Append writes finished cells of one kind to its file, in one write, so that a process that is
// killed has written all of them or none. It blocks until they are on the disk. After an error no
// more cells can be appended.
func (f *Folder) Append(cells ...Cell) error {
	if len(cells) == 0 {
		return nil
	}
	kind := cells[0].Kind
	file := f.files[kind]
	if file == nil {
		var err error
		if file, err = createFile(filepath.Join(f.dir, fileOf(kind)), kind, f.env); err != nil {
			return err
		}
		f.files[kind] = file
	}
	for _, c := range cells {
		if err := file.add(c); err != nil {
			return err
		}
	}
	return file.flush()
}

// Close closes the files. All cells were on the disk before.
func (f *Folder) Close() error {
	var errs []error
	for _, file := range f.files {
		errs = append(errs, file.f.Close())
	}
	return errors.Join(errs...)
}

// cellFile is a file of cells, open for appending. buf collects the text, so that cells reach the
// file in one write.
type cellFile struct {
	f      *os.File
	kind   Kind
	config []benchfmt.Config
	buf    bytes.Buffer
	w      *benchfmt.Writer // writes to buf
	block  int              // of the last cell
}

func newCellFile(f *os.File, kind Kind, env Environment) *cellFile {
	file := &cellFile{f: f, kind: kind, config: fileConfig(env)}
	file.w = benchfmt.NewWriter(&file.buf)
	return file
}

// createFile starts a new file with a comment and the metadata of its units.
func createFile(path string, kind Kind, env Environment) (*cellFile, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, fmt.Errorf("cannot keep cells: %w", err)
	}
	file := newCellFile(f, kind, env)
	if err := file.writeHeader(env); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return file, nil
}

func (file *cellFile) writeHeader(env Environment) error {
	fmt.Fprintf(&file.buf, "%s %s, %s, kernel %s, %s.\n",
		headerComment, env.Go, env.CommitLabel(), env.Kernel, env.Date.Format("2006-01-02 15:04 MST"))
	for _, u := range Units(file.kind) {
		if u.Aside {
			continue
		}
		if err := file.w.Write(&benchfmt.UnitMetadata{
			UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: u.Name, Key: "better"},
			OrigUnit:        u.Name,
			Value:           u.Better,
		}); err != nil {
			return err
		}
	}
	return file.flush()
}

// continueFile opens a file that was read, cuts it off after its last whole cell, and continues
// there.
func continueFile(path string, kind Kind, env Environment, read *file) (*cellFile, error) {
	if n := bytes.Count(read.cutOff, []byte("Benchmark")); n > 1 {
		return nil, fmt.Errorf("cannot continue: %s: what seems to be one line that was cut off has %d cells; want lines that end in a newline", path, n)
	}
	if read.recoded {
		return nil, fmt.Errorf("cannot continue: %s: it is compressed or in another encoding; want the file as the run wrote it", path)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot continue: %w", err)
	}
	file := newCellFile(f, kind, env)
	if err := f.Truncate(int64(read.wholeBytes)); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot continue: %w", err), f.Close())
	}
	if len(read.cells) == 0 {
		err = file.writeHeader(env)
	} else {
		// Write the configuration into the void: otherwise the writer would repeat it.
		err = file.w.Write(&benchfmt.Result{Config: file.config})
		file.buf.Reset()
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return file, nil
}

// add adds a cell to what the next flush writes.
func (file *cellFile) add(c Cell) error {
	values, aside, err := c.values()
	if err == nil {
		err = c.Validate()
	}
	if err == nil && c.Kind != file.kind {
		err = fmt.Errorf("its kind is %s; want %s, as of the cells before it", c.Kind, file.kind)
	}
	if err != nil {
		return fmt.Errorf("cell %s: %w", c.Name(), err)
	}
	if c.Block != file.block {
		fmt.Fprintf(&file.buf, "%s%d", blockComment, c.Block)
		if c.Process > 0 {
			fmt.Fprintf(&file.buf, " process %d link %d", c.Process, c.Link)
		}
		file.buf.WriteByte('\n')
		file.block = c.Block
	}
	if c.Fault != "" {
		fmt.Fprintf(&file.buf, "%s%.1000s\n", faultComment, strings.Join(strings.Fields(c.Fault), " "))
	}
	if len(aside) > 0 {
		fmt.Fprintf(&file.buf, "%s%s\n", asideComment, strings.Join(aside, " "))
	}
	return file.w.Write(&benchfmt.Result{
		Config: file.config,
		Name:   benchfmt.Name(c.Name()),
		Iters:  int(c.Ops),
		Values: values,
	})
}

func (file *cellFile) flush() error {
	_, err := file.f.Write(file.buf.Bytes())
	file.buf.Reset()
	if err == nil {
		err = file.f.Sync()
	}
	if err != nil {
		return fmt.Errorf("cannot keep a cell: %w; all cells before it are safe", err)
	}
	return nil
}

// values returns the metrics of c in the order of Units; those that stand aside as text.
func (c Cell) values() (values []benchfmt.Value, aside []string, err error) {
	known := map[string]bool{}
	for _, u := range Units(c.Kind) {
		known[u.Name] = true
		v, ok := c.Metrics[u.Name]
		switch {
		case !ok:
		case math.IsNaN(v) || math.IsInf(v, 0) || v < 0:
			return nil, nil, fmt.Errorf("%v %s: want a number from 0", v, u.Name)
		case u.Aside:
			aside = append(aside, fmt.Sprint(v), u.Name)
		default:
			values = append(values, benchfmt.Value{Value: v, Unit: u.Name})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Metrics)) {
		if !known[name] {
			return nil, nil, fmt.Errorf("unit %q is not in the list of units", name)
		}
	}
	if len(values) == 0 {
		return nil, nil, errors.New("no metrics")
	}
	return values, aside, nil
}
