package campaign

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"doublebuf/baselines"
	"doublebuf/cmd/runbench/internal/doctor"
	"doublebuf/cmd/runbench/internal/plan"
)

// TestEnoughMemory: a plan runs in silence if there is enough memory, with a warning if there may
// not be enough for its maps, and not at all if there is none for its keys.
func TestEnoughMemory(t *testing.T) {
	p := plan.Plan{Blocks: 1, Procs: 1, Time: 1, Cells: []plan.Cell{{Impl: "plain", Mix: "read-only", Dist: "uniform", KeyType: "uint64", Keys: 16 << 20, G: 1}}}
	const text = "read-only, uniform, 16Mi uint64 keys, 1 goroutine: its keys need about 1.0 GiB of memory, and its maps 1.1 GiB; "
	for _, c := range []struct {
		mib           int // available
		warning, fail string
	}{
		{0, "", ""}, // it is not visible
		{3 << 10, "", ""},
		{2 << 10, "runbench: warning: " + text + "2.0 GiB are available (memory of the machine); a map that runs out of memory fails\n", ""},
		{1 << 9, "", text + "0.5 GiB are available (memory of the machine); want fewer keys"},
	} {
		var warn strings.Builder
		root := fstest.MapFS{"proc/meminfo": {Data: fmt.Appendf(nil, "MemAvailable: %d kB\n", c.mib<<10)}}
		err := (&Campaign{Setup: Setup{Maps: baselines.All(), Warn: &warn}}).enoughMemory(doctor.Host{Root: root}, p)
		if warn.String() != c.warning || (err == nil) != (c.fail == "") || err != nil && err.Error() != c.fail {
			t.Errorf("with %d MiB: %v, %q; want %q, %q", c.mib, err, warn.String(), c.fail, c.warning)
		}
	}
}
