package names

import (
	"os"
	"path/filepath"
	"strings"
)

// Command returns a command line of runbench, such as "runbench check -seed 7", as it works where
// this program was started: with the path by which that was done. go run and go test make programs
// that do not stay; for these it is the line itself.
func Command(line string) string { return commandOf(line, os.Args[0]) }

func commandOf(line, program string) string {
	rest, ok := strings.CutPrefix(line, "runbench ")
	if !ok || program == "" || strings.Contains(filepath.ToSlash(program), "/go-build") {
		return line
	}
	if strings.ContainsAny(program, " \t'\"$") {
		program = "'" + strings.ReplaceAll(program, "'", `'\''`) + "'"
	}
	return program + " " + rest
}
