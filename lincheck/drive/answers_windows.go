package drive

import (
	"os"
	"os/exec"
	"syscall"
)

// inherit lets the command inherit an open file, and returns its number there. Windows has no
// ExtraFiles. Go's own fuzzing passes handles in this way (internal/fuzz/sys_windows.go).
func inherit(cmd *exec.Cmd, f *os.File) (number uintptr, err error) {
	h := syscall.Handle(f.Fd())
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.AdditionalInheritedHandles = append(cmd.SysProcAttr.AdditionalInheritedHandles, h)
	return f.Fd(), syscall.SetHandleInformation(h, syscall.HANDLE_FLAG_INHERIT, syscall.HANDLE_FLAG_INHERIT)
}

// keep keeps the file with that number from the processes that this one starts.
func keep(number uintptr) { syscall.CloseOnExec(syscall.Handle(number)) }
