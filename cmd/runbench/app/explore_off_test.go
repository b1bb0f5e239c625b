//go:build !explore

package app

import (
	"strings"
	"testing"
)

func TestExploreWithoutTheTag(t *testing.T) {
	var out, told strings.Builder
	code := Main([]string{"explore", "-readers", "1"}, &out, &told)
	want := "runbench: explore: this build has no schedule explorer; run it as: go run -tags explore ./cmd/runbench explore\n"
	if code != ExitError || out.String() != "" || told.String() != want {
		t.Errorf("code %d, stdout %q, stderr %q", code, out.String(), told.String())
	}
}
