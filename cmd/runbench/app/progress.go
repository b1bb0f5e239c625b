package app

import (
	"fmt"
	"io"
	"time"

	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/results"
)

// quietFor is the least time between two lines of progress that stay on the screen.
const quietFor = 5 * time.Second

// progress shows how far a run is, between cells only: a goroutine that redraws would
// disturb what is measured. On a terminal it is one line that changes; elsewhere, as in
// a log file, a line now and then.
type progress struct {
	w        io.Writer
	blocks   int
	terminal bool
	last     time.Time
}

func newProgress(w io.Writer, blocks int) *progress {
	return &progress{w: w, blocks: blocks, terminal: isTerminal(w)}
}

// cell shows that c is finished.
func (p *progress) cell(c results.Cell, at run.Progress) {
	line := fmt.Sprintf("cell %d of %d, block %d of %d, %v left: %s, %s", at.Done, at.Total, c.Block, p.blocks, at.Left.Round(time.Second), c.Impl, c.Mix)
	switch {
	case p.terminal:
		fmt.Fprintf(p.w, "\r%.79s\x1b[K", line) // and erase what stood there
	case time.Since(p.last) >= quietFor || at.Done == at.Total:
		fmt.Fprintln(p.w, line)
		p.last = time.Now()
	}
}

// end leaves the line.
func (p *progress) end() {
	if p.terminal {
		fmt.Fprintln(p.w)
	}
}
