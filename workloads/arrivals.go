package workloads

// gapsLen is how many gaps between arrivals there are before they come again.
const gapsLen = 1 << 14

// Gaps returns gaps between arrivals that do not wait for each other, in units of their
// mean, which is 1: a Poisson process has gaps that are exponentially distributed. They
// go round and round.
func Gaps(seed uint64) []float32 {
	r := random(seed, seedOfGaps)
	gaps, sum := make([]float32, gapsLen), 0.0
	for i := range gaps {
		gaps[i] = float32(r.ExpFloat64())
		sum += float64(gaps[i])
	}
	for i := range gaps {
		gaps[i] *= float32(gapsLen / sum)
	}
	return gaps
}
