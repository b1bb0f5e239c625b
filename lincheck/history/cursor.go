package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// parseNumber reads a whole number in JSON's form.
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

// canonical returns the JSON number in text in the one form that all numbers equal to it have: 1
// for 1.0 and for 10e-1.
func canonical(text []byte) (number []byte, ok bool) {
	if len(text) == 0 || text[0] != '-' && (text[0] < '0' || text[0] > '9') || !json.Valid(text) {
		return nil, false
	}
	mantissa, exponent, _ := bytes.Cut(bytes.ToLower(text), []byte("e"))
	shift := 0
	if len(exponent) > 0 {
		var err error
		if shift, err = strconv.Atoi(string(exponent)); err != nil {
			return nil, false
		}
	}
	digits, negative := bytes.CutPrefix(mantissa, []byte("-"))
	whole, part, _ := bytes.Cut(digits, []byte("."))
	digits = bytes.TrimLeft(append(bytes.Clone(whole), part...), "0")
	shift -= len(part)
	short := bytes.TrimRight(digits, "0")
	shift += len(digits) - len(short)
	if len(short) == 0 {
		return []byte("0"), true
	}
	if negative {
		number = append(number, '-')
	}
	const most = 40 // digits that are written out
	switch {
	case shift < 0 && -shift <= most:
		short = append(bytes.Repeat([]byte("0"), max(0, 1-shift-len(short))), short...)
		point := len(short) + shift
		return fmt.Appendf(number, "%s.%s", short[:point], short[point:]), true
	case shift >= 0 && len(short)+shift <= most:
		return fmt.Appendf(number, "%s%s", short, bytes.Repeat([]byte("0"), shift)), true
	}
	return fmt.Appendf(number, "%se%d", short, shift), true
}

// cursor reads JSON from left to right. It does not validate values; the code that uses a value
// does.
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

// take skips white space, then takes b if that comes next, and reports whether it did.
func (c *cursor) take(b byte) bool {
	c.skip()
	if c.at == len(c.text) || c.text[c.at] != b {
		return false
	}
	c.at++
	return true
}

// takeAll takes text if that comes next, and reports whether it did.
func (c *cursor) takeAll(text string) bool {
	if len(c.text)-c.at < len(text) || string(c.text[c.at:c.at+len(text)]) != text {
		return false
	}
	c.at += len(text)
	return true
}

// number takes a whole number of 0 or more, if that comes next with a delimiter behind it and its
// digits surely fit an int64. Else it takes nothing and returns no text.
func (c *cursor) number() (n int64, text []byte) {
	const most = 18
	at := c.at
	for ; at < len(c.text) && c.text[at]-'0' <= 9; at++ {
		n = 10*n + int64(c.text[at]-'0') // may overflow; too many digits are refused below
	}
	digits := at - c.at
	if digits == 0 || digits > most || digits > 1 && c.text[c.at] == '0' || at == len(c.text) || c.text[at] != ',' && c.text[at] != '}' && c.text[at] != ']' {
		return 0, nil
	}
	text = c.text[c.at:at]
	c.at = at
	return n, text
}

// value takes the next value, with its quotes or brackets. It returns no text if there is no value.
// A string that it returns has both its quotes.
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

// quoted takes a string with its quotes, and reports whether the string ends.
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
