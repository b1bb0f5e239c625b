// Package exit gives errors the exit code with which the command ends.
package exit

import (
	"errors"
	"fmt"
)

// Exit codes of the command. Package app documents them.
const (
	OK      = 0
	Error   = 1
	Usage   = 2
	Failed  = 3
	Unknown = 4
)

// coded is an error that has an exit code.
type coded struct {
	error
	code int
}

func (e coded) Unwrap() error { return e.error }

// With returns err with an exit code.
func With(code int, err error) error { return coded{err, code} }

// Usagef returns an error about the arguments.
func Usagef(format string, args ...any) error { return With(Usage, fmt.Errorf(format, args...)) }

// Code returns the exit code for err: OK if it is nil, and Error if it has no code.
func Code(err error) int {
	var e coded
	switch {
	case err == nil:
		return OK
	case errors.As(err, &e):
		return e.code
	}
	return Error
}

// Has reports whether err has an exit code of its own.
func Has(err error) bool { return errors.As(err, new(coded)) }
