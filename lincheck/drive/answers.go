package drive

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
)

// A child process answers its parent on a pipe of its own. Its standard output is its standard
// error. So a map may print to either of them, also by a logger that it made before main began.

// answersEnv names the environment variable with the number of the child's end of the pipe.
const answersEnv = "LINCHECK_ANSWERS"

// Process is a child process that has been started.
type Process struct {
	*exec.Cmd
	// Answers is what the child answers, until it ends. The caller closes it.
	Answers io.ReadCloser
	// Printed is what the child prints to its standard output and its standard error. It is
	// complete when Wait has returned.
	Printed Ends
}

// Start starts the command as a child process, which must call [OpenAnswers] to answer.
func Start(cmd *exec.Cmd) (*Process, error) {
	answers, childs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer childs.Close()
	p := &Process{Cmd: cmd, Answers: answers}
	cmd.Stdout, cmd.Stderr = &p.Printed, &p.Printed
	number, err := inherit(cmd, childs)
	if err == nil {
		cmd.Env = append(cmd.Environ(), answersEnv+"="+strconv.FormatUint(uint64(number), 10))
		err = cmd.Start()
	}
	if err != nil {
		_ = answers.Close() // nobody writes to it
		return nil, err
	}
	return p, nil
}

// OpenAnswers returns the pipe on which this process answers its parent, which called [Start]. It
// may be called once.
func OpenAnswers() (*os.File, error) {
	number, err := strconv.ParseUint(os.Getenv(answersEnv), 10, 0)
	if err != nil {
		return nil, errors.New("this command answers a parent process, and was started without one")
	}
	os.Unsetenv(answersEnv) // fails only for malformed names
	keep(uintptr(number))
	return os.NewFile(uintptr(number), "answers"), nil
}
