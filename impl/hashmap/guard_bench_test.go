package hashmap_test

import (
	"fmt"
	"testing"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/strategy"
	"doublebuf/impl/table"
)

// BenchmarkGuard opens and closes a guard on a map under each strategy, with a call of Len in
// between.
func BenchmarkGuard(b *testing.B) {
	for _, s := range strategy.All() {
		b.Run(fmt.Sprintf("strategy=%s", s.Name), func(b *testing.B) {
			l := newLookups(table.Builtin, 1000, hashmap.WithStrategy(s.New))
			b.ReportAllocs()
			for b.Loop() {
				g := l.read()
				l.sum += uint64(g.Len())
				g.Release()
			}
		})
	}
}
