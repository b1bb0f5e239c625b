package names

import "testing"

func TestUnknown(t *testing.T) {
	known := []string{"smoke", "quick", "standard"}
	for _, c := range []struct{ name, want string }{
		{"quik", `unknown preset "quik"; did you mean "quick"? There are: smoke, quick, standard`},
		{"qiuck", `unknown preset "qiuck"; did you mean "quick"? There are: smoke, quick, standard`},
		{"Standart", `unknown preset "Standart"; did you mean "standard"? There are: smoke, quick, standard`},
		{"nightly", `unknown preset "nightly"; there are: smoke, quick, standard`},
		{"", `unknown preset ""; there are: smoke, quick, standard`},
	} {
		if got := Unknown("preset", c.name, known).Error(); got != c.want {
			t.Errorf("Unknown(%q)\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"map", "map", 0},
		{"map", "mpa", 1},
		{"sync", "syncmap", 3},
		{"kitten", "sitting", 3},
	} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := distance(c.b, c.a); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.b, c.a, got, c.want)
		}
	}
}
