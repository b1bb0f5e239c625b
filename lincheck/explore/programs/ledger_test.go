//go:build explore

package programs

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"

	"doublebuf/impl/hashmap"
	"doublebuf/lincheck/explore"
)

var update = flag.Bool("update", false, "write the golden files anew")

const goldenLedger = "testdata/ledger.txt"

// TestLedger compares the remote accesses of lookups, guards and publishes with a table. The table
// is a claim about scaling that two processors can check. Readers without handles all use one
// stripe, which is the worst case.
func TestLedger(t *testing.T) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "strategy\treaders\tGet\tguard\tguard after a publish\tpublish\t\n")
	for _, s := range Strategies {
		for readers := 1; readers <= 8; readers++ {
			l := ledgerOf(s, readers)
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t\n", s.Name, readers, l.get, l.guard, l.fresh, l.publish)
			want := 0
			if readers > 1 {
				want = s.SharedLines
			}
			if l.get != want || l.guard != want {
				t.Errorf("%s, %d readers: in the steady state a lookup uses %d lines that another reader has written and a guard %d, want %d",
					s.Name, readers, l.get, l.guard, want)
			}
		}
	}
	w.Flush()
	if *update {
		if err := os.WriteFile(goldenLedger, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(goldenLedger)
	if err != nil {
		t.Fatal(err)
	}
	want, got := rowsOf(string(text)), rowsOf(b.String())
	for key, row := range want {
		if got[key] != row {
			t.Errorf("%s: got %q, want %q of %s; -update writes it anew", key, got[key], row, goldenLedger)
		}
	}
	for key := range got {
		if want[key] == "" {
			t.Logf("%s is not in %s yet; -update writes it anew", key, goldenLedger)
		}
	}
}

// rowsOf returns the rows of a ledger by strategy and number of readers.
func rowsOf(ledger string) map[string]string {
	rows := map[string]string{}
	for line := range strings.Lines(ledger) {
		if f := strings.Fields(line); len(f) > 2 {
			rows[f[0]+", readers "+f[1]] = strings.Join(f[2:], " ")
		}
	}
	return rows
}

type remote struct{ get, guard, fresh, publish int }

// ledgerOf counts the remote accesses of readers, goroutines 1 and up, beside a writer, goroutine
// 0. The readers take turns. A publish is counted after all readers have read since the last
// publish. Of the readers the one with the most remote accesses counts.
func ledgerOf(s Strategy, readers int) (r remote) {
	var l explore.Ledger
	var w *hashmap.WriteHandle[int, int]
	handles := make([]reader, readers)
	l.As(0, func() { w = hashmap.New[int, int](hashmap.WithStrategy(s.New)) })
	for i := range handles {
		l.As(1+i, func() {
			switch {
			case !s.HandleFree:
				handles[i] = w.NewReadHandle()
			case i > 0:
				handles[i] = handles[0]
			default:
				var err error
				if handles[i], err = w.Share(); err != nil {
					panic(err)
				}
			}
		})
	}
	publish := func() int {
		return l.As(0, func() {
			w.Insert(1, 1)
			if err := w.Publish(); err != nil {
				panic(err)
			}
		})
	}
	each := func(f func(h reader)) (worst int) {
		for i, h := range handles {
			worst = max(worst, l.As(1+i, func() { f(h) }))
		}
		return worst
	}
	guard := func(h reader) { h.Read().Release() }
	get := func(h reader) { h.Get(1) }
	for range 4 { // until both copies have been through everything
		r.publish = publish()
		r.fresh = each(guard)
		each(guard) // here a reader of adaptive gives up the fenced name
		r.guard = each(guard)
		each(get)
		r.get = each(get)
	}
	return r
}
