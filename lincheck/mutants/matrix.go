package mutants

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Matrix is the table of mutants and checkers, as it stands in matrix.md: what came of each
// try. Explorer's column comes from the schedules that TestExplored holds.
type Matrix struct {
	cells map[[2]string]string // by mutant and checker
	// Run tells of the run that all cells but the explorer's are of, or is "" if they are of several.
	Run string
}

const matrixFile = "lincheck/mutants/matrix.md"

const matrixHead = `# Mutants and who catches them

Each row is a fault planted in the project's own code, one change in one place (see explored.go and checked.go); the numbers are
those of the list of mutants in the lab's design, those from 51 on are more of our own. A cell says under how many of the seeds that were
tried the checker caught it, the median of the time from the start of the program to its end, and by which law or sign. 0 stands where the
mutant needs more than that checker sees: more keys, operations, publishes or goroutines than a short history has.

E the schedule explorer (it tries all orders, so needs no seed: the kind of failure and the simplest schedule) · H recorded histories of
guards (C0 to C6; or a crash or no answer under them) · P recorded histories of operations, by porcupine · O the online oracle, in a
soak (C7, with C0, C4, C6 and C9; or a crash) · D the twin audit of checked builds (C8), and the other laws that those assert · R the race
detector · L no answer · S the sum check of a timed cell · B the battery and the packages' own tests, whose seeds are fixed

    go run ./lincheck/mutants/kill -seeds 20      # writes these cells anew: an hour on 2 processors
    go test -tags explore ./lincheck/mutants      # holds column E

`

// ofOneRun stands before what a matrix tells of its run.
const ofOneRun = "All cells but those of E are of one run: "

// ReadMatrix reads the matrix of the module in root. If there is none it is empty.
func ReadMatrix(root string) (*Matrix, error) {
	m := &Matrix{cells: map[[2]string]string{}}
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
	return m, m.addExplored(root)
}

// addExplored fills the explorer's column.
func (m *Matrix) addExplored(root string) error {
	text, err := os.ReadFile(filepath.Join(root, "lincheck/mutants/testdata/explored.txt"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		if parts := strings.Split(strings.TrimSpace(line), " | "); len(parts) == 3 {
			m.Set(parts[0], Explorer, parts[2])
		}
	}
	return nil
}

// Set notes what came of the checker's try at the mutant of that name.
func (m *Matrix) Set(mutant string, by Checker, text string) {
	m.cells[[2]string{mutant, by.String()}] = text
}

// Cell returns what came of the checker's try at the mutant of that name, or "".
func (m *Matrix) Cell(mutant string, by Checker) string {
	return m.cells[[2]string{mutant, by.String()}]
}

// Names returns the names of all mutants, in the order of their numbers.
func Names() []string {
	var names []string
	for _, m := range Explored {
		names = append(names, m.Name)
	}
	for _, c := range Checked {
		if !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return number(a) - number(b) })
	return names
}

// number is that before a mutant's name.
func number(name string) (n int) {
	_, _ = fmt.Sscan(name, &n)
	return n
}

// Write writes the matrix of the module in root.
func (m *Matrix) Write(root string) error {
	return os.WriteFile(filepath.Join(root, matrixFile), []byte(m.String()), 0o666)
}

// String is the matrix as a table in Markdown.
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
	for _, name := range Names() {
		fmt.Fprintf(&b, "| %s", name)
		for _, c := range Checkers {
			fmt.Fprintf(&b, " | %s", m.Cell(name, c))
		}
		b.WriteString(" |\n")
	}
	b.WriteString("\nNot in the table:\n\n")
	for _, a := range Absent {
		fmt.Fprintf(&b, "- %s: %s.\n", a.Name, a.Why)
	}
	return b.String()
}
