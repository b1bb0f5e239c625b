package lincheck

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// ReadHistory reads a history file, see the package documentation. Errors name the line and
// what would be right. A last line without a newline is left out, and the history says that
// it was Cut.
func ReadHistory(r io.Reader) (*History, error) {
	h, err := readEvents(r, func(h *History) sink { return (*loader)(h) })
	if err != nil {
		return nil, err
	}
	h.sort()
	return h, nil
}

// sink takes the events of a history as they are read, until it returns an error. It may keep
// what an event points to, but not the event.
type sink interface {
	call(*Call) error
	guard(*Guard) error
}

// loader keeps all events in a history.
type loader History

func (l *loader) call(c *Call) error {
	l.Calls = append(l.Calls, *c)
	return nil
}

func (l *loader) guard(g *Guard) error {
	l.Guards = append(l.Guards, *g)
	return nil
}

// readEvents reads a history file into the sink that begin makes for its header, event by
// event. The history that it returns has the header and the names.
func readEvents(r io.Reader, begin func(*History) sink) (*History, error) {
	p := parser{h: &History{}, names: map[string]Word{}, last: map[int]*times{}}
	lines := lineReader{r: bufio.NewReaderSize(r, 1<<16)}
	for n := 1; ; n++ {
		line, err := lines.next()
		if err == io.EOF {
			if n == 1 {
				return nil, errors.New("line 1: no complete header; want one like {\"history\":1,\"claim\":\"linearizable\"}")
			}
			p.h.Cut = len(line) > 0
			return p.h, nil
		}
		switch {
		case err != nil:
		case n == 1:
			if err = p.header(line); err == nil {
				p.sink = begin(p.h)
			}
		default:
			err = p.event(line)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
}

// lineReader reads lines of any length into memory that it uses again.
type lineReader struct {
	r    *bufio.Reader
	long []byte // a line that is longer than r's buffer
}

// next returns the next line with its newline, valid until the next call; or at the end
// io.EOF with what stands after the last newline.
func (l *lineReader) next() ([]byte, error) {
	line, err := l.r.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	l.long = l.long[:0]
	for err == bufio.ErrBufferFull {
		l.long = append(l.long, line...)
		line, err = l.r.ReadSlice('\n')
	}
	l.long = append(l.long, line...)
	return l.long, err
}

// parser reads lines. It allocates for names and reads that are kept, but not for lines.
type parser struct {
	h       *History
	ops     []Op // that may occur
	sink    sink
	names   map[string]Word
	writer  int            // 1 + the client that writes a stamped history
	last    map[int]*times // of each client
	fields  fields
	call    Call
	guard   Guard
	scratch []Read
	reads   []Read // room for those that are kept
}

// times says when a client's last call returned, and the opening of its last guard.
type times struct{ returned, opened int64 }

func (p *parser) header(line []byte) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	var header headerLine
	if err := dec.Decode(&header); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	if dec.More() {
		return errors.New("header: more than one value; want one JSON object")
	}
	var err error
	p.h.Header, err = header.header()
	p.ops = claimOps[p.h.Claim]
	return err
}

func (p *parser) event(line []byte) error {
	f := &p.fields
	if err := f.split(line); err != nil {
		return err
	}
	op, known := f.op()
	if !known || !slices.Contains(p.ops, op) {
		var want []string
		for _, op := range p.ops {
			want = append(want, kinds[op].name)
		}
		return fmt.Errorf("op %s in a history that claims to be %s; want one of %v", f.text(fOp), p.h.Claim, want)
	}
	err := f.shape(op)
	switch {
	case err != nil:
	case op == opGuard:
		err = p.readGuard(f)
	default:
		err = p.readCall(f, op)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", kinds[op].name, err)
	}
	return nil
}

// times returns those of a client, which begin before all others.
func (p *parser) times(client int) *times {
	t := p.last[client]
	if t == nil {
		t = &times{math.MinInt64, math.MinInt64}
		p.last[client] = t
	}
	return t
}

func (p *parser) readCall(f *fields, op Op) error {
	c := &p.call
	*c = Call{
		Client: int(f.count(fClient)), Op: op, Called: f.time(fCalled), Return: Never, Version: uint64(f.count(fVersion)),
		Key: p.word(f, fKey), Old: p.word(f, fOld), New: p.word(f, fNew), Result: p.optional(f, fResult), Did: f.boolean(fDid),
	}
	if f.has.has(fReturned) && string(f.raw[fReturned]) != "null" {
		c.Return = f.time(fReturned)
	}
	t := p.times(c.Client)
	switch {
	case f.err != nil:
		return f.err
	case c.Return < c.Called:
		return fmt.Errorf("it returned at %d, before it was called at %d", c.Return, c.Called)
	case c.Return == Never && (c.Did || c.Result.Ok || c.Version != 0 && !p.h.Claim.stamped()):
		return errors.New("it did not return and yet has an outcome")
	case c.Called < t.returned:
		return fmt.Errorf("client %d calls at %d, before its last call returned; one client does one thing at a time", c.Client, c.Called)
	case p.h.Claim.stamped() && op == Publish && c.Version == 0:
		return errors.New("it has no version; a history of stamped guards needs one")
	case p.h.Claim.stamped() && p.writer != 0 && p.writer != 1+c.Client:
		return fmt.Errorf("client %d writes, and client %d before; a history of stamped guards has one writer", c.Client, p.writer-1)
	}
	p.writer = 1 + c.Client
	t.returned = c.Return
	return p.sink.call(c)
}

func (p *parser) readGuard(f *fields) error {
	g := &p.guard
	*g = Guard{
		Client: int(f.count(fClient)), Version: uint64(f.count(fVersion)), Called: f.time(fCalled), Opened: f.time(fOpened), Closed: f.time(fClosed),
		Reads: p.pairs(f, fReads), All: p.pairs(f, fAll), Ranged: f.has.has(fAll),
	}
	t := p.times(g.Client)
	switch {
	case f.err != nil:
		return f.err
	case g.Opened < g.Called || g.Closed < g.Opened:
		return fmt.Errorf("called at %d, opened at %d, closed at %d; want them in this order", g.Called, g.Opened, g.Closed)
	case g.Version < p.h.From:
		return fmt.Errorf("it is of version %d; the header says that the history is from version %d on", g.Version, p.h.From)
	case g.Called < t.opened:
		return fmt.Errorf("client %d opens a guard at %d, before it had opened its last; one client does one thing at a time", g.Client, g.Called)
	}
	t.opened = g.Opened
	return p.sink.guard(g)
}

// word reads a key or a value that must be there if the field is.
func (p *parser) word(f *fields, name field) Word {
	if !f.has.has(name) {
		return 0
	}
	v := p.optional(f, name)
	if !v.Ok {
		f.fail("field %q is null; want a number or a string", name)
	}
	return v.Word
}

func (p *parser) optional(f *fields, name field) Value {
	switch {
	case !f.has.has(name):
		return Value{}
	case f.numeric.has(name):
		return Value{Word(f.numbers[name]), true}
	}
	return p.value(f, f.raw[name])
}

// pairs reads a field like [[3,17],[4,null]].
func (p *parser) pairs(f *fields, name field) []Read {
	if !f.has.has(name) {
		return nil
	}
	p.scratch = p.scratch[:0]
	list := cursor{text: f.raw[name]}
	if !list.take('[') {
		f.fail("field %q: %s; want a list of pairs like [[3,17],[4,null]]", name, f.raw[name])
	}
	for more := !list.take(']'); more && f.err == nil; more = !list.take(']') {
		if len(p.scratch) > 0 && !list.take(',') {
			f.fail("field %q: no comma after a pair", name)
		}
		pair := list
		if !list.take('[') {
			f.fail("field %q: %s; want a pair [key, value]", name, pair.value())
			break
		}
		key := p.next(f, &list)
		if !list.take(',') {
			f.fail("field %q: a pair of 1; want [key, value]", name)
		}
		value := p.next(f, &list)
		if !list.take(']') {
			f.fail("field %q: a pair of more than 2; want [key, value]", name)
		}
		read := Read{key.Word, value}
		if !key.Ok || name == fAll && !value.Ok {
			f.fail("field %q: null in %s; only values that are not there are null, and all lists only those that are", name, pair.value())
		}
		p.scratch = append(p.scratch, read)
	}
	if len(p.scratch) == 0 {
		return nil
	}
	const room = 4096
	if len(p.scratch) > cap(p.reads)-len(p.reads) {
		p.reads = make([]Read, 0, max(room, len(p.scratch)))
	}
	from := len(p.reads)
	p.reads = append(p.reads, p.scratch...)
	return p.reads[from:len(p.reads):len(p.reads)]
}

// next takes the next value.
func (p *parser) next(f *fields, c *cursor) Value {
	if n, raw := c.number(); len(raw) > 0 {
		return Value{Word(n), true}
	}
	return p.value(f, c.value())
}

// value reads a number below 2^63, a string, or null.
func (p *parser) value(f *fields, raw []byte) Value {
	switch {
	case f.err != nil || string(raw) == "null":
		return Value{}
	case len(raw) > 0 && raw[0] == '"':
		return Value{p.name(f, raw), true}
	}
	n, ok := parseNumber(raw)
	if !ok || n < 0 {
		f.fail("%s is no key or value; want a whole number below 2^63, or a string", raw)
	}
	return Value{Word(n), true}
}

// name returns the word of a string that is quoted as in JSON.
func (p *parser) name(f *fields, quoted []byte) Word {
	text := quoted[1 : len(quoted)-1]
	if !plain(text) {
		var name string
		if err := json.Unmarshal(quoted, &name); err != nil {
			f.fail("%s is no string: %v", quoted, err)
			return 0
		}
		text = []byte(name)
	}
	w, ok := p.names[string(text)]
	if !ok {
		w = nameBit | Word(len(p.h.Names))
		p.names[string(text)] = w
		p.h.Names = append(p.h.Names, string(text))
	}
	return w
}

// plain reports whether a string of JSON stands for itself.
func plain(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c == '\\' {
			return false
		}
	}
	return utf8.Valid(text)
}

// fields are the fields of a line. Its methods take one, and keep the first error.
type fields struct {
	has     fieldSet
	raw     [numFields][]byte // of those that are there, as JSON has them
	numeric fieldSet          // whole numbers of few digits
	numbers [numFields]int64  // of those
	unknown string            // the name of one that is no field
	err     error

	// Lines are alike: that which followed a field, or none, in the line in which it came last.
	follows [numFields + 1]field
}

// fieldStarts are the names of fields as most programs write them.
var fieldStarts = func() (starts [numFields]string) {
	for k := range numFields {
		starts[k] = `"` + fieldNames[k] + `":`
	}
	return starts
}()

// split takes a line apart.
func (f *fields) split(line []byte) error {
	f.has, f.numeric, f.unknown, f.err = 0, 0, "", nil
	c := cursor{text: line}
	last := numFields
	if !c.take('{') {
		return fmt.Errorf("no JSON object: %.40q", line)
	}
	for more := !c.take('}'); more; more = !c.take('}') {
		if (f.has != 0 || f.unknown != "") && !c.take(',') {
			return fmt.Errorf("no comma or } at byte %d", c.at+1)
		}
		c.skip()
		k := f.follows[last]
		if !c.takeAll(fieldStarts[k]) {
			name := c.value()
			if len(name) == 0 || name[0] != '"' || !c.take(':') {
				return fmt.Errorf("no field like \"client\":0 at byte %d", c.at+1)
			}
			if k = fieldOf(name[1 : len(name)-1]); k < numFields {
				f.follows[last] = k
			} else {
				f.unknown = string(name)
			}
		}
		last = k
		n, raw := c.number()
		numeric := len(raw) > 0
		if !numeric {
			raw = c.value()
		}
		switch {
		case len(raw) == 0:
			return fmt.Errorf("no value at byte %d", c.at+1)
		case k == numFields:
		case f.has.has(k):
			return fmt.Errorf("field %q stands there twice", k)
		default:
			f.has |= 1 << k
			f.raw[k] = raw
			if numeric {
				f.numeric |= 1 << k
				f.numbers[k] = n
			}
		}
	}
	if c.skip(); c.at < len(line) {
		return fmt.Errorf("more than a JSON object: %.40q", line[c.at:])
	}
	return nil
}

// fieldOf returns the field of that name, or numFields if there is none.
func fieldOf(name []byte) field {
	for k := range numFields {
		if fieldNames[k] == string(name) {
			return k
		}
	}
	return numFields
}

// op returns what the line is about.
func (f *fields) op() (Op, bool) {
	if f.has.has(fOp) && string(f.raw[fOp]) == `"guard"` { // as most are of a history that is long
		return opGuard, true
	}
	for op := range kinds {
		if name := kinds[op].name; f.has.has(fOp) && len(f.raw[fOp]) == len(name)+2 && string(f.raw[fOp][1:len(name)+1]) == name {
			return Op(op), f.raw[fOp][0] == '"'
		}
	}
	return 0, false
}

// text is the field as it stands there.
func (f *fields) text(name field) string {
	if !f.has.has(name) {
		return `""`
	}
	return string(f.raw[name])
}

// shape checks that the fields are those of op.
func (f *fields) shape(op Op) error {
	must, known := kinds[op].must, kinds[op].must|kinds[op].may
	if missing := must &^ f.has; missing != 0 {
		return fmt.Errorf("field %q is missing", missing.names()[0])
	}
	unknown := f.unknown
	if more := f.has &^ known; more != 0 {
		unknown = fmt.Sprintf("%q", more.names()[0])
	}
	if unknown != "" {
		return fmt.Errorf("unknown field %s; want %s", unknown, strings.Join(append(must.names(), kinds[op].may.names()...), ", "))
	}
	return nil
}

func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}

// number reads a whole number that must be there.
func (f *fields) number(name field) int64 {
	if f.numeric.has(name) {
		return f.numbers[name]
	}
	n, ok := parseNumber(f.raw[name])
	if !ok {
		f.fail("field %q: %s; want a whole number", name, f.raw[name])
	}
	return n
}

// time reads a time. Sums of times and slacks must not overflow.
func (f *fields) time(name field) int64 {
	const most = 1 << 61
	n := f.number(name)
	if n < -most || n > most {
		f.fail("field %q: %d; want a time in nanoseconds between -2^61 and 2^61", name, n)
	}
	return n
}

// count reads a number from 0 on, which is 0 where the field is not there.
func (f *fields) count(name field) int64 {
	if !f.has.has(name) {
		return 0
	}
	n := f.number(name)
	if n < 0 {
		f.fail("field %q: %d; want 0 or more", name, n)
	}
	return n
}

func (f *fields) boolean(name field) bool {
	if !f.has.has(name) {
		return false
	}
	switch string(f.raw[name]) {
	case "true":
		return true
	case "false":
	default:
		f.fail("field %q: %s; want true or false", name, f.raw[name])
	}
	return false
}

// parseNumber reads a whole number of JSON.
func parseNumber(text []byte) (n int64, ok bool) {
	digits, negative := text, len(text) > 0 && text[0] == '-'
	if negative {
		digits = text[1:]
	}
	if len(digits) == 0 || len(digits) > 1 && digits[0] == '0' {
		return 0, false
	}
	for _, c := range digits {
		d := int64(c) - '0'
		if d < 0 || d > 9 || n >= math.MaxInt64/10 && n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = 10*n + d
	}
	if negative {
		n = -n
	}
	return n, true
}

// cursor reads JSON from left to right, without looking closely: whoever uses a value
// sees whether it is one.
type cursor struct {
	text []byte
	at   int
}

// skip skips white space.
func (c *cursor) skip() {
	if c.at < len(c.text) && c.text[c.at] > ' ' {
		return
	}
	c.skipSpace()
}

func (c *cursor) skipSpace() {
	for c.at < len(c.text) {
		switch c.text[c.at] {
		case ' ', '\t', '\r', '\n':
			c.at++
		default:
			return
		}
	}
}

// take skips white space and then b, if that stands there, and reports whether it does.
func (c *cursor) take(b byte) bool {
	c.skip()
	if c.at == len(c.text) || c.text[c.at] != b {
		return false
	}
	c.at++
	return true
}

// takeAll takes text, if that stands there, and reports whether it does.
func (c *cursor) takeAll(text string) bool {
	if len(c.text)-c.at < len(text) || string(c.text[c.at:c.at+len(text)]) != text {
		return false
	}
	c.at += len(text)
	return true
}

// number takes a whole number from 0 on, of no more digits than surely fit, if that stands there and nothing that might be
// part of it follows. Else it returns no text, and takes nothing.
func (c *cursor) number() (n int64, text []byte) {
	const most = 18
	at := c.at
	for ; at < len(c.text) && c.text[at]-'0' <= 9; at++ {
		n = 10*n + int64(c.text[at]-'0') // too many of them are found out below
	}
	digits := at - c.at
	if digits == 0 || digits > most || digits > 1 && c.text[c.at] == '0' || at == len(c.text) || c.text[at] != ',' && c.text[at] != '}' && c.text[at] != ']' {
		return 0, nil
	}
	text = c.text[c.at:at]
	c.at = at
	return n, text
}

// value takes the next value, with its quotes or brackets; it is empty if there is none. A
// string that it returns has both its quotes.
func (c *cursor) value() []byte {
	c.skip()
	from, depth := c.at, 0
	for c.at < len(c.text) {
		switch b := c.text[c.at]; b {
		case '"':
			if !c.quoted() {
				return nil
			}
			if depth == 0 {
				return c.text[from:c.at]
			}
			continue
		case '[', '{':
			depth++
		case ']', '}':
			if depth == 0 {
				return c.text[from:c.at]
			}
			if depth--; depth == 0 {
				c.at++
				return c.text[from:c.at]
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return c.text[from:c.at]
			}
		}
		c.at++
	}
	return c.text[from:c.at]
}

// quoted takes a string with its quotes, and reports whether it has an end.
func (c *cursor) quoted() bool {
	for c.at++; c.at < len(c.text); c.at++ {
		switch c.text[c.at] {
		case '\\':
			c.at++
		case '"':
			c.at++
			return true
		}
	}
	c.at = len(c.text)
	return false
}
