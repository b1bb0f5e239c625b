package hashmap_test

import (
	"errors"
	"testing"

	"doublebuf/impl/hashmap"
)

func TestSmoke(t *testing.T) {
	w := hashmap.New[string, int]()
	r := w.NewReadHandle()
	w.Insert("a", 1)
	if _, ok := r.Get("a"); ok {
		t.Fatal("seen before publish")
	}
	if err := w.Publish(); err != nil {
		t.Fatal(err)
	}
	if v, ok := r.Get("a"); !ok || v != 1 {
		t.Fatal(v, ok)
	}
	w.Close()
	if err := w.Publish(); !errors.Is(err, hashmap.ErrClosed) {
		t.Fatal(err)
	}
}
