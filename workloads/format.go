package workloads

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Format is a text format of traces. A line is a step, several or none.
type Format struct {
	Name, Doc string
	licence   string // the licence of all traces of the format, if there is one
	prefixes  bool   // all keys are IP prefixes
	comments  bool   // lines that begin with # are no steps
	parse     func() lineParser
}

// lineParser passes the steps of a line to add, until that returns false. It may keep what earlier
// lines said.
type lineParser func(line string, add func(Kind, string) bool) error

// each is the parser of a format whose lines do not depend on each other.
func each(p lineParser) func() lineParser { return func() lineParser { return p } }

// Formats returns the formats that ReadTrace reads.
func Formats() []Format {
	return []Format{
		{"plain", `"get KEY", "set KEY" or "delete KEY", where a key is the rest of the line; empty lines and lines that begin with # are ignored, except "# licence: TEXT"`, "", false, true, each(plainLine)},
		{"keys", `a key in each line, as it is; each is looked up`, "", false, false, each(keyLine)},
		{"csv:KEY:OP", `columns between commas, perhaps in quotes; KEY and OP are the names of two columns in the first line, as in csv:key:op, or their numbers from 1, as in csv:2:5; csv:KEY alone looks up each key`, "", false, false, nil},
		{"twitter", "Twitter's cache traces, which are compressed by zstd: timestamp,key,key size,value size,client,operation,TTL", "CC-BY 4.0 (Yang, Yue and Rashmi, OSDI 2020)", false, true, each(twitterLine)},
		{"libcachesim", `CSV of libCacheSim: time,object,size…; a first line may name the columns, and the object is then that of obj_id, object, key or id; each is looked up`, "", false, false, libCacheSim},
		{"arc", `traces of the ARC paper: first block, number of blocks, ignored, request; each block is looked up`, "", false, true, each(arcLine)},
		{"lirs", `traces of the LIRS paper: a block in each line, which is looked up; a line with * is ignored`, "", false, true, each(lirsLine)},
		{"prefixes", `an IP prefix in each line, as "192.0.2.0/24"; each is looked up`, "", true, true, each(prefixLine)},
		{"bgpdump", `BGP routes as bgpdump -m writes them, TYPE|time|A|peer|AS|PREFIX…: announcements (A, and B in a table) set a prefix, withdrawals (W) delete it, and states (STATE) are ignored`, "", true, true, each(bgpdumpLine)},
	}
}

// FindFormat returns the format of that name. The names of CSV say which columns to read.
func FindFormat(name string) (Format, bool) {
	all := Formats()
	if columns, ok := strings.CutPrefix(name, "csv:"); ok {
		key, op, _ := strings.Cut(columns, ":")
		return Format{Name: name, parse: func() lineParser { return columnsOf(key, op) }}, key != ""
	}
	i := slices.IndexFunc(all, func(f Format) bool { return f.Name == name && f.parse != nil })
	if i < 0 {
		return Format{}, false
	}
	return all[i], true
}

// ignores reports whether a line has no step: it is blank, or a comment. A comment may say the
// licence of t.
func (f Format) ignores(t *Trace, line string) bool {
	comment, is := strings.CutPrefix(line, "#")
	if !f.comments || !is {
		return strings.TrimSpace(line) == ""
	}
	if licence, ok := strings.CutPrefix(strings.TrimSpace(comment), "licence:"); ok {
		t.Licence = strings.TrimSpace(licence)
	}
	return true
}

func plainLine(line string, add func(Kind, string) bool) error {
	op, key, ok := strings.Cut(line, " ")
	kind, known := map[string]Kind{"get": Get, "set": Set, "delete": Delete}[op]
	if !ok || !known || key == "" {
		return errors.New(`want "get KEY", "set KEY" or "delete KEY"`)
	}
	add(kind, key)
	return nil
}

func keyLine(line string, add func(Kind, string) bool) error {
	add(Get, line)
	return nil
}

// kinds are the kinds of operations by their names in traces. Every operation that may store a
// value counts as a set.
var kinds = map[string]Kind{
	"get": Get, "gets": Get, "read": Get, "r": Get, "lookup": Get, "load": Get, "query": Get, "exists": Get, "contains": Get,
	"set": Set, "add": Set, "replace": Set, "cas": Set, "append": Set, "prepend": Set, "incr": Set, "decr": Set,
	"put": Set, "write": Set, "w": Set, "store": Set, "insert": Set, "update": Set, "upsert": Set,
	"delete": Delete, "del": Delete, "remove": Delete, "d": Delete, "evict": Delete, "expire": Delete,
}

// twitterLine takes a key as it is: it may have commas and quotes.
func twitterLine(line string, add func(Kind, string) bool) error {
	fields := strings.Split(line, ",")
	n := len(fields)
	if n < 7 || n == 7 && fields[1] == "" {
		return fmt.Errorf("%d fields; want 7, the second of them a key", n)
	}
	op := fields[n-2]
	kind, known := kinds[op]
	if !known {
		return fmt.Errorf("operation %q; want one of memcached's", op)
	}
	add(kind, strings.Join(fields[1:n-5], ","))
	return nil
}

// cells returns the columns of a line of CSV.
func cells(line string) ([]string, error) {
	if !strings.Contains(line, `"`) {
		return strings.Split(line, ","), nil
	}
	r := csv.NewReader(strings.NewReader(line))
	r.LazyQuotes = true // a quote within a cell is part of it
	return r.Read()
}

// columnsOf returns the parser of CSV with a column of keys and one of operations, which may be "".
// If one of them is no number, the first line has the names of the columns.
func columnsOf(key, op string) lineParser {
	at := [2]int{-1, -1}
	_, first := columnNumber(key)
	if _, ok := columnNumber(op); op != "" && !ok {
		first = false
	}
	if first {
		at[0], _ = columnNumber(key)
		at[1], _ = columnNumber(op)
	}
	return func(line string, add func(Kind, string) bool) error {
		fields, err := cells(line)
		if err != nil {
			return fmt.Errorf("%w; want columns between commas", err)
		}
		if !first {
			for i, name := range []string{key, op} {
				n, number := columnNumber(name)
				if at[i] = n; name != "" && !number {
					at[i] = column(fields, name)
				}
				if at[i] < 0 && name != "" {
					return fmt.Errorf("no column %q; want it in the first line, or the number of a column", name)
				}
			}
			first = true
			return nil
		}
		if at[0] < 0 || max(at[0], at[1]) >= len(fields) || fields[at[0]] == "" {
			return fmt.Errorf("%d columns; want %d or more, and a key in number %d", len(fields), max(at[0], at[1])+1, at[0]+1)
		}
		kind := Get
		if op != "" {
			known := false
			if kind, known = kinds[strings.ToLower(strings.TrimSpace(fields[at[1]]))]; !known {
				return fmt.Errorf("operation %q; want one like get, set or delete", fields[at[1]])
			}
		}
		add(kind, fields[at[0]])
		return nil
	}
}

// columnNumber returns the index of a column that is given by its number from 1; else -1.
func columnNumber(text string) (int, bool) {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n - 1, true
	}
	return -1, false
}

// column returns the index of the column with that name; -1 if there is none.
func column(names []string, name string) int {
	return slices.IndexFunc(names, func(s string) bool { return strings.EqualFold(strings.Trim(s, " #\ufeff"), name) })
}

// libCacheSim returns a parser that finds the column of objects in the first line, if that has
// names.
func libCacheSim() lineParser {
	at, lines := 1, 0
	return func(line string, add func(Kind, string) bool) error {
		fields, err := cells(line)
		if err != nil {
			return fmt.Errorf("%w; want columns between commas", err)
		}
		if lines++; lines == 1 {
			for _, name := range []string{"obj_id", "obj-id", "object", "object_id", "key", "id"} {
				if i := column(fields, name); i >= 0 {
					at = i
					return nil
				}
			}
		}
		if at >= len(fields) || strings.TrimSpace(fields[at]) == "" {
			return fmt.Errorf("%d columns; want time,object,size", len(fields))
		}
		add(Get, strings.TrimSpace(fields[at]))
		return nil
	}
}

// maxBlocks is the largest number of blocks of a line of ARC. Its blocks have 512 bytes.
const maxBlocks = 1 << 20

func arcLine(line string, add func(Kind, string) bool) error {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return fmt.Errorf("%d columns; want first block, number of blocks, and two more", len(fields))
	}
	first, err := strconv.ParseUint(fields[0], 10, 63)
	if err != nil {
		return fmt.Errorf("block %q; want a whole number", fields[0])
	}
	n, err := strconv.ParseUint(fields[1], 10, 62)
	if err != nil || n == 0 || n > maxBlocks {
		return fmt.Errorf("number of blocks %q; want 1 to %d", fields[1], maxBlocks)
	}
	for block := first; block < first+n; block++ {
		if !add(Get, strconv.FormatUint(block, 10)) {
			break
		}
	}
	return nil
}

func lirsLine(line string, add func(Kind, string) bool) error {
	block := strings.TrimSpace(line)
	if block == "*" {
		return nil
	}
	if _, err := strconv.ParseUint(block, 10, 64); err != nil {
		return errors.New("want the number of a block, or *")
	}
	add(Get, block)
	return nil
}

// prefixOf returns a prefix in the form of package netip, without bits behind its length.
func prefixOf(text string) (string, error) {
	p, err := netip.ParsePrefix(strings.TrimSpace(text))
	if err != nil {
		return "", errors.New("want an IP prefix, as 192.0.2.0/24")
	}
	return p.Masked().String(), nil
}

func prefixLine(line string, add func(Kind, string) bool) error {
	prefix, err := prefixOf(line)
	if err == nil {
		add(Get, prefix)
	}
	return err
}

// bgpdumpLine ignores the peer of a route. What says that a connection changed its state has no
// route.
func bgpdumpLine(line string, add func(Kind, string) bool) error {
	fields := strings.SplitN(line, "|", 7)
	if len(fields) > 2 && fields[2] == "STATE" {
		return nil
	}
	if len(fields) < 6 {
		return fmt.Errorf("%d fields; want 6 or more, between |", len(fields))
	}
	kind, known := map[string]Kind{"A": Set, "B": Set, "W": Delete}[fields[2]]
	if !known {
		return fmt.Errorf("a route of type %q; want A, B or W", fields[2])
	}
	prefix, err := prefixOf(fields[5])
	if err == nil {
		add(kind, prefix)
	}
	return err
}
