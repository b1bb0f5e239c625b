package run

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"doublebuf/baselines"
	"doublebuf/results"
)

// TestChildOfAnotherCommit has a program answer that is not this one.
func TestChildOfAnotherCommit(t *testing.T) {
	p := good()
	p.Links = 2
	r, err := New(p, baselines.All())
	if err != nil {
		t.Fatal(err)
	}
	r.Children.Start = func(context.Context, int) (*Process, error) {
		cmd := exec.Command("sh", "-c", `read plan; echo '{"Commit": "0123456789abcdef"}'; read job`)
		orders, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		answers, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		return &Process{cmd, orders, answers, &strings.Builder{}}, cmd.Start()
	}
	defer r.End()
	err = r.Run(t.Context(), p.Jobs(), func([]results.Cell, Progress) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "link 1 is of commit 0123456789ab, and this program of ") {
		t.Errorf("error %v; want that link 1 is of another commit", err)
	}
}
