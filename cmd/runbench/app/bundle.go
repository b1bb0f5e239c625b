package app

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"

	"doublebuf/analysis/export"
	"doublebuf/cmd/runbench/internal/bundle"
	"doublebuf/cmd/runbench/internal/exit"
)

func bundleCommand() command {
	return command{
		name:  "bundle",
		args:  "[flags] DIR",
		short: "make one archive of a run, to send it to others",
		long: `
Makes an archive of the run in the folder DIR: its cells, its manifest and the evidence of failed
checks. It makes the archive only if the run is whole and valid. Paths in the command line, in
verdicts and in traces keep only their last element. The names of this host and of its user become
***, so make the archive on the machine that made the run. results/machines/README.md says how to
contribute a run.`,
		examples: `  runbench bundle results/20260102T150405Z-standard
  runbench bundle -o mine.tar.gz results/mine
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			f := formatFlags(fs)
			name := fs.String("o", "", "new `file` for the archive (default <processor>-<system>-<time>-<preset>.tar.gz)")
			return func(args []string) error {
				if len(args) != 1 {
					return exit.Usagef("bundle: %d arguments; want one, the folder of a run, as in runbench bundle results/reference", len(args))
				}
				if err := f.check(fs); err != nil {
					return err
				}
				return s.bundle(f, args[0], *name)
			}
		},
	}
}

// bundle is the command.
func (s *shell) bundle(f *format, dir, name string) error {
	a, err := bundle.Of(dir)
	if err != nil {
		return err
	}
	if name == "" {
		name = a.Name + ".tar.gz"
	}
	var packed bytes.Buffer
	if err := a.Write(&packed); err != nil {
		return err
	}
	to, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("cannot write the archive: %w", err)
	}
	_, err = to.Write(packed.Bytes())
	if err := errors.Join(err, to.Close()); err != nil {
		return fmt.Errorf("cannot write the archive: %w", err)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(packed.Bytes()))
	d := &export.Document{Data: map[string]any{"archive": name, "folder": a.Name, "bytes": packed.Len(), "sha256": sum, "shortened": a.Shortened, "hidden": a.Hidden}}
	d.Add(export.List{
		fmt.Sprintf("%s: %d bytes, sha256 %s", name, packed.Len(), sum),
		fmt.Sprintf("it holds the folder %s; %d paths were cut to their last element, and %d names were hidden", a.Name, a.Shortened, a.Hidden),
	})
	return s.print(f, d)
}
