// Package plots draws the figures of a run as SVG and PNG, with the drawn data in a CSV file beside
// each. The same results give the same bytes.
//
// It chooses maps by the identities in the manifest, and mixes by the definitions there.
//
// # What a figure promises
//
//   - A map has the same colour, glyph and dashes in every figure. The colours are those of Okabe
//     and Ito and one of Tol's. Colour-blind eyes can distinguish them. No two maps differ in
//     colour alone.
//   - A point is the median over blocks. Its band or bar is the 95 % confidence interval of the
//     median. With too few blocks for an interval there is none.
//   - Throughput begins at zero. Staleness has a logarithmic axis. Maps that are always fresh
//     have a separate part beside it, so that a reader does not compare stale reads with fresh
//     ones by mistake.
//   - A map that failed its check is grey and crossed, and its name says so. A map that was not
//     checked, or whose check was undecided, has a question mark.
//   - Entries that declare no level are not maps: the harness floor is stated, not drawn.
//   - Every figure has title, units, number of blocks, machine and commit.
package plots

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
)

// Figure is a figure that was drawn. Its files are in the folder that Draw was given.
type Figure struct {
	Name    string // of the files, without their extensions
	Title   string
	Caption string // one line: the workload
	SVG     string // names of files
	PNG     string
	Table   string // the data, as CSV
}

// Draw draws all figures that s has data for into the folder dir. It makes the folder if there is
// none, and replaces files of the same names. It returns the figures in the order in which to show
// them. There are none if no figure shows a cell of s.
func Draw(s *analysis.Run, dir string) ([]Figure, error) {
	return drawAll(append(byAnswers(s), charts(s)...), dir)
}

func drawAll(charts []*chart, dir string) ([]Figure, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("cannot make the folder for plots: %w", err)
	}
	var figures []Figure
	for _, c := range charts {
		f, err := c.write(dir)
		if err != nil {
			return figures, fmt.Errorf("cannot draw %s: %w", c.name, err)
		}
		figures = append(figures, f)
	}
	return figures, nil
}

// charts are the figures that show the cells themselves.
func charts(s *analysis.Run) []*chart {
	return slices.Concat(byGoroutines(s), byProcessors(s), byGomaxprocs(s), byWriteShare(s), byWriteShareAndSize(s), byStaleness(s),
		staleDistribution(s), byPercentile(s), publishByGoroutines(s), memoryAKey(s))
}

func (c *chart) write(dir string) (Figure, error) {
	f := Figure{
		Name: c.name, Title: c.title, Caption: c.subtitle,
		SVG: c.name + ".svg", PNG: c.name + ".png", Table: c.name + ".csv",
	}
	var table bytes.Buffer
	data := &export.Document{Blocks: []export.Block{export.Table{Columns: c.table[0], Rows: c.table[1:]}}}
	if err := (export.CSV{}).Export(&table, data); err != nil {
		return f, err
	}
	svg, err := c.svg()
	if err != nil {
		return f, err
	}
	png, err := c.png()
	if err != nil {
		return f, err
	}
	for _, file := range []struct {
		name string
		text []byte
	}{{f.SVG, svg}, {f.PNG, png}, {f.Table, table.Bytes()}} {
		if err := os.WriteFile(filepath.Join(dir, file.name), file.text, 0o666); err != nil {
			return f, err
		}
	}
	return f, nil
}
