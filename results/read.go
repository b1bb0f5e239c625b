package results

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchunit"
)

// Warning is a doubt about results that are shown nevertheless: one line that says what is
// doubtful, and where.
type Warning string

func warnf(format string, args ...any) Warning { return Warning(fmt.Sprintf(format, args...)) }

// ReadCells reads a file of Go benchmark text. Any damage is an error with file and line, with one
// exception: an interruption leaves behind a last line without its end. ReadCells drops that line
// with a warning, even if it looks like a cell.
//
// Benchmarks of other programs become cells without a Kind, whose Impl is their name. Their file
// may be compressed by gzip, in UTF-16 as PowerShell writes it, or what go test -json prints. The
// path "-" is standard input. The output of go test around results is skipped, unless it says that
// a test failed. A result that a log tears from its name is joined with it.
func ReadCells(path string) ([]Cell, []Warning, error) {
	f, err := readFile(path)
	if err != nil {
		return nil, nil, err
	}
	return f.cells, f.warnings, nil
}

// file is the content of one file of cells.
type file struct {
	cells      []Cell
	warnings   []Warning
	config     map[string]string // the file configuration, as last set
	better     map[string]string // "higher" or "lower", by unit, as far as known
	assumed    []string          // units in better whose direction no file says
	lost       []string          // lines with a benchmark, and without a result that can be read
	mentioned  map[string]bool   // names of benchmarks outside of results
	skipped    []string          // names of benchmarks that were skipped
	wholeBytes int               // up to the end of the last cell; 0 without cells
	cutOff     []byte            // the last line, if it has no end
	recoded    bool              // the bytes of the file are others than those that were parsed
}

// readFile reads the lines twice: benchfmt parses results and metadata but skips everything else,
// so scanLines looks at each line first.
func readFile(path string) (*file, error) {
	text, recoded, err := readText(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read cells: %w", err)
	}
	f := &file{config: map[string]string{}, better: map[string]string{}, mentioned: map[string]bool{}, recoded: recoded}
	ours := isOurs(text)
	whole := bytes.LastIndexByte(text, '\n') + 1
	switch {
	case whole == len(text):
	case ours:
		f.warnings = append(f.warnings, warnf("%s:%d: the last line is cut off and is dropped: %.60q",
			path, 1+bytes.Count(text, []byte("\n")), text[whole:]))
		f.cutOff, text = text[whole:], text[:whole]
	default:
		text = append(text, '\n')
	}
	if !ours {
		text = joinResults(text)
	}
	notes, odd, err := f.scanLines(path, string(text), ours)
	if err != nil {
		return nil, err
	}
	if err := f.parse(path, text, notes, odd); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *file) parse(path string, text []byte, notes map[int]note, o *odd) error {
	r := benchfmt.NewReader(bytes.NewReader(text), path)
	type once struct {
		id    ID
		block int
	}
	seen := map[once]int{}
	for r.Scan() {
		switch rec := r.Result().(type) {
		case *benchfmt.SyntaxError:
			_, line := rec.Pos()
			if o.add(fmt.Errorf("%w; want a result like \"BenchmarkMap/impl=… 1000 2.5e+06 ops/s\"", rec)); o.ours {
				return o.first
			}
			if _, result := notes[line]; result {
				f.lost = append(f.lost, rec.Error())
			}
		case *benchfmt.Result:
			_, line := rec.Pos()
			n := notes[line]
			c, err := cellOf(rec, n, o.ours)
			if err != nil {
				return fmt.Errorf("%s:%d: %w", path, line, err)
			}
			key := once{c.ID, c.Block}
			if before, twice := seen[key]; twice && c.Block > 0 {
				return fmt.Errorf("%s:%d: %s was measured in block %d before, in line %d; want each cell once a block",
					path, line, c.Name(), c.Block, before)
			}
			seen[key] = line
			f.readConfig(path, line, rec, c.Foreign())
			f.cells = append(f.cells, c)
			f.wholeBytes = n.end
		}
	}
	if o.first != nil {
		if len(f.cells) == 0 {
			return o.first
		}
		f.warnings = append(f.warnings, o.warning())
	}
	f.checkHeaders(path, o)
	f.directions(r.Units().GetBetter)
	return r.Err()
}

// directions records which direction of each unit is better: as the file says or package testing
// has it. By convention a rate is better if it is higher.
func (f *file) directions(better func(unit string) int) {
	for _, c := range f.cells {
		for unit := range c.Metrics {
			_, known := f.better[unit]
			own := slices.IndexFunc(Units(c.Kind), func(u Unit) bool { return u.Name == unit })
			switch n := better(unit); {
			case known:
			case n > 0:
				f.better[unit] = "higher"
			case n < 0:
				f.better[unit] = "lower"
			case own >= 0 && !c.Foreign():
				f.better[unit] = Units(c.Kind)[own].Better
			case strings.HasSuffix(unit, "/s"):
				f.better[unit] = "higher"
				f.assumed = append(f.assumed, unit)
			}
		}
	}
	slices.Sort(f.assumed)
}

// readConfig records the configuration that applies to rec. It is part of the identity of a
// benchmark of another program. Of a cell of ours readConfig warns if it changes.
func (f *file) readConfig(path string, line int, rec *benchfmt.Result, foreign bool) {
	for _, c := range rec.Config {
		before, value := f.config[c.Key], string(c.Value)
		if before != "" && before != value && c.Key != "pkg" && !foreign {
			f.warnings = append(f.warnings, warnf("%s:%d: %s changes from %q to %q; figures of two machines are mixed",
				path, line, c.Key, before, value))
		}
		f.config[c.Key] = value
	}
}

// sameMachine returns an error if the cells of f were measured on another machine.
func (f *file) sameMachine(path string, env Environment) error {
	for _, c := range fileConfig(env) {
		if was, ok := f.config[c.Key]; ok && was != string(c.Value) {
			return fmt.Errorf("%s: its cells have %s %q, and here it is %q; want the machine that began the run",
				path, c.Key, was, c.Value)
		}
	}
	return nil
}

// cellOf returns the cell of a result. strict says that a name like ours must be one of ours.
func cellOf(rec *benchfmt.Result, n note, strict bool) (Cell, error) {
	c := Cell{Block: n.block, Process: n.process, Link: n.link, Fault: n.fault, Ops: int64(rec.Iters), Metrics: map[string]float64{}}
	name := rec.Name.String()
	id, err := ParseName(name)
	switch {
	case err == nil:
		c.ID = id
	case strict && ourName.MatchString(name):
		return Cell{}, err
	default:
		c.ID = otherID(name, rec.Config)
	}
	aside, err := asideValues(n.aside)
	if err != nil {
		return Cell{}, err
	}
	for _, v := range slices.Concat(rec.Values, aside) {
		if v.OrigUnit == "" { // benchfmt keeps the unit of a value that its factor does not change
			_, v.Unit = benchunit.Tidy(1, v.Unit)
		}
		known := slices.ContainsFunc(Units(c.Kind), func(u Unit) bool { return u.Name == v.Unit })
		_, twice := c.Metrics[v.Unit]
		switch {
		case twice:
			return Cell{}, fmt.Errorf("unit %q occurs twice", v.Unit)
		case c.Foreign(): // may report any number
		case !known:
			return Cell{}, fmt.Errorf("unit %q: want one of %s", v.Unit, unitNames(c.Kind))
		case !HasRatio(v.Value):
			return Cell{}, fmt.Errorf("%v %s: want a number from 0", v.Value, v.Unit)
		}
		c.Metrics[v.Unit] = v.Value
	}
	return c, nil
}

// HasRatio reports whether v is a number from 0: it has a ratio to others.
func HasRatio(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }

// asideValues reads the metrics in the comment before a cell.
func asideValues(text string) ([]benchfmt.Value, error) {
	fields := strings.Fields(text)
	var values []benchfmt.Value
	for i := 0; i < len(fields); i += 2 {
		v, err := strconv.ParseFloat(fields[i], 64)
		if err != nil || i+1 == len(fields) {
			return nil, fmt.Errorf("%q stands before it; want numbers and their units", asideComment+text)
		}
		values = append(values, benchfmt.Value{Value: v, Unit: fields[i+1]})
	}
	return values, nil
}

// otherID is the identity of a benchmark of another program.
func otherID(name string, config []benchfmt.Config) ID {
	id := ID{Impl: name, Procs: 1}
	if rest, procs, ok := cutLast(name, "-"); ok {
		if n, err := strconv.Atoi(procs); err == nil && n > 1 && strconv.Itoa(n) == procs { // 1 is never written
			id.Impl, id.Procs = rest, n
		}
	}
	for _, c := range config {
		id.Config = id.Config.With(c.Key, string(c.Value))
	}
	return id
}

func unitNames(k Kind) string {
	var names []string
	for _, u := range Units(k) {
		names = append(names, u.Name)
	}
	return strings.Join(names, ", ")
}
