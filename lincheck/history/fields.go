package history

import (
	"fmt"
	"strings"
)

// fields are the fields of a line. Its methods each read one field, and keep the first error.
type fields struct {
	has     fieldSet
	raw     [numFields][]byte // JSON text of each field that the line has
	numeric fieldSet          // fields that are whole numbers of few digits
	numbers [numFields]int64  // their numbers
	unknown string            // a name that is not a field's; "" = none
	err     error

	// Most lines have the same fields in the same order. follows[f] is the field that last came
	// after f, and follows[numFields] the field that last came first.
	follows [numFields + 1]field
}

// fieldStarts are the names of fields in the form that most programs write.
var fieldStarts = func() (starts [numFields]string) {
	for k := range numFields {
		starts[k] = `"` + fieldNames[k] + `":`
	}
	return starts
}()

// split finds the fields of a line.
func (f *fields) split(line []byte) error {
	f.has, f.numeric, f.unknown, f.err = 0, 0, "", nil
	c := cursor{text: line}
	last := numFields
	if !c.take('{') {
		return fmt.Errorf("not a JSON object: %.40q", line)
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
			return fmt.Errorf("field %q appears twice", k)
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

// op returns the operation of the line, and whether it is a known one.
func (f *fields) op() (Op, bool) {
	if f.has.has(fOp) && string(f.raw[fOp]) == `"guard"` { // most lines of a long history
		return opGuard, true
	}
	for op := range kinds {
		if name := kinds[op].name; f.has.has(fOp) && len(f.raw[fOp]) == len(name)+2 && string(f.raw[fOp][1:len(name)+1]) == name {
			return Op(op), f.raw[fOp][0] == '"'
		}
	}
	return 0, false
}

// text returns the JSON text of a field.
func (f *fields) text(name field) string {
	if !f.has.has(name) {
		return `""`
	}
	return string(f.raw[name])
}

// shape checks that the line has the fields of op.
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

// number reads a required whole number.
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

// time reads a time. The limit keeps sums of times and slacks from overflowing.
func (f *fields) time(name field) int64 {
	const most = 1 << 61
	n := f.number(name)
	if n < -most || n > most {
		f.fail("field %q: %d; want a time in nanoseconds between -2^61 and 2^61", name, n)
	}
	return n
}

// count reads a number of 0 or more. A missing field counts as 0.
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
