package campaign

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/cmd/runbench/internal/report"
	"doublebuf/plots"
	"doublebuf/results"
)

const (
	// ReportFile is the file of the report in a results folder.
	ReportFile = "report.md"
	pageFile   = "report.html"
)

// Loaded is a run with what follows from it, and the warnings of loading it.
type Loaded struct {
	*analysis.Run
	warnings []results.Warning
}

// Load reads the results of the run in the folder dir, prints warnings to warn, and analyses the
// run.
func Load(warn io.Writer, dir string) (*Loaded, error) {
	set, warnings, err := results.Load(dir)
	for _, w := range warnings {
		fmt.Fprintf(warn, "runbench: warning: %s\n", w)
	}
	if err != nil {
		return nil, err
	}
	return &Loaded{analysis.Of(set), warnings}, nil
}

// PlotsFolder returns plots, or if that is empty the folder of figures for the run in dir.
func PlotsFolder(plots, dir string) string {
	if plots != "" {
		return plots
	}
	return filepath.Join("plots", filepath.Base(filepath.Clean(dir)))
}

// Present draws the figures of a run, writes its report and prints a summary to out. As text the
// summary says where the report is. The report ends with more.
func Present(out io.Writer, as export.Exporter, set *Loaded, dir, plotsDir string, more ...export.Block) error {
	figures, err := plots.Draw(set.Run, plotsDir)
	if err != nil {
		return err
	}
	links, err := linksTo(figures, plotsDir, dir)
	if err != nil {
		return err
	}
	doc := report.Document(filepath.Base(filepath.Clean(dir)), set.Run, set.warnings, links)
	doc.Add(more...)
	if err := writeReports(dir, doc); err != nil {
		return err
	}
	if err := as.Export(out, report.Summary(set.Run)); err != nil {
		return err
	}
	if _, text := as.(export.Text); !text {
		return nil
	}
	fmt.Fprintf(out, "\nreport:  %s\n         %s\nfigures: %s\ncompare: go run golang.org/x/perf/cmd/benchstat@latest -col /impl %s\n",
		filepath.Join(dir, ReportFile), filepath.Join(dir, pageFile), plotsDir, filepath.Join(dir, "cells.txt"))
	return nil
}

// PresentMachines draws the figures of several runs and writes one report on them, both into the
// folder dir. It prints where the report is, or its data if as is not text.
func PresentMachines(out io.Writer, as export.Exporter, machines []analysis.Machine, dir string) error {
	figures, err := plots.DrawMachines(machines, dir)
	if err != nil {
		return err
	}
	links, err := linksTo(figures, dir, dir)
	if err != nil {
		return err
	}
	doc := report.Machines(machines, links)
	if err := writeReports(dir, doc); err != nil {
		return err
	}
	if _, text := as.(export.Text); !text {
		return as.Export(out, doc)
	}
	fmt.Fprintf(out, "report:  %s\n         %s\nfigures: %s\n", filepath.Join(dir, ReportFile), filepath.Join(dir, pageFile), dir)
	return nil
}

// writeReports writes a report into the folder dir, as Markdown and as a page.
func writeReports(dir string, doc *export.Document) error {
	read := func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, filepath.FromSlash(path))) }
	for _, file := range []struct {
		name string
		as   export.Exporter
	}{{ReportFile, export.Markdown{}}, {pageFile, export.HTML{Read: read}}} {
		var text bytes.Buffer
		if err := file.as.Export(&text, doc); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file.name), text.Bytes(), 0o666); err != nil {
			return fmt.Errorf("cannot write the report: %w", err)
		}
	}
	return nil
}

// linksTo returns links from the report in dir to figures in plotsDir.
func linksTo(figures []plots.Figure, plotsDir, dir string) ([]report.Figure, error) {
	from, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	to, err := filepath.Abs(plotsDir)
	if err != nil {
		return nil, err
	}
	way, err := filepath.Rel(from, to)
	if err != nil {
		return nil, err
	}
	var links []report.Figure
	for _, f := range figures {
		links = append(links, report.Figure{
			Title: f.Title, Caption: f.Caption, Answers: f.Name == plots.AnswersName,
			Image: filepath.ToSlash(filepath.Join(way, f.SVG)), Table: filepath.ToSlash(filepath.Join(way, f.Table)),
		})
	}
	return links, nil
}
