package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"
)

// Sink takes the events of a history as they are read, until it returns an error. It may keep what
// an event points to, but not the event itself.
type Sink interface {
	Call(*Call) error
	Guard(*Guard) error
}

// parser reads lines. It allocates memory for names and for the reads of guards, but not for lines.
type parser struct {
	h       *History
	ops     []Op // the operations that the claim allows
	sink    Sink
	names   map[name]Word
	last    map[int]*times // by client
	fields  fields
	call    Call
	guard   Guard
	scratch []Read
	reads   []Read // memory for the reads of guards
}

// name is a name of a history. A string and a literal may have the same text.
type name struct {
	text    string
	literal bool
}

// times are the times at which a client's last call and its last opening of a guard returned, and
// how many events it has had. A call that never returned counts as returned when it was called.
type times struct {
	returned, opened int64
	events           int
}

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

// times returns the times of a client. A new client has times before all others.
func (p *parser) times(client int) *times {
	t := p.last[client]
	if t == nil {
		t = &times{math.MinInt64, math.MinInt64, 0}
		p.last[client] = t
	}
	return t
}

func (p *parser) readCall(f *fields, op Op) error {
	c := &p.call
	*c = Call{
		Client: int(f.count(fClient)), Op: op, Called: f.time(fCalled), Return: Never, Version: uint64(f.count(fVersion)),
		Key: p.word(f, fKey), Old: p.word(f, fOld), New: p.word(f, fNew), Result: p.optional(f, fResult), Did: f.boolean(fDid),
		All: p.pairs(f, fAll), Removed: p.pairs(f, fRemoved), Snapshot: f.boolean(fSnapshot),
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
	case c.Return == Never && (c.Did || c.Result.Ok || c.All != nil || c.Removed != nil || c.Version != 0 && !p.h.Claim.Stamped()):
		return errors.New("it did not return, but it has a result")
	case c.Called < t.returned:
		return fmt.Errorf("client %d calls at %d, before its last call returned; one client does one thing at a time", c.Client, c.Called)
	case p.h.Claim.Stamped() && op == Publish && c.Version == 0:
		return errors.New("it has no version; a history of stamped guards needs one")
	case (op == Walk || op == Retain) && c.Return != Never && !f.has.has(fAll):
		return errors.New(`field "all" is missing; want the entries that it saw and left, as in [[3,17]], or [] for none`)
	case op == Len && c.Return != Never && (!c.Result.Ok || c.Result.Word >= nameBit):
		return errors.New("its result is not a number of entries")
	}
	if t.returned = c.Return; c.Return == Never {
		t.returned = c.Called
	}
	t.events++
	c.Seq = t.events
	return p.sink.Call(c)
}

func (p *parser) readGuard(f *fields) error {
	g := &p.guard
	*g = Guard{
		Client: int(f.count(fClient)), Version: uint64(f.count(fVersion)), Called: f.time(fCalled), Opened: f.time(fOpened), Closed: Never,
		Reads: p.pairs(f, fReads), All: p.pairs(f, fAll), Ranged: f.has.has(fAll),
	}
	if f.has.has(fClosed) && string(f.raw[fClosed]) != "null" {
		g.Closed = f.time(fClosed)
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
	t.events++
	g.Seq = t.events
	return p.sink.Guard(g)
}

// word reads a key or a value that must not be null. A missing field counts as 0.
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

// pairs reads a list of pairs like [[3,17],[4,null]].
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
		if !key.Ok || name != fReads && !value.Ok {
			f.fail("field %q: null in %s; only a value that is not there is null, and %[1]s has no such entries", name, pair.value())
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

// next reads the next value.
func (p *parser) next(f *fields, c *cursor) Value {
	if n, raw := c.number(); len(raw) > 0 {
		return Value{Word(n), true}
	}
	return p.value(f, c.value())
}

// value reads a number, a string, a boolean, or null.
func (p *parser) value(f *fields, raw []byte) Value {
	switch {
	case f.err != nil || string(raw) == "null":
		return Value{}
	case len(raw) > 0 && raw[0] == '"':
		return Value{p.name(f, raw), true}
	case string(raw) == "true" || string(raw) == "false":
		return Value{p.intern(raw, true), true}
	}
	number, ok := canonical(raw)
	if !ok {
		f.fail("%s is not a key or value; want a number, a string or a boolean", raw)
	}
	if n, ok := parseNumber(number); ok && n >= 0 {
		return Value{Word(n), true}
	}
	return Value{p.intern(number, true), true}
}

// name returns the word of a quoted JSON string.
func (p *parser) name(f *fields, quoted []byte) Word {
	text := quoted[1 : len(quoted)-1]
	if !plain(text) {
		var name string
		if err := json.Unmarshal(quoted, &name); err != nil {
			f.fail("%s is not a string: %v", quoted, err)
			return 0
		}
		text = []byte(name)
	}
	return p.intern(text, false)
}

// intern returns the word of a string, or of the literal with that text.
func (p *parser) intern(text []byte, literal bool) Word {
	w, ok := p.names[name{string(text), literal}]
	if !ok {
		w = nameBit | Word(len(p.h.Names))
		if literal {
			w |= literalBit
		}
		p.names[name{string(text), literal}] = w
		p.h.Names = append(p.h.Names, string(text))
	}
	return w
}

// plain reports whether the text of a JSON string needs no decoding.
func plain(text []byte) bool {
	for _, c := range text {
		if c < ' ' || c == '\\' {
			return false
		}
	}
	return utf8.Valid(text)
}
