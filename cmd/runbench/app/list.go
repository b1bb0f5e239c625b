package app

import (
	"flag"
	"fmt"
	"strings"

	"doublebuf/analysis/export"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/gate"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/workloads"
)

func listCommand() command {
	return command{
		name:  "list",
		short: "list maps, mixes, distributions, key types and presets",
		long:  "Lists the maps, mixes, distributions, key types and presets that flags accept.",
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			f := formatFlags(fs)
			return func(args []string) error {
				if err := noArgs(fs, args); err != nil {
					return err
				}
				if err := f.check(fs); err != nil {
					return err
				}
				return s.print(f, s.listing().document())
			}
		},
	}
}

// listing holds every name that the axes accept.
type listing struct {
	Maps          []listedMap `json:"maps"`
	Mixes         []listed    `json:"mixes"`
	Distributions []listed    `json:"distributions"`
	KeyTypes      []listed    `json:"keytypes"`
	Presets       []listed    `json:"presets"`
}

type listed struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

type listedMap struct {
	Name   string   `json:"name"`
	Level  string   `json:"level"`  // that it declares
	Caps   []string `json:"caps"`   // as capNames lists them
	Policy string   `json:"policy"` // when its writes are published
	Doc    string   `json:"doc"`
	Broken bool     `json:"broken"` // it must fail its check
	Aside  bool     `json:"aside"`  // measured only if it is named, by the flag or by a preset

	Instead string `json:"instead,omitempty"` // which map replaces it on this machine, and why
}

func (s *shell) listing() listing {
	l := listing{Distributions: []listed{
		{"uniform", "every key with the same probability"},
		{"zipf0.99", "Zipf's distribution, with any theta from 0 on: the i-th most frequent key has weight 1/i^theta"},
		{"hotspot80-20", "80 % of the operations are on 20 % of the keys; with any two shares from 1 to 99"},
		{"latest", "YCSB's: zipf0.99, counted backwards from the newest key; the newest key changes every 20 operations"},
		{"sequential", "all keys in turn, again and again"},
		{"one", "one key for all operations, in a map that holds others too"},
		{"trace-NAME", "the order of the steps of a trace whose file name begins with NAME; with -trace"},
		{"source", "the order of the identifiers in the standard library's source; with key type ident"},
	}}
	for _, e := range s.maps {
		m := listedMap{e.Name, e.Level.String(), capNames(e.Caps), policyName(e), e.Doc, e.Broken, e.Aside, ""}
		if err := gate.Instead(e); err != nil {
			m.Instead = err.Error()
		}
		l.Maps = append(l.Maps, m)
	}
	for _, m := range workloads.Mixes() {
		l.Mixes = append(l.Mixes, listed{m.Name, m.Doc})
	}
	for _, t := range workloads.KeyTypes() {
		l.KeyTypes = append(l.KeyTypes, listed{t.Name, t.Doc})
	}
	for _, p := range plan.Presets(1) {
		l.Presets = append(l.Presets, listed{p.Name, p.Doc})
	}
	return l
}

// document is the list, a table for each axis.
func (l listing) document() *export.Document {
	d := &export.Document{Data: l}
	add := func(title string, t export.Table) {
		t.Bare, t.Indent = true, true
		d.Add(export.Heading{Level: 3, Text: title}, t, export.Gap{})
	}
	maps := export.Table{Columns: []string{"name", "level", "capabilities", "publish policy", "what it is"}}
	for _, m := range l.Maps {
		doc, caps := m.Doc, "-"
		if m.Broken {
			doc += " (known to be broken: it must fail its check)"
		}
		if m.Instead != "" {
			doc += " (" + m.Instead + ")"
		}
		if len(m.Caps) > 0 {
			caps = strings.Join(m.Caps, ", ")
		}
		maps.Rows = append(maps.Rows, []string{m.Name, m.Level, caps, m.Policy, doc})
	}
	add("maps (-impl): name, level that it declares, capabilities, publish policy", maps)
	for _, part := range []struct {
		title string
		names []listed
	}{
		{"mixes (-mix)", l.Mixes},
		{"distributions of keys (-dist)", l.Distributions},
		{"types of keys, and of values if they are not uint64 (-keytype)", l.KeyTypes},
		{"presets (-preset)", l.Presets},
	} {
		t := export.Table{Columns: []string{"name", "what it is"}}
		for _, n := range part.names {
			t.Rows = append(t.Rows, []string{n.Name, n.Doc})
		}
		add(part.title, t)
	}
	return d
}

// capNames lists the capabilities that few maps have, and the missing ones that nearly every map
// has. It leaves out those that no workload uses.
func capNames(c kv.Caps) []string {
	all := []string{}
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
	return all
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
