//go:build !explore

package atomicx

// Wake says why a Park returned.
type Wake int

const (
	Woken Wake = iota
	Cancelled
	TimedOut
)
