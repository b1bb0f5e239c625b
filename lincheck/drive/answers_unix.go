//go:build !windows

package drive

import (
	"os"
	"os/exec"
	"syscall"
)

// inherit lets the command inherit an open file, and returns its number there.
func inherit(cmd *exec.Cmd, f *os.File) (number uintptr, err error) {
	cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	return uintptr(2 + len(cmd.ExtraFiles)), nil // after the three standard files
}

// keep keeps the file with that number from the processes that this one starts.
func keep(number uintptr) { syscall.CloseOnExec(int(number)) }
