package history

import (
	"io"
	"strings"
	"testing"
)

// endless is a line without end.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

// TestEndlessLine: a line that is too long ends the reading.
func TestEndlessLine(t *testing.T) {
	_, err := Parse(io.MultiReader(strings.NewReader(LinearizableHeader+"\n"), endless{}))
	if err == nil || err.Error() != "line 2: more than 64 MiB; want a line that is shorter" {
		t.Error(err)
	}
}
