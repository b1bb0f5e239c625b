package table

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

func TestUnlike(t *testing.T) {
	for name, kind := range map[string]Kind{"builtin": Builtin, "flat": Flat} {
		make2 := func() (a, b Table[float64, []int]) {
			a, b = New[float64, []int](kind, 0), New[float64, []int](kind, 100)
			shared := []int{1}
			for _, t := range []Table[float64, []int]{a, b} {
				t.Set(1, shared)
				t.Set(math.Copysign(0, -1), nil)
				t.Set(math.NaN(), shared)
			}
			return a, b
		}
		for want, change := range map[string]func(a Table[float64, []int]){
			"":                          func(a Table[float64, []int]) { a.Set(0, nil) }, // as -0
			"one has 4 entries":         func(a Table[float64, []int]) { a.Set(math.NaN(), nil) },
			"one has 2 entries":         func(a Table[float64, []int]) { a.Delete(1) },
			"only one has key 2":        func(a Table[float64, []int]) { a.Delete(1); a.Set(2, nil) },
			"key 1 has [1] in one, [1]": func(a Table[float64, []int]) { a.Set(1, []int{1}) }, // another slice
		} {
			a, b := make2()
			if change(a); !strings.HasPrefix(a.Unlike(&b), want) || (want == "") != (a.Unlike(&b) == "") {
				t.Errorf("%s: %q; want %q", name, a.Unlike(&b), want)
			}
		}
	}
}

// TestUnlikePadding checks that the content of padding makes no difference, and that everything
// else does.
func TestUnlikePadding(t *testing.T) {
	type padded struct {
		flag  bool
		pairs [2]struct {
			small uint8
			word  uint64
		}
		name string
	}
	fill := func(to byte) padded {
		var p padded
		for i := range unsafe.Slice((*byte)(unsafe.Pointer(&p)), unsafe.Offsetof(p.name)) {
			*(*byte)(unsafe.Add(unsafe.Pointer(&p), i)) = to
		}
		p.flag, p.name = true, "name"
		for i := range p.pairs {
			p.pairs[i].small, p.pairs[i].word = 1, 2
		}
		return p
	}
	parts := partsOf(reflect.TypeFor[padded](), 0)
	v, w := fill(0), fill(0xff)
	if !sameParts(parts, unsafe.Pointer(&v), unsafe.Pointer(&w)) {
		t.Error("the padding makes a difference")
	}
	for what, change := range map[string]func(){
		"flag": func() { w.flag = false }, "small": func() { w.pairs[1].small++ }, "word": func() { w.pairs[1].word++ }, "name": func() { w.name = "other" },
	} {
		w = fill(0xff)
		if change(); sameParts(parts, unsafe.Pointer(&v), unsafe.Pointer(&w)) {
			t.Errorf("another %s makes no difference", what)
		}
	}
}
