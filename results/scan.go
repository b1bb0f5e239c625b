package results

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

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
	resultLine = regexp.MustCompile(`^Benchmark[^\s\p{Ll}]\S*\s+\S`)
	unitLine   = regexp.MustCompile(`^Unit\s+[^\s=]+(\s+[^\s=]+=\S*)+$`)
	// What go test prints around results, also with -v. In a log of several lines all but the first
	// are indented farther. A name alone comes before a result.
	goTestLine = regexp.MustCompile(`^(PASS$|coverage: |ok\s|\?\s|=== |(    )*--- (BENCH|PASS|SKIP): |    (    |\S+\.go:\d+: )|Benchmark\S+$)`)
	failure    = regexp.MustCompile(`^(FAIL|\s*--- FAIL|panic:|fatal error:)`)
	// ourName matches the names of this project's benchmarks, and not those of other benchmarks
	// with the same base.
	ourName = regexp.MustCompile(`^(Benchmark)?(Map|Staleness|Latency)/.*\b(impl|mix)=`)
)

// The lines of other programs' results. go test prints the name with a tab, runs the benchmark, and
// prints the rest. What the benchmark prints comes between them.
var (
	number     = `[-+]?[\d.][\d.eE+-]*|NaN|[+-]?Inf`
	wholeLine  = regexp.MustCompile(`^Benchmark[^\s\p{Ll}]\S*\s+\d+(\s+(` + number + `)\s+\S+)+\s*$`)
	nameOnly   = regexp.MustCompile(`^Benchmark[^\s\p{Ll}]\S*$`)
	announced  = regexp.MustCompile(`^(Benchmark[^\s\p{Ll}]\S*)\s`)
	bareResult = regexp.MustCompile(`^\s*(\d+(\s+(` + number + `)\s+[^\s\d]\S*)+)\s*$`)
	// tailResult is the end of a line as go test prints it.
	tailResult = regexp.MustCompile(`(\d+\t *(` + number + `) [^\s\d]\S*(\t *(` + number + `) [^\s\d]\S*)*)\s*$`)
	// hidden is a result within another line, which lost its end.
	hidden    = regexp.MustCompile(`Benchmark[^\s\p{Ll}]\S*\s+\d+\s`)
	commented = regexp.MustCompile(`^#+\s*Benchmark`)
	anyName   = regexp.MustCompile(`Benchmark[^\s\p{Ll}]\S*`)
	skipped   = regexp.MustCompile(`^\s*--- SKIP: (Benchmark\S+)`)
)

// maxLine is the largest length of a line. benchfmt has a limit, too.
const maxLine = 60_000

// odd is the lines of other programs' output that are not Go benchmark text.
type odd struct {
	ours    bool // the file is one of ours
	lines   int
	first   error
	headers []string // names that stand alone in a line
}

func (o *odd) add(err error) {
	if o.lines++; o.first == nil {
		o.first = err
	}
}

// warning says that lines were passed over.
func (o *odd) warning() Warning {
	switch o.lines {
	case 1:
		return warnf("passed over: %v", o.first)
	case 2:
		return warnf("passed over, with 1 more line like it: %v", o.first)
	}
	return warnf("passed over, with %d more lines like it: %v", o.lines-1, o.first)
}

// isOurs reports whether a file is one of this project: it has our header, or a benchmark whose
// whole name is one of ours.
func isOurs(text []byte) bool {
	if len(text) < len(headerComment) && strings.HasPrefix(headerComment, string(text)) {
		return true // cut off in its header
	}
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte(headerComment)) {
			return true
		}
		if ourName.Match(line) {
			name := bytes.TrimPrefix(bytes.Fields(line)[0], []byte("Benchmark"))
			if _, err := ParseName(string(name)); err == nil {
				return true
			}
		}
	}
	return false
}

// joinResults puts results that a log tears from their names back into one line. The line of the
// name becomes empty, so that the number of lines stays the same.
func joinResults(text []byte) []byte {
	lines := bytes.Split(text, []byte("\n"))
	name, at := "", 0 // of a benchmark that has no result yet
	for i, line := range lines {
		line = bytes.TrimRight(line, "\r")
		if pasted := bytes.TrimLeft(line, " \t"); wholeLine.Match(pasted) {
			line = pasted // from a document that indents it
		}
		lines[i] = line
		switch m := announced.FindSubmatch(line); {
		case wholeLine.Match(line):
			name = ""
		case m != nil:
			name, at = string(m[1]), i
		case nameOnly.Match(line):
			name, at = string(line), i
		}
		for _, result := range []*regexp.Regexp{bareResult, tailResult} {
			if m := result.FindSubmatch(line); name != "" && m != nil {
				lines[at] = nil
				lines[i], name = slices.Concat([]byte(name+"\t"), m[1]), ""
			}
		}
	}
	return bytes.Join(lines, []byte("\n"))
}

// scanLines refuses lines that are not Go benchmark text if the file is one of ours. It returns
// what comments say about each line with a result, by line number from 1.
func (f *file) scanLines(path, text string, ours bool) (map[int]note, *odd, error) {
	notes := map[int]note{}
	o := &odd{ours: ours}
	var now note
	number := 0
	for line := range strings.Lines(text) {
		number++
		now.end += len(line)
		line = strings.TrimRight(line, "\r\n")
		if len(line) > maxLine {
			return nil, nil, fmt.Errorf("%s:%d: a line of %d bytes; want %d at most", path, number, len(line), maxLine)
		}
		if ours {
			if err := now.read(line); err != nil {
				return nil, nil, fmt.Errorf("%s:%d: %w", path, number, err)
			}
		}
		if resultLine.MatchString(line) {
			notes[number] = now
			now.fault, now.aside = "", ""
			continue
		}
		if !ours {
			f.mention(path, number, line)
		}
		switch {
		case failure.MatchString(line):
			return nil, nil, fmt.Errorf("%s:%d: %.60q: the program failed; want the output of one that did not", path, number, line)
		case line == "", line[0] == '#', unitLine.MatchString(line),
			configLine.MatchString(line), goTestLine.MatchString(line) && !(ours && ourName.MatchString(line)):
			if nameOnly.MatchString(line) {
				o.headers = append(o.headers, line)
			}
		default:
			o.add(fmt.Errorf(`%s:%d: %.60q is not a line of Go benchmark text; want a result like "BenchmarkMap/impl=… 1000 2.5e+06 ops/s", "key: value", "Unit ops/s better=higher" or a # comment`,
				path, number, line))
		}
	}
	if (ours || len(notes) == 0) && o.first != nil {
		return nil, nil, o.first
	}
	return notes, o, nil
}

// read takes what a comment says about the cells below it.
func (n *note) read(line string) error {
	switch {
	case strings.HasPrefix(line, blockComment):
		m := blockLine.FindStringSubmatch(line)
		if m == nil {
			return fmt.Errorf("%q: want the number of a block, and may be those of its process and link, as in \"# block 9 process 2 link 1\"", line)
		}
		for i, number := range []*int{&n.block, &n.process, &n.link} {
			*number, _ = strconv.Atoi(m[i+1]) // digits, or nothing
		}
	case strings.HasPrefix(line, faultComment):
		n.fault = line[len(faultComment):]
	case strings.HasPrefix(line, asideComment):
		n.aside = line[len(asideComment):]
	}
	return nil
}

// mention records the names of benchmarks in a line that is no result, and whether a result hides
// in it. A comment may hold one on purpose.
func (f *file) mention(path string, number int, line string) {
	for _, name := range anyName.FindAllString(line, -1) {
		f.mentioned[strings.TrimPrefix(name, "Benchmark")] = true
	}
	if m := skipped.FindStringSubmatch(line); m != nil {
		f.skipped = append(f.skipped, m[1])
	}
	switch {
	case announced.MatchString(line):
		f.lost = append(f.lost, fmt.Sprintf("%s:%d: %.60q: a name without its result", path, number, line))
	case bareResult.MatchString(line):
		f.lost = append(f.lost, fmt.Sprintf("%s:%d: %.60q: a result without its name", path, number, line))
	case hidden.MatchString(line) && !commented.MatchString(line):
		f.lost = append(f.lost, fmt.Sprintf("%s:%d: %.60q: a result within another line", path, number, line))
	}
}

// checkHeaders finds names that stand alone in a line, and whose benchmark has no result. go test
// -v prints the name of each benchmark before its result, and before the results of its parts.
func (f *file) checkHeaders(path string, o *odd) {
	for _, name := range o.headers {
		has := slices.ContainsFunc(f.cells, func(c Cell) bool {
			rest, ok := strings.CutPrefix("Benchmark"+c.Name(), name)
			return ok && (rest == "" || rest[0] == '/' || rest[0] == '-')
		})
		if !has && !slices.ContainsFunc(f.skipped, func(s string) bool { return strings.HasPrefix(s+"/", name+"/") }) {
			f.lost = append(f.lost, fmt.Sprintf("%s: %s has a name and no result", path, name))
		}
	}
}
