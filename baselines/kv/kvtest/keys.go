package kvtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"strings"

	"doublebuf/baselines/kv"
)

// hardKeys is a test of keys that a map may take for one another or for no key at all: extreme
// ones, zero, those that differ in one bit, those with equal halves, equal beginnings or equal
// hashes.
func (s *subject[K, V]) hardKeys(rng *rand.Rand) error { return s.of(s.hard()).halves(rng) }

// halves sets, overwrites and deletes one half of the keys and then the other. It compares all keys
// with a model each time.
func (s *subject[K, V]) halves(rng *rand.Rand) error {
	keys := len(s.keys)
	m := s.make(rng.IntN(2) * keys)
	defer kv.Close(m)
	h, done := open(m)
	defer done()
	model := make(map[int]uint64)
	order := rng.Perm(keys)
	one, other := order[:keys/2], order[keys/2:]
	for i, step := range []struct {
		kind opKind
		keys []int
	}{{opSet, one}, {opSet, other}, {opDelete, one}, {opSet, other}, {opSet, one}, {opDelete, other}, {opDelete, one}} {
		for _, key := range step.keys {
			o := op{step.kind, key, uint64(i*keys + key)}
			s.do(h, o)
			o.do(model)
		}
		kv.Publish(h)
		if err := s.agree(h, model, keys); err != nil {
			return fmt.Errorf("%d keys, step %d: %w", keys, i, err)
		}
	}
	return nil
}

// flips returns x, and x with each one of its bits changed.
func flips(x uint64) []uint64 {
	all := []uint64{x}
	for bit := range 64 {
		all = append(all, x^1<<bit)
	}
	return all
}

func hardWords() (keys []uint64) {
	for _, x := range []uint64{0, math.MaxUint64, 1 << 63, 0x0123456789abcdef} {
		keys = append(keys, flips(x)...)
	}
	for x := range uint64(24) {
		keys = append(keys, x, math.MaxUint64-x, x<<32|x, x<<32|(1000-x), math.Float64bits(float64(x)))
		for shift := 8; shift < 64; shift += 8 {
			keys = append(keys, x<<shift)
		}
	}
	return keys
}

func hardInts() (keys []int) {
	for _, x := range hardWords() {
		keys = append(keys, int(x))
	}
	return keys
}

// hardFloats leaves out what is not equal to itself, and the second zero, which equals the first.
func hardFloats() (keys []float64) {
	for _, x := range []float64{0, 1, -1, math.Pi, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), 1 << 53} {
		for _, bits := range flips(math.Float64bits(x)) {
			if f := math.Float64frombits(bits); f == f {
				keys = append(keys, f+0)
			}
		}
	}
	return keys
}

// sameHash has pairs of texts with the same value of a well-known hash function: FNV-1a and FNV-1
// of 32 bits, CRC-32, the one of Java's strings, the one with the factor 33, and FNV-1a of 64 bits.
var sameHash = []string{
	"costarring", "liquid", "creamwove", "quists", "codding", "gnu", "plumless", "buckeroo",
	"Aa", "BB", "AaAa", "BBBB", "AaBB", "hetairas", "mentioner", "heliotropes", "neurospora",
	"8yn0iYCKYHlIj4-BwPqk", "GReLUrM4wMqfg9yzV3KQ",
}

func hardStrings() []string {
	keys := append([]string{"\x00", "\x00\x00", "0", "00", " 0", "0 ", "é", "e\u0301", "\xff", "\xfe", "\xc3", "a\x00", "a\x00b"}, sameHash...)
	for _, text := range []string{"abcd", "the quick brown fox jumps over the lazy dog"} {
		for i := range text { // anagrams
			keys = append(keys, text[i:]+text[:i], strings.ToUpper(text[:i])+text[i:])
		}
	}
	for n := range 70 { // each is the beginning of the next
		keys = append(keys, strings.Repeat("a", n), "https://example.org/items?id="+strings.Repeat("0", n), fmt.Sprint(n), fmt.Sprintf("%016x", n))
	}
	for _, n := range []int{1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 257, 1000, 5000} {
		for _, at := range []int{0, n / 2, n - 1} { // equal but for one byte
			text := []byte(strings.Repeat("b", n))
			for _, b := range []byte{'a', 'b' ^ 0x80, 0} {
				text[at] = b
				keys = append(keys, string(text))
			}
		}
	}
	for bit := range 8 * 24 {
		text := []byte("equal but for one bit...")
		text[bit/8] ^= 1 << (bit % 8)
		keys = append(keys, string(text))
	}
	return keys
}

// hardPrefixes has networks of every length at the ends of both address families, addresses that
// differ in one bit, and addresses of one family that stand for addresses of the other.
func hardPrefixes() []netip.Prefix {
	keys := []netip.Prefix{{}}
	for _, text := range []string{"0.0.0.0", "255.255.255.255", "10.1.2.3", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::1", "::ffff:10.1.2.3"} {
		addr := netip.MustParseAddr(text)
		for bits := range addr.BitLen() + 1 {
			p := netip.PrefixFrom(addr, bits)
			keys = append(keys, p, p.Masked())
			if bits < addr.BitLen() {
				keys = append(keys, netip.PrefixFrom(flipped(addr, bits), addr.BitLen()))
			}
		}
	}
	return keys
}

// flipped returns a with one bit changed.
func flipped(a netip.Addr, bit int) netip.Addr {
	bytes := a.AsSlice()
	bytes[bit/8] ^= 0x80 >> (bit % 8)
	a, _ = netip.AddrFromSlice(bytes)
	return a
}
