package history

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"

	"olympos.io/encoding/edn"
)

// ParseJepsen reads a history of Jepsen. It claims to be linearizable. r is EDN, as in
// history.edn: maps with :process, :type, :f and :value, one after the other or in one list. Or r
// is text, as in history.txt and in the logs of jepsen.util: process, type, function and value in
// columns.
//
// A register has the functions :read, :write and :cas, of one key or of the keys of
// jepsen.independent. A set has :add and :read. A lock has :acquire and :release. initial is the
// value that each register has at first, as EDN; nil is none.
//
// The order of the lines is the order of time. A call that ends with :info, or never, may take
// effect later or not at all. A call that ends with :fail had no effect. In text a :cas that fails
// without a reason has found another value. Operations of a nemesis are left out.
func ParseJepsen(r io.Reader, initial string) (*History, error) {
	j := jepsen{p: parser{h: &History{Header: Header{Claim: ClaimLinearizable}}, names: map[name]Word{}}, open: map[int]*jepsenOp{}, keys: map[Word]bool{}}
	if err := edn.UnmarshalString(initial, &j.initial); err != nil && initial != "" {
		return nil, fmt.Errorf("initial value %q: %w", initial, err)
	}
	in := bufio.NewReader(withoutMark(r))
	read := j.readEDN
	if start, _ := in.Peek(1 << 12); jepsenLine.Match(start) {
		read = j.readText
	}
	if err := read(in); err != nil {
		return nil, err
	}
	j.set = slices.ContainsFunc(j.events, func(e jepsenEvent) bool { return e.f == "add" })
	for _, e := range j.events {
		if err := j.event(e); err != nil {
			return nil, fmt.Errorf("%s %d: %w", j.unit, e.at, err)
		}
	}
	for process, op := range j.open { // in any order, because Sort follows
		if err := j.end(process, jepsenEvent{kind: "info"}); err != nil {
			return nil, fmt.Errorf("%s %d: %w", j.unit, op.at, err)
		}
	}
	if err := j.begin(); err != nil {
		return nil, err
	}
	j.p.h.Sort()
	return j.p.h, nil
}

// jepsenEvent is the beginning or the end of an operation.
type jepsenEvent struct {
	at      int64 // the number of its line, or its number in EDN
	process int
	kind    string // invoke, ok, fail or info; or other, of a :cas that found another value
	f       string
	value   any
}

// jepsenOp is an operation that has begun.
type jepsenOp jepsenEvent

// jepsen makes calls of operations.
type jepsen struct {
	p       parser
	unit    string // line or operation
	events  []jepsenEvent
	open    map[int]*jepsenOp // by process
	initial any
	keys    map[Word]bool // of registers
	set     bool          // a read reads a set
}

var jepsenLine = regexp.MustCompile(`(?m)^(?:INFO\s+jepsen\.util - )?(\S+)\s+:(invoke|ok|fail|info)\s+:(\S+)[ \t]*([^\r\n]*)`)

// readText reads the columns of a log. Other lines of a log are skipped.
func (j *jepsen) readText(r io.Reader) error {
	j.unit = "line"
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for at := int64(1); lines.Scan(); at++ {
		m := jepsenLine.FindSubmatch(lines.Bytes())
		if m == nil {
			continue
		}
		process, err := strconv.Atoi(string(m[1]))
		if err != nil {
			continue // of the nemesis
		}
		e := jepsenEvent{at: at, process: process, kind: string(m[2]), f: string(m[3])}
		var columns []any // the value, and why the call failed
		for d := edn.NewDecoder(bytes.NewReader(m[4])); ; {
			var v any
			if err := d.Decode(&v); err != nil {
				break // behind the value there may be any text
			}
			columns = append(columns, v)
		}
		if len(columns) > 0 {
			e.value = untagged(columns[0])
		}
		if pair, ok := e.value.([]any); ok && len(columns) == 1 && e.kind == "fail" && e.f == "cas" && pair[0] != nil {
			e.kind = "other"
		}
		j.events = append(j.events, e)
	}
	return lines.Err()
}

// readEDN reads maps, or lists of them.
func (j *jepsen) readEDN(r io.Reader) error {
	j.unit = "operation"
	at := int64(0)
	for d := edn.NewDecoder(r); ; {
		var v any
		err := d.Decode(&v)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = j.element(v, &at)
		}
		if err != nil {
			return fmt.Errorf("after operation %d: %w", at, err)
		}
	}
	if at == 0 {
		return errors.New("no operation of Jepsen; want maps like {:process 0, :type :invoke, :f :read, :value nil}")
	}
	return nil
}

// element takes an operation, or a list of them.
func (j *jepsen) element(v any, at *int64) error {
	switch v := untagged(v).(type) {
	case []any:
		for _, e := range v {
			if err := j.element(e, at); err != nil {
				return err
			}
		}
		return nil
	case map[any]any:
		*at++
		process, client := v[edn.Keyword("process")].(int64)
		if !client || process < 0 || process > math.MaxInt32 {
			return nil // of the nemesis
		}
		kind, _ := v[edn.Keyword("type")].(edn.Keyword)
		f, _ := v[edn.Keyword("f")].(edn.Keyword)
		j.events = append(j.events, jepsenEvent{*at, int(process), string(kind), string(f), untagged(v[edn.Keyword("value")])})
		return nil
	}
	return fmt.Errorf("%v; want a map like {:process 0, :type :invoke, :f :read, :value nil}", v)
}

// untagged returns the value below tags such as #jepsen.history.Op.
func untagged(v any) any {
	for {
		tag, ok := v.(edn.Tag)
		if !ok {
			return v
		}
		v = tag.Value
	}
}

// event takes the beginning or the end of an operation.
func (j *jepsen) event(e jepsenEvent) error {
	op := j.open[e.process]
	switch {
	case e.kind == "invoke" && op != nil:
		return fmt.Errorf("process %d begins an operation before its last one has ended; want an :ok, :fail or :info of that one before", e.process)
	case e.kind == "invoke":
		begun := jepsenOp(e)
		j.open[e.process] = &begun
		return nil
	case !slices.Contains([]string{"ok", "fail", "info", "other"}, e.kind):
		return fmt.Errorf("type :%s; want :invoke, :ok, :fail or :info", e.kind)
	case op == nil || op.f != e.f:
		return fmt.Errorf(":%s of :%s, which process %d has not begun", e.kind, e.f, e.process)
	}
	return j.end(e.process, e)
}

// end adds the call of a process, which ends with e. A call that failed had no effect, and neither
// has a read without an answer.
func (j *jepsen) end(process int, e jepsenEvent) error {
	op := j.open[process]
	delete(j.open, process)
	if e.kind == "fail" || op.f == "read" && e.kind != "ok" {
		return nil
	}
	c := Call{Client: process, Called: op.at, Return: e.at}
	if e.kind == "info" {
		c.Return = Never
	}
	if err := j.call(&c, op, e); err != nil {
		return fmt.Errorf(":%s: %w", op.f, err)
	}
	j.p.h.Calls = append(j.p.h.Calls, c)
	return nil
}

// held is the value of an element of a set, and of a lock that is held.
const held Word = 1

// call fills in what the call does.
func (j *jepsen) call(c *Call, op *jepsenOp, e jepsenEvent) (err error) {
	ok := e.kind == "ok"
	var v Value
	switch op.f {
	case "read":
		if j.set {
			return j.readSet(c, e.value)
		}
		c.Op = Get
		c.Result, err = j.keyed(c, e.value)
	case "write":
		v, err = j.keyed(c, op.value)
		if c.Op, c.New = Set, v.Word; !v.Ok {
			c.Op = Delete
		}
	case "cas":
		return j.compareAndSwap(c, op.value, ok)
	case "add":
		c.Op, c.New = Set, held
		c.Key, err = j.word(op.value)
	case "remove":
		c.Op = Delete
		c.Key, err = j.word(op.value)
	case "acquire":
		if c.Op, c.New = LoadOrStore, held; ok {
			c.Result = Some(held)
		}
	case "release":
		c.Op, c.Old, c.Did = CompareAndDelete, held, ok
	default:
		err = errors.New("this operation cannot be judged; want :read, :write and :cas of a register, :add and :read of a set, or :acquire and :release of a lock")
	}
	return err
}

// compareAndSwap fills in a call with the value [old new], or [key [old new]].
func (j *jepsen) compareAndSwap(c *Call, value any, ok bool) (err error) {
	if pair, is := value.([]any); is && len(pair) == 2 {
		if inner, keyed := untagged(pair[1]).([]any); keyed {
			if c.Key, err = j.word(pair[0]); err != nil {
				return err
			}
			value = inner
		}
	}
	pair, is := value.([]any)
	if !is || len(pair) != 2 {
		return fmt.Errorf("value %v; want [old new]", value)
	}
	j.keys[c.Key] = true
	old, err := j.value(pair[0])
	if err != nil {
		return err
	}
	now, err := j.value(pair[1])
	if err != nil {
		return err
	}
	c.Old, c.New = old.Word, now.Word
	switch {
	case old.Ok && now.Ok:
		c.Op, c.Did = CompareAndSwap, ok
	case old.Ok:
		c.Op, c.Did = CompareAndDelete, ok
	case now.Ok: // nothing was there, so it stored
		if c.Op = LoadOrStore; ok {
			c.Result = now
		}
	default:
		c.Op = Get
	}
	return nil
}

// readSet fills in a read of a set, which has returned a set or a list.
func (j *jepsen) readSet(c *Call, value any) error {
	var elements []any
	switch v := value.(type) {
	case nil:
	case []any:
		elements = v
	case map[any]bool:
		elements = slices.Collect(maps.Keys(v))
	default:
		return fmt.Errorf("value %v; want a set", v)
	}
	c.Op, c.Snapshot, c.All = Walk, true, []Read{}
	seen := map[Word]bool{}
	for _, e := range elements {
		w, err := j.word(e)
		if err != nil {
			return err
		}
		if !seen[w] {
			seen[w] = true
			c.All = append(c.All, Read{w, Some(held)})
		}
	}
	return nil
}

// keyed returns the value of a register. With a key, as jepsen.independent has it, it is a pair.
func (j *jepsen) keyed(c *Call, value any) (v Value, err error) {
	if pair, ok := value.([]any); ok && len(pair) == 2 {
		if c.Key, err = j.word(pair[0]); err != nil {
			return Value{}, err
		}
		value = untagged(pair[1])
	}
	j.keys[c.Key] = true
	return j.value(value)
}

// begin gives all registers their initial value, before everything else.
func (j *jepsen) begin() error {
	v, err := j.value(j.initial)
	if err != nil || !v.Ok {
		return err
	}
	client := 0
	for _, c := range j.p.h.Calls {
		client = max(client, c.Client+1)
	}
	keys := slices.Sorted(maps.Keys(j.keys))
	for i, key := range keys {
		at := int64(i - len(keys))
		j.p.h.Calls = append(j.p.h.Calls, Call{Client: client, Op: Set, Key: key, New: v.Word, Called: at, Return: at})
	}
	return nil
}

// value returns an EDN value; nil is none.
func (j *jepsen) value(v any) (Value, error) {
	if v == nil {
		return Value{}, nil
	}
	w, err := j.word(v)
	return Value{w, true}, err
}

// word returns an EDN value that is there.
func (j *jepsen) word(v any) (Word, error) {
	switch v := untagged(v).(type) {
	case int64:
		if v >= 0 {
			return Word(v), nil
		}
		return j.p.intern([]byte(strconv.FormatInt(v, 10)), true), nil
	case float64:
		return j.p.intern(strconv.AppendFloat(nil, v, 'g', -1, 64), true), nil
	case bool:
		return j.p.intern(strconv.AppendBool(nil, v), true), nil
	case string:
		return j.p.intern([]byte(v), false), nil
	case edn.Keyword, edn.Symbol:
		return j.p.intern(fmt.Append(nil, v), false), nil
	}
	return 0, fmt.Errorf("value %v; want a number, a string, a keyword or a boolean", v)
}
