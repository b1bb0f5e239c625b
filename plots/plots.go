// Package plots draws the figures of a run from its results, as SVG and as PNG, with
// the drawn data beside each in a CSV file. The same results give the same bytes.
//
// # What a figure promises
//
//   - A map has the same colour, glyph and dashes in every figure. Colours are those of
//     Okabe and Ito and one of Tol's, which colour-blind eyes can tell apart, and never
//     stand alone.
//   - A point is the median over blocks. Its band or bar is the 95 % confidence interval
//     of the median, and there is none where there are too few blocks for one.
//   - Throughput begins at zero. Staleness has a logarithmic axis, and the maps that are
//     always fresh a part of their own, beside it, so that nobody compares a stale read
//     with a fresh one unawares.
//   - A map that failed its check is drawn grey and crossed, and its name says so. One that
//     was not checked, or without an answer, has a question mark.
//   - Entries that declare no level are no maps: the harness floor is stated, not drawn.
//   - Title, units, number of blocks, machine and commit stand on every figure.
package plots

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"doublebuf/analysis"
)

// Figure is one that was drawn. Its files stand in the folder that Draw was given.
type Figure struct {
	Name    string // of the files, without their ends
	Title   string
	Caption string // what is to be seen, in one line: the workload
	SVG     string // names of files
	PNG     string
	Table   string // the data, as CSV
}

// Draw draws all figures that the results in s have data for into the folder dir, which
// it makes if it must. It replaces what is there. It returns the figures in the order
// in which they are to be shown; there are none if s has no cell that a figure shows.
func Draw(s *analysis.Run, dir string) ([]Figure, error) { return drawAll(charts(s), dir) }

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

func charts(s *analysis.Run) []*chart {
	return slices.Concat(byGoroutines(s), byWriteShare(s), byWriteShareAndSize(s), byStaleness(s),
		staleDistribution(s), byPercentile(s), publishByGoroutines(s), memoryAKey(s))
}

func (c *chart) write(dir string) (Figure, error) {
	f := Figure{
		Name: c.name, Title: c.title, Caption: c.subtitle,
		SVG: c.name + ".svg", PNG: c.name + ".png", Table: c.name + ".csv",
	}
	var table bytes.Buffer
	if err := csv.NewWriter(&table).WriteAll(c.table); err != nil {
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
