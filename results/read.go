package results

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// Warning is a doubt about results that are shown nevertheless: one line that says what is
// doubtful, and where.
type Warning string

func warnf(format string, args ...any) Warning { return Warning(fmt.Sprintf(format, args...)) }

// ReadCells reads a file of Go benchmark text. Any damage is an error with file and line, with one
// exception: an interruption leaves behind a last line without its end. ReadCells drops that line
// with a warning, even if it looks like a cell.
//
// Benchmarks of other programs become cells whose Kind is the base of their name and whose Impl is
// the rest. The output of go test around them is skipped, unless it says that a test failed.
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
	wholeBytes int               // up to the end of the last cell; 0 without cells
	cutOff     []byte            // the last line, if it has no end
}

// readFile reads the lines twice: benchfmt parses results and metadata but skips everything else,
// so scanLines looks at each line first.
func readFile(path string) (*file, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read cells: %w", err)
	}
	f := &file{config: map[string]string{}, better: map[string]string{}}
	if whole := bytes.LastIndexByte(text, '\n') + 1; whole < len(text) {
		f.warnings = append(f.warnings, warnf("%s:%d: the last line is cut off and is dropped: %.60q",
			path, 1+bytes.Count(text, []byte("\n")), text[whole:]))
		f.cutOff, text = text[whole:], text[:whole]
	}
	notes, odd, err := scanLines(path, string(text))
	if err != nil {
		return nil, err
	}
	if err := f.parse(path, text, notes, odd); err != nil {
		return nil, err
	}
	return f, nil
}

// note is what comments say about the cell in a line.
type note struct {
	block, process, link int

	fault string
	aside string
	end   int // offset behind the line
}

var (
	blockLine  = regexp.MustCompile(`^` + blockComment + `(\d{1,9})(?: process (\d{1,9}) link (\d{1,9}))?$`)
	configLine = regexp.MustCompile(`^[a-z][^A-Z\s:]*:(\s|$)`)
	resultLine = regexp.MustCompile(`^Benchmark\S+\s+\S`)
	unitLine   = regexp.MustCompile(`^Unit\s+[^\s=]+(\s+[^\s=]+=\S*)+$`)
	// What go test prints around results, also with -v. In a log of several lines all but the first
	// are indented farther. A name alone comes before a result.
	goTestLine = regexp.MustCompile(`^(PASS$|ok\s|\?\s|=== |(    )*--- (BENCH|PASS|SKIP): |    (    |\S+\.go:\d+: )|Benchmark\S+$)`)
	failure    = regexp.MustCompile(`^(FAIL|\s*--- FAIL|panic:|fatal error:)`)
	// ourName matches the names of this project's benchmarks, and not those of other benchmarks
	// with the same base.
	ourName = regexp.MustCompile(`^(Benchmark)?(Map|Staleness|Latency)/.*\b(impl|mix)=`)
)

// maxLine is the largest length of a line. benchfmt has a limit, too.
const maxLine = 60_000

// odd is the lines of other programs' output that are not Go benchmark text.
type odd struct {
	foreign bool // there are results, and none is of this project
	lines   int
	first   error
}

func (o *odd) add(err error) {
	if o.lines++; o.first == nil {
		o.first = err
	}
}

// scanLines refuses lines that are not Go benchmark text, unless all results are of other programs.
// It returns what comments say about each line with a result, by line number from 1.
func scanLines(path, text string) (map[int]note, *odd, error) {
	notes := map[int]note{}
	o := &odd{}
	ours := false
	var now note
	number := 0
	for line := range strings.Lines(text) {
		number++
		now.end += len(line)
		line = strings.TrimRight(line, "\r\n")
		if len(line) > maxLine {
			return nil, nil, fmt.Errorf("%s:%d: a line of %d bytes; want %d at most", path, number, len(line), maxLine)
		}
		switch {
		case strings.HasPrefix(line, blockComment):
			m := blockLine.FindStringSubmatch(line)
			if m == nil {
				return nil, nil, fmt.Errorf("%s:%d: %q: want the number of a block, and may be those of its process and link, as in \"# block 9 process 2 link 1\"", path, number, line)
			}
			for i, n := range []*int{&now.block, &now.process, &now.link} {
				*n, _ = strconv.Atoi(m[i+1]) // digits, or nothing
			}
		case strings.HasPrefix(line, faultComment):
			now.fault = line[len(faultComment):]
		case strings.HasPrefix(line, asideComment):
			now.aside = line[len(asideComment):]
		case resultLine.MatchString(line):
			notes[number] = now
			ours = ours || ourName.MatchString(line)
			now.fault, now.aside = "", ""
		case failure.MatchString(line):
			return nil, nil, fmt.Errorf("%s:%d: %.60q: the program failed; want the output of one that did not", path, number, line)
		case line == "", line[0] == '#', unitLine.MatchString(line),
			configLine.MatchString(line), goTestLine.MatchString(line) && !ourName.MatchString(line):
		default:
			o.add(fmt.Errorf(`%s:%d: %.60q is not a line of Go benchmark text; want a result like "BenchmarkMap/impl=… 1000 2.5e+06 ops/s", "key: value", "Unit ops/s better=higher" or a # comment`,
				path, number, line))
		}
	}
	if o.foreign = len(notes) > 0 && !ours; !o.foreign && o.first != nil {
		return nil, nil, o.first
	}
	return notes, o, nil
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
			if o.add(fmt.Errorf("%w; want a result like \"BenchmarkMap/impl=… 1000 2.5e+06 ops/s\"", rec)); !o.foreign {
				return o.first
			}
		case *benchfmt.Result:
			_, line := rec.Pos()
			n := notes[line]
			c, err := cellOf(rec, n)
			if err != nil {
				return fmt.Errorf("%s:%d: %w", path, line, err)
			}
			key := once{c.ID, c.Block}
			if before, twice := seen[key]; twice && c.Block > 0 {
				return fmt.Errorf("%s:%d: %s was measured in block %d before, in line %d; want each cell once a block",
					path, line, c.Name(), c.Block, before)
			}
			seen[key] = line
			f.readConfig(path, line, rec)
			f.cells = append(f.cells, c)
			f.wholeBytes = n.end
		}
	}
	if o.first != nil {
		if len(f.cells) == 0 {
			return o.first
		}
		f.warnings = append(f.warnings, warnf("passed over, with %d more lines like it: %v", o.lines-1, o.first))
	}
	for _, c := range f.cells {
		for unit := range c.Metrics {
			switch r.Units().GetBetter(unit) {
			case 1:
				f.better[unit] = "higher"
			case -1:
				f.better[unit] = "lower"
			}
		}
	}
	return r.Err()
}

// readConfig records the configuration that applies to rec, and warns if it changes.
func (f *file) readConfig(path string, line int, rec *benchfmt.Result) {
	for _, c := range rec.Config {
		before, value := f.config[c.Key], string(c.Value)
		if before != "" && before != value && c.Key != "pkg" {
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

func cellOf(rec *benchfmt.Result, n note) (Cell, error) {
	c := Cell{Block: n.block, Process: n.process, Link: n.link, Fault: n.fault, Ops: int64(rec.Iters), Metrics: map[string]float64{}}
	kind := Kind(rec.Name.Base())
	ours := ourName.MatchString(rec.Name.String())
	var err error
	if ours {
		c.ID, err = ParseName(rec.Name.String())
	} else {
		c.ID = otherID(kind, rec.Name.String())
		c.Pkg = rec.GetConfig("pkg")
	}
	if err != nil {
		return Cell{}, err
	}
	aside, err := asideValues(n.aside)
	if err != nil {
		return Cell{}, err
	}
	for _, v := range slices.Concat(rec.Values, aside) {
		known := slices.ContainsFunc(Units(kind), func(u Unit) bool { return u.Name == v.Unit })
		_, twice := c.Metrics[v.Unit]
		switch {
		case ours && !known:
			return Cell{}, fmt.Errorf("unit %q: want one of %s", v.Unit, unitNames(kind))
		case twice:
			return Cell{}, fmt.Errorf("unit %q occurs twice", v.Unit)
		case math.IsNaN(v.Value) || math.IsInf(v.Value, 0) || v.Value < 0:
			return Cell{}, fmt.Errorf("%v %s: want a number from 0", v.Value, v.Unit)
		}
		c.Metrics[v.Unit] = v.Value
	}
	return c, nil
}

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
func otherID(kind Kind, name string) ID {
	id := ID{Kind: kind, Procs: 1}
	name = strings.TrimPrefix(strings.TrimPrefix(name, string(kind)), "/")
	if rest, procs, ok := cutLast(name, "-"); ok {
		if n, err := strconv.Atoi(procs); err == nil && n > 1 && strconv.Itoa(n) == procs { // 1 is never written
			name, id.Procs = rest, n
		}
	}
	id.Impl = name
	return id
}

func unitNames(k Kind) string {
	var names []string
	for _, u := range Units(k) {
		names = append(names, u.Name)
	}
	return strings.Join(names, ", ")
}
