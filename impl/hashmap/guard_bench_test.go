package hashmap_test

import (
	"fmt"
	"testing"

	"doublebuf/impl/hashmap"
	"doublebuf/impl/table"
)

// BenchmarkGuard opens and closes a guard on a map under each strategy, with a call of Len in between.
func BenchmarkGuard(b *testing.B) {
	for _, s := range strategies {
		b.Run(fmt.Sprintf("strategy=%s", s.name), func(b *testing.B) {
			l := newLookups(table.Builtin, 1000, hashmap.WithStrategy(s.open))
			b.ReportAllocs()
			for b.Loop() {
				g := l.read()
				l.sum += uint64(g.Len())
				g.Release()
			}
		})
	}
}
