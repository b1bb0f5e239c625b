package campaign

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/run"
	"doublebuf/results"
)

// Resume prepares to measure what is missing in the folder of a campaign that was cut short. same
// reports whether its plan is what the flags say. Resume refuses a plan, program, machine, input
// or map that differs from those with which the campaign began.
func Resume(s Setup, same func(plan.Plan) error) (_ *Campaign, err error) {
	c := &Campaign{Setup: s, resumed: true}
	if c.store, err = openStore(s.Dir); err != nil {
		return nil, err
	}
	if err := c.takeUp(same); err != nil {
		_ = c.store.lock.Close()
		return nil, err
	}
	return c, nil
}

// takeUp reads the plan and the cells, and returns an error if they cannot be resumed.
func (c *Campaign) takeUp(same func(plan.Plan) error) (err error) {
	m := c.store.manifest
	if c.plan, err = plan.Parse(filepath.Join(c.Dir, "manifest.json"), m.Plan); err != nil {
		return err
	}
	if err := cmp.Or(same(c.plan), c.sameSeed(), c.sameProgram()); err != nil {
		return err
	}
	if p, err := plan.FindPreset(m.Preset, c.plan.Procs); err == nil {
		c.check = p.Check
	}
	if c.runner, err = run.New(c.plan, c.Maps); err != nil {
		return err
	}
	if err := cmp.Or(c.sameInputs(), c.sameMaps(), c.sameDefinitions()); err != nil {
		return err
	}
	if err := c.findLinks(); err != nil {
		return err
	}
	folder, cells, warnings, err := results.Continue(c.Dir, m.Environment)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		fmt.Fprintf(c.Warn, "runbench: warning: %s\n", w)
	}
	c.store.folder = folder
	return c.count(cells)
}

// count notes what has been measured, and refuses cells that the plan does not have.
func (c *Campaign) count(cells []results.Cell) error {
	blocks, last := map[int]bool{}, 0
	for _, cell := range cells {
		blocks[cell.Block] = true
		last = max(last, cell.Block)
	}
	p := c.plan
	c.loop = c.newLoop(p.Sets())
	// With TargetCI there may be more sets. None of them begins before those before it have ended.
	for p.TargetCI > 0 && c.loop.sets*p.Blocks < min(last, len(blocks)+c.loop.round()*p.Blocks) {
		c.loop.sets += c.loop.round()
	}
	planned := map[plan.Job]bool{}
	for _, j := range p.JobsOf(0, c.loop.sets) {
		planned[j] = true
	}
	for block := p.Blocks + 1; p.Extra > 0 && block <= min(last, p.Blocks+p.Extra); block++ {
		for _, w := range p.Workloads() {
			for _, j := range p.ExtraJobs(w, block) {
				planned[j] = true
			}
		}
	}
	for _, cell := range cells {
		j := jobOf(cell)
		if !planned[j] {
			return fmt.Errorf("cannot resume %s: it has a cell %s of block %d, process %d, link %d, which is not in its plan; want the files as the run left them",
				c.Dir, cell.Name(), cell.Block, cell.Process, cell.Link)
		}
		c.store.done[j] = true
	}
	return nil
}

// sameSeed refuses a manifest whose seed and layouts are not those of its plan.
func (c *Campaign) sameSeed() error {
	if m := c.store.manifest; m.Seed != c.plan.Seed || len(m.Layouts) != len(layouts(c.plan)) {
		return fmt.Errorf("cannot resume %s: its manifest has seed %d and %d layouts, and its plan seed %d and %d links; want the manifest as the run left it",
			c.Dir, m.Seed, len(m.Layouts), c.plan.Seed, max(1, c.plan.Links))
	}
	return nil
}

// sameProgram refuses to go on with another program, or on another machine.
func (c *Campaign) sameProgram() error {
	was, is := c.store.manifest.Environment, results.CollectEnvironment(nil)
	if was.Commit != is.Commit || was.Dirty != is.Dirty || was.Checked != is.Checked {
		return fmt.Errorf("cannot resume %s: it was measured by %s, and this is %s; want the same", c.Dir, was.CommitLabel(), is.CommitLabel())
	}
	if was.MachineLabel() != is.MachineLabel() {
		return fmt.Errorf("cannot resume %s: it was measured on %s, and this is %s; want the same", c.Dir, was.MachineLabel(), is.MachineLabel())
	}
	return nil
}

// sameInputs refuses to go on with other real input.
func (c *Campaign) sameInputs() error {
	now := inputs(c.runner)
	for name, was := range c.store.manifest.Inputs {
		if is, ok := now[name]; is != was {
			if !ok {
				is = "not there"
			}
			return fmt.Errorf("cannot resume %s: its input %q was %s, and is %s; want the same", c.Dir, name, was, is)
		}
	}
	return nil
}

// sameDefinitions refuses to go on where a map or a mix of the plan is defined in another way. Runs
// of earlier programs have no definitions.
func (c *Campaign) sameDefinitions() error {
	maps, mixes := c.plan.Describe(c.Maps)
	for _, was := range c.store.manifest.Maps {
		if !slices.Contains(maps, was) {
			return fmt.Errorf("cannot resume %s: it measured a map %s that is defined in another way here; want the program that began the run", c.Dir, was.Impl)
		}
	}
	for _, was := range c.store.manifest.Mixes {
		if !slices.Contains(mixes, was) {
			return fmt.Errorf("cannot resume %s: it measured a mix %s that is defined in another way here; want the program that began the run", c.Dir, was.Name)
		}
	}
	return nil
}

// sameMaps refuses to go on where other maps replace those of the plan.
func (c *Campaign) sameMaps() error {
	now := substitutes(c.plan, c.Maps)
	for _, e := range c.Maps {
		was, is := c.store.manifest.Instead[e.Name], now[e.Name]
		switch {
		case was == "" && is != "":
			return fmt.Errorf("cannot resume %s: it measured %s itself, and here %s; want the same map", c.Dir, e.Name, is)
		case was != "" && is == "":
			return fmt.Errorf("cannot resume %s: it measured another map instead of %s (%s), and here it would measure %[2]s itself; want the same map", c.Dir, e.Name, was)
		}
	}
	return nil
}
