package drive

import (
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// Stacks returns the stacks of all goroutines.
func Stacks() string {
	text := make([]byte, 1<<20)
	return string(text[:runtime.Stack(text, true)])
}

// role is the name in a report of the goroutines that have the function on their stacks.
type role struct{ function, name string }

// roles are the roles of goroutines that use a map: in this package, in soak, in kvtest, and in the
// process that measures for runbench.
var roles = []role{
	{".(*soak).write(", "writing"},
	{".(*soak).read(", "reading"},
	{".(*Rig).run.func", "of the clients"},
	{"/kvtest.Test.Judge(", "of the battery"},
	{"/kvtest.parallel.func", "of the battery"},
	{"/internal/run.(*worker[...]).", "of the workers"},
	{"/internal/run.(*server[...]).", "of the workers"},
	{"/internal/run.(*staleWriter[...]).", "writing"},
	{"/internal/run.(*staleReader[...]).", "reading"},
	{"/internal/run.(*subject[...]).", "closing"},
	{"/internal/run.(*cell[...]).", "preparing or checking"},
}

var goroutineLine = regexp.MustCompile(`^goroutine \d+ (?:gp=\S+ m=\S+ (?:mp=\S+ )?)?\[([^,\]]*)`)

// Summarize says where the goroutines of a dump are that have a role: in which function, and what
// they wait for. It counts equal ones. It returns "" if there are none.
func Summarize(dump string) string {
	count := map[string]int{}
	for block := range strings.SplitSeq(dump, "\n\n") {
		header := goroutineLine.FindStringSubmatch(block)
		r := slices.IndexFunc(roles, func(r role) bool { return strings.Contains(block, r.function) })
		switch {
		case header == nil || r < 0:
		case header[1] == "running" || header[1] == "runnable":
			count[roles[r].name+" that can run"]++
		default:
			count[fmt.Sprintf("%s in %s [%s]", roles[r].name, within(block), header[1])]++
		}
	}
	var list []string
	for _, text := range slices.Sorted(maps.Keys(count)) {
		list = append(list, fmt.Sprintf("%d %s", count[text], text))
	}
	return strings.Join(list, ", ")
}

// within returns the innermost function of a goroutine that is not in Go's standard library. It
// knows the packages of the library that have blocking functions.
func within(block string) string {
	_, frames, _ := strings.Cut(block, "\n")
	for line := range strings.Lines(frames) {
		name := line[:max(strings.LastIndex(line, "("), 0)]
		std := slices.ContainsFunc([]string{"runtime.", "runtime/", "sync.", "sync/", "internal/", "time.", "\t", "created by "}, func(p string) bool { return strings.HasPrefix(line, p) })
		if name != "" && !std {
			return name[strings.LastIndex(name, "/")+1:]
		}
	}
	return "Go's runtime"
}
