package mutants

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Matrix is the table of mutants and checkers in matrix.md: what came of each try.
type Matrix struct {
	mutants []Mutant
	cells   map[cell]string
	// Run describes the run that all cells but the explorer's are of. It is "" if they are of
	// several runs.
	Run string
}

// cell names a cell of the matrix.
type cell struct {
	mutant string
	by     Checker
}

const matrixFile = "lincheck/mutants/matrix.md"

const matrixHead = `# Mutants and the checkers that kill them

Each row is a mutant: the project's code with one planted fault, from one patch file in testdata.
README.md lists the kinds of faults by their numbers and says how to add a mutant. A cell says in
how many of the tried seeds the checker killed the mutant, the median time from the start of the
program to its end, and which law or sign showed the fault. 0 means that the checker must miss the
mutant, because a short history has too few keys, operations, publishes or goroutines. An empty cell
means that it is not tried.

- E: the schedule explorer. It tries all orders and needs no seed. The cell has the kind of failure
  and the simplest schedule.
- H: recorded histories of guards (C0 to C6), or a crash or no answer in them.
- S: recorded histories of operations, judged by a search for an order.
- O: the oracle in a soak (C7, with C0, C4, C6 and C9), or a crash.
- D: a build with checks: the copy audit (C8) and the other laws that it asserts.
- R: the race detector.
- L: no answer.
- F: the final-state check of a timed cell.
- B: the packages' own tests, whose seeds are fixed.

    go run ./lincheck/mutants/kill -seeds 20      # measures these cells again: an hour on 2 processors
    go test -tags explore ./lincheck/mutants      # compares column E with what the explorer finds

`

// ofOneRun stands before the description of a matrix's run.
const ofOneRun = "All cells but those of E are of one run: "

// ReadMatrix reads the matrix of these mutants of the module in root. Without a file its cells
// are empty. The explorer's column is what the patches say.
func ReadMatrix(root string, all []Mutant) (*Matrix, error) {
	m := &Matrix{mutants: all, cells: map[cell]string{}}
	text, err := os.ReadFile(filepath.Join(root, matrixFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		if run, ok := strings.CutPrefix(line, ofOneRun); ok {
			m.Run = strings.TrimSpace(run)
		}
		parts := strings.Split(strings.TrimSpace(line), " | ")
		if len(parts) != 1+len(Checkers) {
			continue
		}
		name := strings.TrimPrefix(parts[0], "| ")
		for i, c := range Checkers {
			m.Set(name, c, strings.TrimSpace(strings.TrimSuffix(parts[i+1], "|")))
		}
	}
	for _, mutant := range all {
		m.Set(mutant.Name, Explorer, mutant.Schedule)
	}
	return m, nil
}

// Set notes what came of the checker's try at the mutant of that name.
func (m *Matrix) Set(mutant string, by Checker, text string) { m.cells[cell{mutant, by}] = text }

// Cell returns what came of the checker's try at the mutant of that name, or "".
func (m *Matrix) Cell(mutant string, by Checker) string { return m.cells[cell{mutant, by}] }

// Write writes the matrix of the module in root.
func (m *Matrix) Write(root string) error {
	return os.WriteFile(filepath.Join(root, matrixFile), []byte(m.String()), 0o666)
}

// String returns the matrix as a table in Markdown.
func (m *Matrix) String() string {
	var b strings.Builder
	b.WriteString(matrixHead)
	if m.Run != "" {
		b.WriteString(ofOneRun + m.Run + "\n\n")
	}
	b.WriteString("| mutant")
	for _, c := range Checkers {
		fmt.Fprintf(&b, " | %s", c)
	}
	b.WriteString(" |\n" + strings.Repeat("| --- ", 1+len(Checkers)) + "|\n")
	for _, mutant := range m.mutants {
		fmt.Fprintf(&b, "| %s", mutant.Name)
		for _, c := range Checkers {
			fmt.Fprintf(&b, " | %s", m.Cell(mutant.Name, c))
		}
		b.WriteString(" |\n")
	}
	return b.String()
}
