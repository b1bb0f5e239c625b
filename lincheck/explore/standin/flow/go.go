// Package flow has what the explorer puts in the place of go statements, channel operations and
// select, and at the head of loops. Without an explorer the functions do what the statements do.
package flow

import "doublebuf/impl/atomicx/hooked"

// Go is the statement go.
func Go(f func()) {
	if h := hooked.Current(); h != nil {
		h.Spawn("", f)
		return
	}
	go f()
}

// Round stands at the head of a loop. Loops are numbered by site. counts means that the loop
// computes variables from their values in the round before.
func Round(site int, counts bool) {
	if h := hooked.Current(); h != nil {
		h.Round(site, counts)
	}
}

// Zero sets *p to its zero value.
func Zero[T any](p *T) {
	var zero T
	*p = zero
}
