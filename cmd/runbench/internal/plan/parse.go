package plan

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
)

// OfManifest returns the plan section if data is a manifest, and else data.
func OfManifest(data []byte) []byte {
	var manifest struct {
		Plan        json.RawMessage `json:"plan"`
		Environment json.RawMessage `json:"environment"`
	}
	if err := json.Unmarshal(data, &manifest); err != nil || manifest.Plan == nil || manifest.Environment == nil {
		return data
	}
	return manifest.Plan
}

// Parse reads the JSON form of a plan. file is its name for errors. They say where the error is:
// the line and column if the text is not JSON or has an unknown field, and the cell and the field.
// Parse does not validate the plan.
func Parse(file string, data []byte) (Plan, error) {
	type fields Plan
	var p Plan
	text := struct {
		*fields
		Cells     []json.RawMessage `json:"cells"`
		Staleness []json.RawMessage `json:"staleness"`
		Latency   []json.RawMessage `json:"latency"`
	}{fields: (*fields)(&p)}
	if err := parse(data, data, "", &text); err != nil {
		return Plan{}, fmt.Errorf("%s:%w", file, err)
	}
	for _, list := range []struct {
		name  string
		texts []json.RawMessage
		cells *[]Cell
	}{{"cells", text.Cells, &p.Cells}, {"staleness", text.Staleness, &p.Staleness}, {"latency", text.Latency, &p.Latency}} {
		for i, text := range list.texts {
			var c Cell
			if err := parse(data, text, fmt.Sprintf("%s[%d]: ", list.name, i), &c); err != nil {
				return Plan{}, fmt.Errorf("%s:%w", file, err)
			}
			*list.cells = append(*list.cells, c)
		}
	}
	return p, nil
}

// parse decodes part of data, one JSON value without unknown fields, into x. Its errors begin with
// the line and column, and then name the part.
func parse(data, part []byte, what string, x any) error {
	dec := json.NewDecoder(bytes.NewReader(part))
	dec.DisallowUnknownFields()
	err := dec.Decode(x)
	at := func(offset int64, format string, args ...any) error {
		line, column := position(data, int64(bytes.Index(data, part))+offset)
		return fmt.Errorf("%d:%d: %s%w", line, column, what, fmt.Errorf(format, args...))
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil && len(bytes.TrimSpace(part[dec.InputOffset():])) > 0:
		return at(dec.InputOffset()+1, "there is text behind the plan; want one JSON object")
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return at(int64(len(part)), "it ends within the plan; want one JSON object")
	case errors.As(err, &syntax):
		return at(syntax.Offset, "%w", err)
	case errors.As(err, &kind):
		field := kind.Field[strings.LastIndexByte(kind.Field, '.')+1:]
		return fmt.Errorf(" %s%s: found JSON of type %s; want %s", what, cmp.Or(field, "plan"), kind.Value, inJSON(kind.Type))
	}
	text := strings.TrimPrefix(err.Error(), "json: ")
	if name, ok := strings.CutPrefix(text, "unknown field "); ok { // the error does not say where
		key := regexp.MustCompile(regexp.QuoteMeta(name) + `\s*:`)
		if found := key.FindIndex(part); found != nil {
			return at(int64(found[0])+1, "%s", text)
		}
	}
	return fmt.Errorf(" %s%s", what, text)
}

// inJSON returns the type of JSON value that is decoded into t.
func inJSON(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		return "object"
	case reflect.Slice:
		return "array"
	case reflect.Int, reflect.Uint64:
		return "whole number"
	case reflect.Bool:
		return "true or false"
	}
	return "string" // also for a Duration and a Percent
}

// position returns the line and column, both from 1, of the byte before the offset in text.
func position(text []byte, offset int64) (line, column int) {
	before := text[:max(offset-1, 0)]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}
