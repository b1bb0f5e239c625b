package app

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"

	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/names"
)

// newFlagSet returns a set of flags that does not print and does not exit.
func newFlagSet(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}

// parse parses args. Its error says what is wrong, and for an unknown flag which one was probably
// meant. It returns flag.ErrHelp unchanged.
func parse(fs *flag.FlagSet, args []string) error {
	err := fs.Parse(args)
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return err
	}
	if name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: "); ok {
		var known []string
		fs.VisitAll(func(f *flag.Flag) { known = append(known, "-"+f.Name) })
		return exit.With(exit.Usage, names.Unknown("flag", name, known))
	}
	// The flags that package flag parses itself are whole numbers, and true or false.
	text, want := err.Error(), "; want a whole number"
	if strings.HasPrefix(text, "invalid boolean") {
		want = "; want true or false"
	}
	return exit.Usagef("%s: %s", fs.Name(), strings.NewReplacer(": parse error", want, ": value out of range", "; want a smaller number").Replace(text))
}

// given reports whether a flag was given on the command line.
func given(fs *flag.FlagSet, name string) bool {
	found := false
	fs.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

// noArgs refuses arguments of a command that takes none.
func noArgs(fs *flag.FlagSet, args []string) error {
	if len(args) > 0 {
		return exit.Usagef("%s: unexpected argument %q; it takes flags only, see runbench %s -help", fs.Name(), args[0], fs.Name())
	}
	return nil
}

// list is a flag of values that are separated by commas. If it is given twice the values add up.
type list[T any] struct {
	values *[]T
	parse  func(string) (T, error)
}

func (l *list[T]) String() string { return "" }

func (l *list[T]) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		v, err := l.parse(strings.TrimSpace(part))
		if err != nil {
			return err
		}
		*l.values = append(*l.values, v)
	}
	return nil
}

// word parses a name, which is looked up later.
func word(s string) (string, error) {
	if s == "" {
		return "", errors.New("empty name; want names separated by commas")
	}
	return s, nil
}

// number parses a whole number, 1 or more.
func number(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q; want a whole number, 1 or more", s)
	}
	return n, nil
}
