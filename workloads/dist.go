package workloads

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Dist is a distribution over the positions of a key set.
type Dist struct {
	Name  string
	Theta float64 // zipf: the key at position i, from 0, has a weight of 1/(i+1)^Theta
	// Hot and Spot describe a hotspot: Hot % of the draws are from the first Spot % of the
	// positions, the others from the rest. Both parts are uniform.
	Hot, Spot int
	// Latest is YCSB's distribution, in which the newest record is the most popular. It is zipf
	// with theta 0.99, counted backwards from the newest position. The newest position advances
	// by one every latestStep draws and goes round.
	Latest bool
	// Sequential draws the positions in their order and goes round. The keys at neighbouring
	// positions are unrelated.
	Sequential bool
	// One draws position 0 alone. The map holds other keys too.
	One bool
	// Source is the order of the identifiers in the source of the standard library. It needs
	// keys of the type ident.
	Source bool
	// Trace is the order of the steps of a trace. It needs the keys of that trace.
	Trace bool
}

// latestStep is the number of draws between two newest keys: one insert in 20 operations, as in
// YCSB's workload D.
const latestStep = 20

// latestTheta is YCSB's constant.
const latestTheta = 0.99

// DistNames returns one name of each distribution. ParseDist takes any theta and any two shares.
func DistNames() []string {
	return []string{"uniform", "zipf0.99", "hotspot80-20", "latest", "sequential", "one", "source"}
}

// ParseDist returns the distribution of a name. A name is one of these:
//
//   - one of DistNames
//   - "zipf" and theta, as in "zipf0.99"; theta is a finite number >= 0 in its shortest form
//   - "hotspot" and two numbers from 1 to 99, as in "hotspot80-20": 80 % of the draws are from
//     20 % of the keys
//   - "trace-" and the label of a TraceInput: the order of that trace
func ParseDist(name string) (Dist, error) {
	switch name {
	case "uniform":
		return Dist{Name: name}, nil
	case "latest":
		return Dist{Name: name, Latest: true}, nil
	case "sequential":
		return Dist{Name: name, Sequential: true}, nil
	case "one":
		return Dist{Name: name, One: true}, nil
	case "source":
		return Dist{Name: name, Source: true}, nil
	}
	if label, ok := strings.CutPrefix(name, tracePrefix); ok && label != "" {
		return Dist{Name: name, Trace: true}, nil
	}
	if shares, ok := strings.CutPrefix(name, "hotspot"); ok {
		d := Dist{Name: name}
		_, err := fmt.Sscanf(shares, "%d-%d", &d.Hot, &d.Spot)
		if err != nil || min(d.Hot, d.Spot) < 1 || max(d.Hot, d.Spot) > 99 || shares != fmt.Sprintf("%d-%d", d.Hot, d.Spot) {
			return Dist{}, fmt.Errorf("distribution %q: want hotspot with two shares from 1 to 99 %%, as in hotspot80-20: 80 %% of the draws are from 20 %% of the keys", name)
		}
		return d, nil
	}
	number, ok := strings.CutPrefix(name, "zipf")
	theta, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || math.Signbit(theta) || math.IsNaN(theta) || math.IsInf(theta, 0) || number != strconv.FormatFloat(theta, 'f', -1, 64) {
		return Dist{}, fmt.Errorf("distribution %q: want one of %s; zipf takes any theta >= 0", name, strings.Join(DistNames(), ", "))
	}
	return Dist{Name: name, Theta: theta}, nil
}

// draws returns a function that draws positions below n.
func (d Dist) draws(n int, r *rand.Rand) func() uint32 {
	switch next := uint64(0); {
	case d.One:
		return func() uint32 { return 0 }
	case d.Sequential:
		return func() uint32 { next++; return uint32((next - 1) % uint64(n)) }
	case d.Latest:
		z := newZipf(n, latestTheta)
		return func() uint32 {
			newest := int(next / latestStep % uint64(n))
			next++
			return uint32((newest - z.draw(r) + n) % n)
		}
	case d.Hot > 0:
		spot := max(1, n*d.Spot/100)
		return func() uint32 {
			if r.IntN(100) < d.Hot || spot == n {
				return r.Uint32N(uint32(spot))
			}
			return uint32(spot) + r.Uint32N(uint32(n-spot))
		}
	case d.Theta == 0:
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
// convex. So a uniform point in H, inverted and rounded, is k at least as often as it should be.
// The surplus is rejected.
type zipf struct {
	n     float64
	theta float64
	low   float64 // H(3/2) - h(1): the bar of rank 1 is accepted whole, without surplus
	high  float64 // H(n + 1/2)
	near  float64 // a point that is closer than this below its rank is never in the surplus
}

func newZipf(n int, theta float64) zipf {
	z := zipf{n: float64(n), theta: theta}
	z.low = z.integral(1.5) - 1
	z.high = z.integral(z.n + 0.5)
	z.near = 2 - z.inverse(z.integral(2.5)-z.weight(2))
	return z
}

// draw returns a rank from 0 to n-1. Rank 0 is the most frequent.
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

// round returns the rank whose bar holds x. Rounding errors may have pushed x out of the first or
// the last bar.
func (z *zipf) round(x float64) float64 { return min(max(math.Floor(x+0.5), 1), z.n) }

func (z *zipf) weight(x float64) float64 { return math.Exp(-z.theta * math.Log(x)) }

// integral is H(x) = (x^(1-theta) - 1) / (1-theta), which becomes log x at theta 1. Expm1 keeps
// the precision near theta 1.
func (z *zipf) integral(x float64) float64 {
	log := math.Log(x)
	return ratio(math.Expm1, (1-z.theta)*log) * log
}

// inverse returns the x with integral(x) = u.
func (z *zipf) inverse(u float64) float64 {
	t := max(u*(1-z.theta), -1) // rounding may push it below -1, where the logarithm is undefined
	return math.Exp(ratio(math.Log1p, t) * u)
}

// ratio returns f(x)/x for an f that is x + O(x²) near 0.
func ratio(f func(float64) float64, x float64) float64 {
	if math.Abs(x) < 1e-12 {
		return 1
	}
	return f(x) / x
}
