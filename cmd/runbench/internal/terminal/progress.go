package terminal

import (
	"fmt"
	"io"
	"time"

	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/results"
)

// quietFor is the least time between two lines of progress that stay on the screen.
const quietFor = 5 * time.Second

// Progress shows how far a run is. It writes between cells only, because a goroutine that redraws
// would disturb the measuring. On a terminal it is one line that changes. Elsewhere, as in a log
// file, it writes a new line from time to time.
type Progress struct {
	w        io.Writer
	blocks   int
	terminal bool
	last     time.Time
}

// NewProgress returns a Progress that writes to w about a run of that many blocks.
func NewProgress(w io.Writer, blocks int) *Progress {
	return &Progress{w: w, blocks: blocks, terminal: isTerminal(w)}
}

// Cells shows that cells of one block are finished.
func (p *Progress) Cells(cells []results.Cell, at run.Progress) {
	c := cells[len(cells)-1]
	line := fmt.Sprintf("cell %d of %d, block %d of %d, %v left: %s, %s", at.Done, at.Total, c.Block, p.blocks, at.Left.Round(time.Second), c.Impl, c.Mix)
	switch {
	case p.terminal:
		fmt.Fprintf(p.w, "\r%.79s\x1b[K", line) // and erase the rest of the line
	case time.Since(p.last) >= quietFor || at.Done == at.Total:
		fmt.Fprintln(p.w, line)
		p.last = time.Now()
	}
}

// End leaves the line.
func (p *Progress) End() {
	if p.terminal {
		fmt.Fprintln(p.w)
	}
}
