package app

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"

	"doublebuf/cmd/runbench/internal/report"
	"doublebuf/plots"
	"doublebuf/results"
)

const (
	reportFile = "report.md"
	pageFile   = "report.html"
)

// present draws the figures of a run, writes its report and prints a summary.
func (s *session) present(set *loaded, dir, plotsDir string) error {
	figures, err := plots.Draw(set.Set, plotsDir)
	if err != nil {
		return err
	}
	links, err := linksTo(figures, plotsDir, dir)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := report.Markdown(&text, filepath.Base(filepath.Clean(dir)), set.Set, set.warnings, links); err != nil {
		return err
	}
	var page bytes.Buffer
	read := func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, filepath.FromSlash(path))) }
	if err := report.HTML(&page, text.Bytes(), read); err != nil {
		return err
	}
	path := filepath.Join(dir, reportFile)
	err = cmp.Or(os.WriteFile(path, text.Bytes(), 0o666), os.WriteFile(filepath.Join(dir, pageFile), page.Bytes(), 0o666))
	if err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	if err := report.Summary(s.stdout, set.Set); err != nil {
		return err
	}
	if err := report.Trust(s.stdout, set.Set); err != nil {
		return err
	}
	fmt.Fprintf(s.stdout, "%s\n\nreport:  %s\n         %s\nfigures: %s\ncompare: go tool benchstat -col /impl %s\n",
		report.Caveat(set.Set), path, filepath.Join(dir, pageFile), plotsDir, filepath.Join(dir, "cells.txt"))
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
			Title: f.Title, Caption: f.Caption,
			Image: filepath.ToSlash(filepath.Join(way, f.SVG)), Table: filepath.ToSlash(filepath.Join(way, f.Table)),
		})
	}
	return links, nil
}

// judgementOn returns the error that the verdicts of the run in dir amount to.
func judgementOn(set *results.Set, dir string) error {
	var failed, unknown []string
	for _, impl := range report.Maps(set) {
		switch v := set.Verdict(impl); {
		case v.Outcome == results.Unknown:
			unknown = append(unknown, impl)
		case !v.AsExpected():
			failed = append(failed, impl)
		}
	}
	return amounts(failed, unknown, filepath.Join(dir, reportFile))
}
