package workloads

// gapsLen is the number of gaps between arrivals before they repeat.
const gapsLen = 1 << 14

// Gaps returns the gaps between the arrivals of a Poisson process, in units of their mean: they
// are exponentially distributed, and their mean is 1. The caller goes round them.
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
