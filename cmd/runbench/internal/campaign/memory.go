package campaign

import (
	"fmt"

	"doublebuf/analysis"
	"doublebuf/cmd/runbench/internal/doctor"
	"doublebuf/cmd/runbench/internal/plan"
)

// enoughMemory refuses a plan whose input alone needs more memory than the machine has, and says if
// its maps may.
func (c *Campaign) enoughMemory(h doctor.Host, p plan.Plan) error {
	need := p.Needs(c.Maps)
	have, limit := h.Memory()
	text := fmt.Sprintf("%s: its keys need about %.1f GiB of memory, and its maps %.1f GiB; %.1f GiB are available (%s)",
		analysis.Describe(need.Cell.Workload()), need.Input/(1<<30), need.Maps/(1<<30), have/(1<<30), limit)
	switch {
	case have == 0 || need.Total() < have:
	case need.Input > have:
		return fmt.Errorf("%s; want fewer keys", text)
	default:
		fmt.Fprintf(c.Warn, "runbench: warning: %s; a map that runs out of memory fails\n", text)
	}
	return nil
}
