package lincheck

import (
	"fmt"
	"slices"
	"strings"

	"doublebuf/baselines/kv/kvtest"
)

// notGrown says to how many entries the maps have grown in the tests, as what was not looked at:
// larger maps. It names the types that differ from the first one.
func notGrown(all []kvtest.Growth) []string {
	var alone []kvtest.Growth // the furthest of each type
	together := 0
	for _, g := range all {
		i := slices.IndexFunc(alone, func(other kvtest.Growth) bool { return other.Type == g.Type })
		switch {
		case g.Together:
			together = max(together, g.Entries)
		case i < 0:
			alone = append(alone, g)
		case g.Entries > alone[i].Entries:
			alone[i] = g
		}
	}
	var parts []string
	for len(alone) > 0 {
		entries, slow, types := alone[0].Entries, "", []string(nil)
		alone = slices.DeleteFunc(alone, func(g kvtest.Growth) bool {
			if g.Entries == entries {
				types = append(types, g.Type)
				if g.Slow {
					slow = ", too slow"
				}
			}
			return g.Entries == entries
		})
		parts = append(parts, fmt.Sprintf("%d (%s%s)", entries, strings.Join(types, ", "), slow))
	}
	if together > 0 {
		parts = append(parts, fmt.Sprintf("%d that several goroutines write", together))
	}
	if parts == nil {
		return nil
	}
	return []string{"more entries than " + strings.Join(parts, ", ")}
}
