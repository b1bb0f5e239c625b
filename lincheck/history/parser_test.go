package history

import (
	"strings"
	"testing"
)

const LinearizableHeader = `{"history":1,"claim":"linearizable"}`

func TestRefusesMalformedFiles(t *testing.T) {
	const stamped = `{"history":1,"claim":"atomic"}`
	for _, test := range []struct{ name, file, want string }{
		{"empty", "", "line 1: no complete header"},
		{"cut header", LinearizableHeader, "line 1: no complete header"},
		{"no json", "hello\n", "line 1: header: "},
		{"other format", `{"history":3,"claim":"atomic"}` + "\n", `line 1: "history" is 3; want 1 or 2`},
		{"two headers", LinearizableHeader + LinearizableHeader + "\n", "line 1: header: more than one value"},
		{"unknown claim", `{"history":1,"claim":"strong"}` + "\n", `line 1: unknown claim "strong"; want one of [linearizable atomic`},
		{"unknown header field", `{"history":1,"claim":"atomic","clients":3}` + "\n", `line 1: header: json: unknown field "clients"`},
		{"unknown verdict", `{"history":1,"claim":"atomic","verdict":"Good"}` + "\n", `line 1: header: unknown outcome "Good"; want Ok`},
		{"negative slack", `{"history":1,"claim":"atomic","slack_ns":-1}` + "\n", "line 1: slack_ns is -1"},
		{"damage", LinearizableHeader + "\n{\"client\":\n", "line 2: "},
		{"only empty lines", "\n \n", "line 1: no complete header"},
		{"unknown op", LinearizableHeader + "\n" + `{"client":0,"op":"put"}` + "\n", `line 2: op "put" in a history that claims to be linearizable; want one of [get set`},
		{"op of another claim", LinearizableHeader + "\n" + `{"client":0,"op":"publish","called":1}` + "\n", `line 2: op "publish" in a history that claims to be linearizable`},
		{"unknown field", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":1,"called":1,"new":2}` + "\n", `line 2: get: unknown field "new"; want client, op, key, called, result, returned`},
		{"missing field", LinearizableHeader + "\n" + `{"client":0,"op":"set","key":1,"called":1}` + "\n", `line 2: set: field "new" is missing`},
		{"null key", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":null,"called":1}` + "\n", `line 2: get: field "key" is null`},
		{"no number", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":01,"called":1}` + "\n", "line 2: get: 01 is not a key or value"},
		{"list", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":[1],"called":1}` + "\n", "line 2: get: [1] is not a key or value"},
		{"wrong type", LinearizableHeader + "\n" + `{"client":"a","op":"get","key":1,"called":1}` + "\n", `line 2: get: field "client": "a"; want a whole number`},
		{"same field twice", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":1,"key":2,"called":1}` + "\n", `line 2: field "key" appears twice`},
		{"leading zero", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":1,"called":01}` + "\n", `line 2: get: field "called": 01; want a whole number`},
		{"too large a time", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":1,"called":9223372036854775808}` + "\n", `line 2: get: field "called": 9223372036854775808; want`},
		{"time beyond the clock", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":1,"called":-9223372036854775807}` + "\n", `line 2: get: field "called": -9223372036854775807; want a time`},
		{"endless slack", `{"history":1,"claim":"linearizable","slack_ns":9223372036854775807}` + "\n", "line 1: slack_ns is 9223372036854775807; want"},
		{"from in a claim without versions", `{"history":1,"claim":"linearizable","from":3}` + "\n", "line 1: from is 3 in a history that claims to be linearizable; want"},
		{"guard before the beginning", `{"history":1,"claim":"atomic","from":3}` + "\n" + `{"client":0,"op":"guard","version":2,"called":1,"opened":4,"closed":6}` + "\n", "line 2: guard: it is of version 2; the header says"},
		{"not a boolean", LinearizableHeader + "\n" + `{"client":0,"op":"compare-and-delete","key":1,"old":1,"did":1,"called":1,"returned":2}` + "\n", `line 2: compare-and-delete: field "did": 1; want true or false`},
		{"bad escape", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":"\x","called":1}` + "\n", `line 2: get: "\x" is not a string: `},
		{"open string", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":"a` + "\n", "line 2: no value at byte "},
		{"trailing comma", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":1,"called":1,}` + "\n", "line 2: no field like "},
		{"two objects", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":1,"called":1}{}` + "\n", "line 2: more than a JSON object: "},
		{"wide pair", stamped + "\n" + `{"client":0,"op":"guard","version":0,"called":1,"opened":4,"closed":6,"reads":[[1,2,3]]}` + "\n", `line 2: guard: field "reads": a pair of more than 2`},
		{"negative version", stamped + "\n" + `{"client":0,"op":"guard","version":-1,"called":1,"opened":4,"closed":6}` + "\n", `line 2: guard: field "version": -1; want 0 or more`},
		{"large lag", `{"history":1,"claim":"atomic","lag":9999999999}` + "\n", "line 1: lag is 9999999999; want"},
		{"own logs of guards", `{"history":2,"claim":"atomic","own_logs":true}` + "\n", "line 1: own_logs in a history that claims to be atomic; want"},
		{"backwards", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":1,"called":5,"returned":4}` + "\n", "line 2: get: it returned at 4, before it was called at 5"},
		{"result of nothing", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":1,"result":2,"called":5}` + "\n", "line 2: get: it did not return, but it has a result"},
		{"overlapping itself", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":1,"called":0,"returned":9}` + "\n" + `{"client":0,"op":"get","key":1,"called":8,"returned":10}` + "\n", "line 3: get: client 0 calls at 8, before its last call returned"},
		{"before never", LinearizableHeader + "\n" + `{"client":0,"op":"get","key":1,"called":8}` + "\n" + `{"client":0,"op":"get","key":1,"called":7}` + "\n", "line 3: get: client 0 calls at 7, before its last call returned"},
		{"key of a clear", LinearizableHeader + "\n" + `{"client":0,"op":"clear","key":1,"called":8}` + "\n", `line 2: clear: unknown field "key"; want`},
		{"walk over nothing", LinearizableHeader + "\n" + `{"client":0,"op":"walk","called":8,"returned":9,"all":[[1,null]]}` + "\n", `line 2: walk: field "all": null in`},
		{"entries of a walk that did not return", LinearizableHeader + "\n" + `{"client":0,"op":"walk","called":8,"all":[[1,2]]}` + "\n", "line 2: walk: it did not return, but it has a result"},
		{"walk without entries", LinearizableHeader + "\n" + `{"client":0,"op":"walk","called":8,"returned":9}` + "\n", `line 2: walk: field "all" is missing; want the entries that it saw`},
		{"retain without entries", LinearizableHeader + "\n" + `{"client":0,"op":"retain","called":8,"returned":9,"removed":[[1,2]]}` + "\n", `line 2: retain: field "all" is missing; want the entries that it saw`},
		{"number of entries", LinearizableHeader + "\n" + `{"client":0,"op":"len","called":8,"returned":9,"result":"a"}` + "\n", "line 2: len: its result is not a number of entries"},
		{"walk of a stamped history", stamped + "\n" + `{"client":0,"op":"walk","called":8}` + "\n", `line 2: op "walk" in a history that claims to be atomic`},
		{"no version", stamped + "\n" + `{"client":0,"op":"publish","called":1}` + "\n", "line 2: publish: it has no version"},
		{"guard backwards", stamped + "\n" + `{"client":0,"op":"guard","version":0,"called":5,"opened":4,"closed":6}` + "\n", "line 2: guard: called at 5, opened at 4, closed at 6"},
		{"guard overlapping itself", stamped + "\n" + `{"client":0,"op":"guard","version":0,"called":1,"opened":4,"closed":6}` + "\n" + `{"client":0,"op":"guard","version":0,"called":3,"opened":4,"closed":6}` + "\n", "line 3: guard: client 0 opens a guard at 3"},
		{"no pair", stamped + "\n" + `{"client":0,"op":"guard","version":0,"called":1,"opened":4,"closed":6,"reads":[[1]]}` + "\n", `line 2: guard: field "reads": a pair of 1`},
		{"range over nothing", stamped + "\n" + `{"client":0,"op":"guard","version":0,"called":1,"opened":4,"closed":6,"all":[[1,null]]}` + "\n", `line 2: guard: field "all": null in`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(strings.NewReader(test.file))
			if err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("got %v\nwant %s…", err, test.want)
			}
		})
	}
}

// TestScalars: any JSON scalar is a key or a value. Equal numbers are one, however they are
// written.
func TestScalars(t *testing.T) {
	for text, want := range map[string]string{
		"1": "1", "1.0": "1", "10e-1": "1", "1E2": "100", "-0": "0", "0e5": "0", "0.50": "0.5", "-1.5": "-1.5",
		"9223372036854775807": "9223372036854775807", "9223372036854775808": "9223372036854775808", "1e400": "1e400", "12e-3": "0.012", "123.4": "123.4",
		`"1"`: `"1"`, "true": "true", "null": "none",
	} {
		h, err := Parse(strings.NewReader("\ufeff\r\n" + LinearizableHeader + "\n\n" + `{"client":0,"op":"get","key":-2.50,"result":` + text + `,"called":1,"returned":2}` + "\n"))
		if err != nil || len(h.Calls) != 1 {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := h.FormatValue(h.Calls[0].Result); got != want || h.FormatWord(h.Calls[0].Key) != "-2.5" {
			t.Errorf("%s is read as %s; want %s", text, got, want)
		}
		var b strings.Builder
		if err := h.Write(&b); err != nil {
			t.Fatal(err)
		}
		again, err := Parse(strings.NewReader(b.String()))
		if err != nil || again.FormatValue(again.Calls[0].Result) != want {
			t.Errorf("%s, written and read again: %v, %s", text, err, b.String())
		}
	}
}
