package mutants

import (
	"strings"
	"testing"
)

const source = `package p

// open opens a guard.
func open() int {
	n := count() // of guards
	if n > 1 {
		wake(n)
	}
	return n
}

func shut() { wake(0); wake(0) }
`

// wantError holds err against a part of its text.
func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v; want %s", err, want)
	}
}

func TestApply(t *testing.T) {
	for _, test := range []struct{ name, hunk, old, new string }{
		{"replaces", "-if n > 1 {\n+if n > 2 {\n", "if n > 1 {", "if n > 2 {"},
		{"adds after a line and before its comment", " n := count()\n+n++\n", "count() // of", "count()\nn++\n // of"},
		{"adds before a line", "+n++\n return n\n", "return n", "n++\nreturn n"},
		{"removes", "-wake(n)\n", "wake(n)", ""},
		{"ignores comments and white space", " n:=count( ) /* a */ // b\n \n   if n>1\n-{wake(n)}\n+{}\n", "{\n\t\twake(n)\n\t}", "{}"},
		{"makes two changes", "-n := count()\n+n := 1\n if n > 1 {\n-wake(n)\n+wake(2)\n", "n := count() // of guards\n\tif n > 1 {\n\t\twake(n)", "n := 1 // of guards\n\tif n > 1 {\n\t\twake(2)"},
		{"keeps strings apart", "-func open() int {\n+func open(s string) int {\n", "open() int", "open(s string) int"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := Parse("99-x.patch", "mutant: 99 x\nfile: p.go\nkilled by: history noop\n\n"+test.hunk)
			if err != nil {
				t.Fatal(err)
			}
			got, err := m.Apply(source)
			if want := strings.Replace(source, test.old, test.new, 1); err != nil || got != want {
				t.Errorf("%v\n%s\nwant:\n%s", err, got, want)
			}
		})
	}
}

// A hunk that does not occur, or occurs twice, is refused with its place.
func TestApplyFails(t *testing.T) {
	for _, test := range []struct{ name, hunk, want string }{
		{"gone", " n := count()\n-if n > 2 {\n+if true {\n", `does not occur in p.go: nearest is line 5, with 8 of 10 tokens; after them the hunk has "2" and the file "1"`},
		{"gone at its beginning", "-m := count()\n+m := 0\n if n > 1 {\n", `nearest is line 5, with 9 of 10 tokens; before them the hunk has "m" and the file "n"`},
		{"nowhere", "-x\n", "no token of it does"},
		{"end of the file", " wake(0)\n }\n-x\n", `the hunk has "x" and the file nothing`},
		{"twice", "-wake(0)\n", "occurs 2 times in p.go, at the lines 12, 12; want once"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, err := Parse("99-x.patch", "mutant: 99 x\nfile: p.go\nkilled by: history noop\n\n"+test.hunk)
			if err != nil {
				t.Fatal(err)
			}
			_, err = m.Apply(source)
			wantError(t, err, test.want)
		})
	}
}

// A patch that is wrong is refused with its file and what would be right.
func TestParseFails(t *testing.T) {
	const good = "mutant: 99 x\nfile: p.go\nstrategy: epoch\nprogram: guards\nkilled by: history noop\n\n-x\n"
	if _, err := Parse("99-x.patch", good); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, old, new, want string }{
		{"unknown checker", "history", "histories", `99-x.patch:5: killed by: unknown checker "histories"; there are: copy-audit, final-state, history`},
		{"checker without a map", " noop", "", "want a checker and a map"},
		{"unknown header", "program", "programme", `99-x.patch:4: unknown header "programme"; there are: file, killed by`},
		{"twice", "strategy: epoch", "file: q.go", "99-x.patch:3: file: is given twice"},
		{"no number", "99 x", "x", `the mutant is named "x"; want a number`},
		{"other number", "99 x", "98 x", `the mutant is named "98 x"`},
		{"no file", "file: p.go\n", "", "no file is named"},
		{"no program", "program: guards\n", "", "want strategy and program, or neither"},
		{"no explorer", "strategy: epoch\nprogram: guards\n", "store buffers: needed\n", "are for the explorer"},
		{"unknown store buffers", "strategy: epoch\n", "store buffers: yes\n", `"yes" is unknown; want needed`},
		{"no checker", "strategy: epoch\nprogram: guards\nkilled by: history noop\n", "", "no checker is named"},
		{"no hunk", "\n\n-x\n", "\n", "want a header, an empty line and a hunk"},
		{"no change", "-x", " x", "the hunk changes nothing"},
		{"no place", "-x", "+x", "no line that stays or goes"},
		{"no mark", "-x", "x", "begins with 'x'; want a space, - or +"},
		{"no Go", "-x", "-'", "rune literal not terminated"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("99-x.patch", strings.Replace(good, test.old, test.new, 1))
			wantError(t, err, test.want)
		})
	}
}
