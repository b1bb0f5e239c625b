package app

import (
	"flag"
	"fmt"
	"io"
	"strings"

	"doublebuf/baselines/kv"
	"doublebuf/workloads"
)

func listCommand() command {
	return command{
		name:  "list",
		short: "the names of maps, mixes, distributions, key types and presets",
		long:  "Lists every name that the axes of run and check take, with what it stands for.",
		setup: func(s *session, fs *flag.FlagSet) func([]string) error {
			return func(args []string) error {
				if err := noArgs(fs, args); err != nil {
					return err
				}
				s.list()
				return nil
			}
		},
	}
}

func (s *session) list() {
	table(s.stdout, "maps (-impl): name, level that it declares, capabilities, publish policy", func(row func(...string)) {
		for _, e := range s.maps {
			doc := e.Doc
			if e.Broken {
				doc += " (known to be broken: it must fail its check)"
			}
			row(e.Name, e.Level.String(), capNames(e.Caps), policyName(e), doc)
		}
	})
	table(s.stdout, "mixes (-mix)", func(row func(...string)) {
		for _, m := range workloads.Mixes() {
			row(m.Name, m.Doc)
		}
	})
	table(s.stdout, "distributions of keys (-dist)", func(row func(...string)) {
		row("uniform", "every key equally often")
		row("zipf0.99", "Zipf's distribution, with any theta from 0 on: the i-th most frequent key has weight 1/i^theta")
		row("hotspot80-20", "80 % of the operations are on 20 % of the keys; with any two shares from 1 to 99")
		row("latest", "as zipf0.99 from a newest key on backwards, which is another every 20 operations: YCSB's")
		row("sequential", "one key after the other, round and round")
		row("one", "one key for all operations, in a map that holds others too")
		row("trace-NAME", "the order of the steps of a trace, whose file begins so; with -trace")
		row("source", "the order in which the identifiers stand in the standard library's source; with key type ident")
	})
	table(s.stdout, "types of keys, and of values if they are not uint64 (-keytype)", func(row func(...string)) {
		for _, t := range workloads.KeyTypes() {
			row(t.Name, t.Doc)
		}
	})
	table(s.stdout, "presets (-preset)", func(row func(...string)) {
		for _, p := range presets(1) {
			row(p.name, p.doc)
		}
	})
}

// table prints a title and indented rows below it, in aligned columns.
func table(w io.Writer, title string, rows func(row func(cells ...string))) {
	fmt.Fprintln(w, title)
	c := columns(w)
	rows(func(cells ...string) { fmt.Fprintln(c, "  "+strings.Join(cells, "\t")) })
	c.Flush()
	fmt.Fprintln(w)
}

// capNames lists capabilities. Those that nearly every map has are told by absence.
func capNames(c kv.Caps) string {
	var all []string
	for _, n := range []struct {
		caps kv.Caps
		has  bool
		name string
	}{
		{kv.Concurrent, false, "one goroutine"},
		{kv.Writes, false, "read only"},
		{kv.Range, true, "range"},
		{kv.Snapshot, true, "snapshot"},
		{kv.Swaps, true, "swaps"},
		{kv.Versions, true, "versions"},
		{kv.BoundedLag, true, "bounded lag"},
		{kv.Clears, true, "clear"},
		{kv.Retains, true, "retain"},
	} {
		if c.Has(n.caps) == n.has {
			all = append(all, n.name)
		}
	}
	if len(all) == 0 {
		return "-"
	}
	return strings.Join(all, ", ")
}

func policyName(e kv.Entry) string {
	switch {
	case e.Policy.Every == 1:
		return "every write"
	case e.Policy.Every > 1:
		return fmt.Sprintf("every %d writes", e.Policy.Every)
	case e.Policy.Interval > 0:
		return fmt.Sprintf("every %v", e.Policy.Interval)
	case e.Caps.Has(kv.Versions):
		return "on demand"
	}
	return "-"
}
