package workloads

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Dist is a distribution over the positions of a key set: which keys come how often.
type Dist struct {
	Name  string
	Theta float64 // zipf: the key at position i, from 0, has a weight of 1/(i+1)^Theta
	// Source: no distribution but the order in which the identifiers stand in the
	// standard library's source. It needs keys of the type ident.
	Source bool
}

// DistNames returns one name of each distribution; zipf takes any theta from 0 on.
func DistNames() []string { return []string{"uniform", "zipf0.99", "source"} }

// ParseDist returns the distribution that name stands for: "uniform", "source", or
// "zipf" followed by theta, as in "zipf0.99". Theta may be any finite number from 0 on,
// in its shortest form.
func ParseDist(name string) (Dist, error) {
	switch name {
	case "uniform":
		return Dist{Name: name}, nil
	case "source":
		return Dist{Name: name, Source: true}, nil
	}
	number, ok := strings.CutPrefix(name, "zipf")
	theta, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || math.Signbit(theta) || math.IsNaN(theta) || math.IsInf(theta, 0) || number != strconv.FormatFloat(theta, 'f', -1, 64) {
		return Dist{}, fmt.Errorf("distribution %q: want uniform, source, or zipf with a theta from 0 on, as in zipf0.99", name)
	}
	return Dist{Name: name, Theta: theta}, nil
}

// draws returns a function that draws positions below n.
func (d Dist) draws(n int, r *rand.Rand) func() uint32 {
	if d.Theta == 0 {
		return func() uint32 { return r.Uint32N(uint32(n)) }
	}
	z := newZipf(n, d.Theta)
	return func() uint32 { return uint32(z.draw(r)) }
}

// zipf draws from Zipf's distribution over exactly n ranks, for any theta >= 0, by
// rejection-inversion: W. Hörmann and G. Derflinger, "Rejection-inversion to generate
// variates from monotone discrete distributions", ACM TOMACS 6(3), 1996. It needs no
// table and at most a few draws for each result.
//
// Rank k, from 1, has the weight h(k) = k^-theta. With H an integral of h, the bar of h
// over [k-1/2, k+1/2] has at most the area between H(k-1/2) and H(k+1/2), since h is
// convex. So a point that is uniform in H, inverted and rounded, is k at least as often
// as it should be; the surplus is rejected.
type zipf struct {
	n     float64
	theta float64
	low   float64 // H(3/2) - h(1): the bar of rank 1 is taken whole, without surplus
	high  float64 // H(n + 1/2)
	near  float64 // closer than this below its rank, a point is never in the surplus
}

func newZipf(n int, theta float64) zipf {
	z := zipf{n: float64(n), theta: theta}
	z.low = z.integral(1.5) - 1
	z.high = z.integral(z.n + 0.5)
	z.near = 2 - z.inverse(z.integral(2.5)-z.weight(2))
	return z
}

// draw returns a rank from 0 to n-1, the most frequent first.
func (z *zipf) draw(r *rand.Rand) int {
	for {
		u := z.high + r.Float64()*(z.low-z.high)
		x := z.inverse(u)
		k := z.round(x)
		if k-x <= z.near || u >= z.integral(k+0.5)-z.weight(k) {
			return int(k) - 1
		}
	}
}

// round returns the rank whose bar x lies in. At the ends of the last bars rounding errors
// may have pushed x out of them.
func (z *zipf) round(x float64) float64 { return min(max(math.Floor(x+0.5), 1), z.n) }

func (z *zipf) weight(x float64) float64 { return math.Exp(-z.theta * math.Log(x)) }

// integral is H(x) = (x^(1-theta) - 1) / (1-theta), which becomes log x at theta 1;
// expm1 keeps its digits near there.
func (z *zipf) integral(x float64) float64 {
	log := math.Log(x)
	return ratio(math.Expm1, (1-z.theta)*log) * log
}

// inverse returns the x for which integral(x) is u.
func (z *zipf) inverse(u float64) float64 {
	t := max(u*(1-z.theta), -1) // rounding may push it below, where there is no logarithm
	return math.Exp(ratio(math.Log1p, t) * u)
}

// ratio returns f(x)/x for an f that is x + O(x²) near 0.
func ratio(f func(float64) float64, x float64) float64 {
	if math.Abs(x) < 1e-12 {
		return 1
	}
	return f(x) / x
}
