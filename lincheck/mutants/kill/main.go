// Kill builds the mutants of package mutants, runs their checkers under many seeds, and writes the
// matrix of mutants and checkers.
//
//	go run ./lincheck/mutants/kill -seeds 20            # all: an hour or more on 2 processors
//	go run ./lincheck/mutants/kill -seeds 20 -run '^4[0-9] '
//
// Run it in the folder of the module. It writes lincheck/mutants/matrix.md if it tries all mutants
// by all checkers, or with -write. Then it keeps the cells that it does not measure. With -write
// -run '^$' it only writes the rows anew.
//
// Exit code 1: a mutant does not apply or does not build, or a checker does not run. Exit code 3: a
// checker did not kill a mutant that it must kill, or killed one that it must miss.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"doublebuf/lincheck/mutants"
)

func main() {
	seeds := flag.Int("seeds", 20, "try each checker under this many `seeds`")
	run := flag.String("run", "", "only mutants whose name matches this `expression`")
	by := flag.String("by", "", "only checkers with these `letters`")
	write := flag.Bool("write", false, "write the matrix, also with -run or -by")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	wrong, err := kill(ctx, *seeds, *run, *by, *write || *run == "" && *by == "")
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "kill: %v\n", err)
		os.Exit(1)
	case len(wrong) > 0:
		fmt.Fprintf(os.Stderr, "kill: not as the patches say: %s\n", strings.Join(wrong, "; "))
		os.Exit(3)
	}
}

// kill tries the mutants whose names match and returns the tries that did not end as the patches
// say. With write it writes the matrix.
func kill(ctx context.Context, seeds int, run, by string, write bool) (wrong []string, err error) {
	match, err := regexp.Compile(run)
	if err != nil {
		return nil, err
	}
	all, err := mutants.Load(".")
	if err != nil {
		return nil, err
	}
	m, err := mutants.ReadMatrix(".", all)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	for _, c := range all {
		if len(c.Kills) == 0 || !match.MatchString(c.Name) {
			continue
		}
		dir, err := os.MkdirTemp("", "mutant")
		if err != nil {
			return wrong, err
		}
		defer os.RemoveAll(dir)
		for _, k := range c.Kills {
			if !strings.Contains(by, k.By.String()) && by != "" {
				continue
			}
			shots, err := try(ctx, &c, k, dir, seeds)
			if err != nil {
				return wrong, fmt.Errorf("%s, by %s: %w", c.Name, k.By, err)
			}
			text, ok := summarize(k, shots)
			fmt.Printf("%-75s  %s  %s\n", c.Name, k.By, text)
			if !ok {
				wrong = append(wrong, fmt.Sprintf("%s by %s: %s", c.Name, k.By, text))
			}
			m.Set(c.Name, k.By, text)
			m.Run = "" // until all are of this run
			if write { // each time: it may be interrupted
				if err := m.Write("."); err != nil {
					return wrong, err
				}
			}
		}
	}
	if run == "" && by == "" {
		m.Run = fmt.Sprintf("%d seeds, %d processors, %s/%s, %s, begun %s, %v", seeds, runtime.NumCPU(),
			runtime.GOOS, runtime.GOARCH, runtime.Version(), start.UTC().Format(time.DateTime), time.Since(start).Round(time.Minute))
	}
	if !write {
		return wrong, nil
	}
	return wrong, m.Write(".")
}

// try builds the mutant in dir and runs the checker under each seed.
func try(ctx context.Context, m *mutants.Mutant, k mutants.Kill, dir string, seeds int) ([]mutants.Shot, error) {
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	program, err := k.Build(ctx, m, root, dir)
	if err != nil {
		return nil, err
	}
	var shots []mutants.Shot
	for seed := range seeds {
		shot, err := k.Try(ctx, program, root, dir, seed+1)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, err
		}
		shots = append(shots, shot)
	}
	return shots, nil
}

// summarize returns the text of a cell of the matrix, and whether it is what the patch says.
func summarize(k mutants.Kill, shots []mutants.Shot) (text string, ok bool) {
	var times []time.Duration
	var hows []string
	for _, s := range shots {
		if s.Killed {
			times = append(times, s.Time)
			if !slices.Contains(hows, s.How) {
				hows = append(hows, s.How)
			}
		}
	}
	text = fmt.Sprintf("%d/%d", len(times), len(shots))
	if len(times) > 0 {
		slices.Sort(times)
		slices.Sort(hows)
		text += fmt.Sprintf(" in %.2f s (%s)", times[len(times)/2].Seconds(), strings.Join(hows, ", "))
	}
	if k.Misses {
		return text, len(times) == 0
	}
	return text, len(times) == len(shots)
}
