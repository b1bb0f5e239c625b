package lincheck

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ReadHistory reads a history file, see the package documentation. Errors name the line and what would be right. A
// last line without a newline is left out, and the history says that it was Cut.
func ReadHistory(r io.Reader) (*History, error) {
	p := parser{h: &History{}, names: map[string]Word{}, last: map[int]int64{}, lastGuard: map[int]int64{}}
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			if n == 1 {
				return nil, errors.New("line 1: no complete header; want one like {\"history\":1,\"claim\":\"linearizable\"}")
			}
			p.h.Cut = len(line) > 0
			p.h.sort()
			return p.h, nil
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if n == 1 {
			err = p.header(line)
		} else {
			err = p.event(line)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
}

type parser struct {
	h         *History
	names     map[string]Word
	writer    int           // 1 + the client that writes a stamped history
	last      map[int]int64 // of each client: when its last call returned
	lastGuard map[int]int64 // of each client: when its last guard's opening returned
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
	return err
}

// fields are the fields of a line. Its methods take one, and keep the first error.
type fields struct {
	raw map[string]json.RawMessage
	p   *parser
	err error
}

func (p *parser) event(line []byte) error {
	f := fields{p: p}
	if err := json.Unmarshal(line, &f.raw); err != nil {
		return err
	}
	var op string
	f.decode("op", &op)
	if !slices.Contains(claimOps[p.h.Claim], op) {
		return fmt.Errorf("op %q in a history that claims to be %s; want one of %v", op, p.h.Claim, claimOps[p.h.Claim])
	}
	if err := f.shape(op); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	var err error
	if op == opGuard {
		err = p.guard(&f)
	} else {
		err = p.call(&f, Op(slices.Index(opNames[:], op)))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// shape checks that the fields are those of op.
func (f *fields) shape(op string) error {
	must := append([]string{"client", "op"}, opFields[op].must...)
	known := append(slices.Clone(must), opFields[op].may...)
	for _, name := range must {
		if _, ok := f.raw[name]; !ok {
			return fmt.Errorf("field %q is missing", name)
		}
	}
	for name := range f.raw {
		if !slices.Contains(known, name) {
			return fmt.Errorf("unknown field %q; want %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

func (p *parser) call(f *fields, op Op) error {
	c := Call{Op: op, Return: Never}
	f.decode("client", &c.Client)
	f.decode("called", &c.Called)
	f.decode("returned", &c.Return)
	f.decode("did", &c.Did)
	f.decode("version", &c.Version)
	c.Key, c.Old, c.New = f.word("key"), f.word("old"), f.word("new")
	if f.raw["result"] != nil {
		c.Result = f.p.value(f.raw["result"], &f.err)
	}
	last, before := p.last[c.Client]
	switch {
	case f.err != nil:
		return f.err
	case c.Return < c.Called:
		return fmt.Errorf("it returned at %d, before it was called at %d", c.Return, c.Called)
	case c.Return == Never && (c.Did || c.Result.Ok || c.Version != 0):
		return errors.New("it did not return and yet has an outcome")
	case before && c.Called < last:
		return fmt.Errorf("client %d calls at %d, before its last call returned; one client does one thing at a time", c.Client, c.Called)
	case p.h.Claim.stamped() && op == Publish && c.Version == 0:
		return errors.New("it has no version; a history of stamped guards needs one")
	case p.h.Claim.stamped() && p.writer != 0 && p.writer != 1+c.Client:
		return fmt.Errorf("client %d writes, and client %d before; a history of stamped guards has one writer", c.Client, p.writer-1)
	}
	p.writer = 1 + c.Client
	p.last[c.Client] = c.Return
	p.h.Calls = append(p.h.Calls, c)
	return nil
}

func (p *parser) guard(f *fields) error {
	var g Guard
	f.decode("client", &g.Client)
	f.decode("version", &g.Version)
	f.decode("called", &g.Called)
	f.decode("opened", &g.Opened)
	f.decode("closed", &g.Closed)
	g.Reads, g.All = f.reads("reads"), f.reads("all")
	_, g.Ranged = f.raw["all"]
	last, before := p.lastGuard[g.Client]
	switch {
	case f.err != nil:
		return f.err
	case g.Opened < g.Called || g.Closed < g.Opened:
		return fmt.Errorf("called at %d, opened at %d, closed at %d; want them in this order", g.Called, g.Opened, g.Closed)
	case before && g.Called < last:
		return fmt.Errorf("client %d opens a guard at %d, before it had opened its last; one client does one thing at a time", g.Client, g.Called)
	}
	p.lastGuard[g.Client] = g.Opened
	p.h.Guards = append(p.h.Guards, g)
	return nil
}

// decode sets *to from the field, if that is there.
func (f *fields) decode(name string, to any) {
	raw, ok := f.raw[name]
	if !ok || f.err != nil {
		return
	}
	if err := json.Unmarshal(raw, to); err != nil {
		f.err = fmt.Errorf("field %q: %w", name, err)
	}
}

func (f *fields) word(name string) Word {
	raw, ok := f.raw[name]
	if !ok {
		return 0
	}
	v := f.p.value(raw, &f.err)
	if !v.Ok && f.err == nil {
		f.err = fmt.Errorf("field %q is null; want a number or a string", name)
	}
	return v.Word
}

// reads takes a field like [[3,17],[4,null]].
func (f *fields) reads(name string) []Read {
	var pairs [][]json.RawMessage
	f.decode(name, &pairs)
	reads := make([]Read, 0, len(pairs))
	for _, pair := range pairs {
		if len(pair) != 2 {
			f.err = fmt.Errorf("field %q: a pair of %d; want [key, value]", name, len(pair))
			return nil
		}
		key, value := f.p.value(pair[0], &f.err), f.p.value(pair[1], &f.err)
		if f.err == nil && (!key.Ok || name == "all" && !value.Ok) {
			f.err = fmt.Errorf("field %q: null in %s; only values that are not there are null, and all lists only those that are", name, pair)
		}
		reads = append(reads, Read{key.Word, value})
	}
	return reads
}

// value reads a number below 2^63, a string, or null.
func (p *parser) value(raw json.RawMessage, failed *error) Value {
	switch {
	case *failed != nil || string(raw) == "null":
		return Value{}
	case raw[0] == '"':
		var name string
		if err := json.Unmarshal(raw, &name); err != nil {
			*failed = err
			return Value{}
		}
		w, ok := p.names[name]
		if !ok {
			w = nameBit | Word(len(p.h.Names))
			p.names[name] = w
			p.h.Names = append(p.h.Names, name)
		}
		return Value{w, true}
	}
	n, err := strconv.ParseUint(string(raw), 10, 63)
	if err != nil {
		*failed = fmt.Errorf("%s is no key or value; want a whole number below 2^63, or a string", raw)
	}
	return Value{Word(n), true}
}
