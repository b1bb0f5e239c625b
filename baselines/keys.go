package baselines

import "math"

// plainKey lists the key types of this project that are equal exactly if their bytes are, or those
// of the text. They have the operator < too.
type plainKey interface{ uint64 | int | string }

// hashedKey lists the key types of maps that take only certain types and let their user choose the
// hash.
type hashedKey interface {
	uint64 | int | string | float64
}

// floatHash is the hash of a float64 for maps that leave it to their user. It mixes the bits,
// because the low bits of small numbers are all 0. The two zeros are one key, and have one hash. No
// number has the hash 0, which haxmap uses for the head of its list.
func floatHash(key float64) uintptr {
	return uintptr((math.Float64bits(key+0) + 1) * 0x9e3779b97f4a7c15)
}
