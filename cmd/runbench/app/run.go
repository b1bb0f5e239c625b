package app

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
	"doublebuf/analysis/stat"
	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/pin"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/cmd/runbench/internal/topology"
	"doublebuf/results"
)

// runFlags holds the flags of the command run.
type runFlags struct {
	preset, planFile string
	axes             plan.Axes
	reps, extra      int
	links, forks     int
	target           plan.Percent
	max              plan.Duration
	time, latency    plan.Duration
	slice, hang      plan.Duration
	seed             uint64
	dir, plots       string
	resume           bool
	strict           string // the worst grade that is good enough; "" is any
	pin              string // a list of processors
	pinWorkers       bool
	place            topology.Policy // "" if the system places workers
	prefill          string          // who fills a map; "" is one goroutine
	quiet            bool
	format           *format
	given            map[string]bool // the flags that were given

	advice func(*analysis.Run) []export.Block // what the report ends with; nil is nothing
}

const runHelp = `
Checks each map of a plan in a child process, measures the plan's cells, draws figures and writes a
report. A cell is one map under one workload. A block is one pass over all cells. Maps are compared
within a block, so a machine that becomes slower affects all of them alike.

A preset sets what is measured, and for how long. Axes replace what the preset measures. An axis is
a comma-separated list of values. A run measures all combinations of the axes. If only some axes
are given, the others have defaults: mixes read-only,r95w5,r50w50; distribution zipf0.99; key type
uint64; the preset's number of keys; 1,2,4 ... goroutines, up to twice the processors. runbench
list prints all names.

-procs 1,2,4 varies the number of processors (GOMAXPROCS), as go test -cpu does. A cell's name ends
in -N, where N is GOMAXPROCS. Without -g there are as many goroutines as processors.

-place binds each worker to a processor. It says in which order processors are used. spread takes
turns between sockets, then between caches, then between cores. compact fills one core, then one
cache, then one socket. cores uses one processor of each core, and fills one cache before the next.
node0 uses the processors of that NUMA node. runbench doctor says what that means on this machine.
Figures by goroutines show where a second cache, socket or node begins, and where SMT siblings share
a core.

One goroutine fills each map before it is measured. Linux takes memory from the NUMA node of the
processor that touches it first, so the whole map is then on one node. With -prefill workers, each
worker stores a part of the keys. A double buffer fills its second copy when it is published. One
goroutine does that with both values of -prefill.

-trace replays real input. Unless axes say otherwise, the mix is replay, the distribution is the
order of the trace, and the keys are its keys. The workers do the steps of the trace together: each
takes the next step, and after the last step they begin again. At the start a map holds the keys
that the trace gets or deletes before it sets them. With another mix, the mix chooses the
operations and the trace only the keys. A file with malformed lines is refused. With
-skip-malformed such lines are skipped and counted. The manifest holds their number, and the digest
and the statistics of the trace. A run can be resumed only with the same trace.

A block builds all maps of a throughput workload at once and measures them in slices: turns of
5 ms (-slice), in a random order, until each has had its -time. Maps take turns, so a disturbance
of the machine affects all of them. Before each slice the map works for up to 20 ms, unmeasured, to
fill the caches. Each map is charged for the garbage collections that its own garbage would cause if
it were alone. A map that allocates very much is measured alone, with its collections. Slices are
longer if there are more goroutines than processors, or if operations are slow. Mixes with a stall,
and cells of staleness and latency, are measured at once, one after another. With -slice 0 all cells
are. After the blocks of a preset there are some extra ones (-extra). They are given out four at a
time, each time to the workload whose A/A control gains most for its time. The control is one map measured
twice, so the choice favours no map. A map that is measured alone gets no extra blocks.

The layout of the code and the layout of the memory can each make a map several per cent faster or
slower. A link is one build of the program, with one layout of its code. A process is one run of a
link, with one layout of its memory. -links 6 -forks 2 makes six links, runs two processes of each,
and measures all blocks in each process. The go command builds each link with a different
-randlayout, which follows from the seed. If there are several links, intervals show the spread
over links. If there is one link and several processes, they show the spread over processes. An
interval needs 6 or more of them. Only a run with several links can show that a small difference is
conclusive. Two flags keep old names: -reps sets the number of blocks, and -forks that of processes.

-latency 50,70,90 measures latencies at 50, 70 and 90 % of the map's closed-loop rate. The run
measures this rate first. Files call it capacity-ops/s, and figures the capacity. In a closed loop,
a worker starts an operation when its last one has ended. In a latency cell, each
operation has an intended start, which is drawn beforehand. Its latency is measured from the
intended start, so it includes the wait behind a slow operation.

-target-ci 2% -max 10m repeats the blocks until the interval of every lead is narrow: its upper end
is less than 2 % above its lower end. A lead is the effect of the fastest map over the next one. If
the plan has several links or processes, new blocks run in a new process of each link. If the time
-max ends first, the exit code is 4.

A run also measures the floor in each mix: the cost of the harness itself. In each workload it
measures one map twice, as if it were two maps (A/A control). The largest ratio that a 95 %
interval of this control allows is the A/A limit of the workload. Smaller differences between maps
mean nothing there. The largest A/A limit, the precision of the effects and the findings of
runbench doctor give the run a grade from A to D. With -strict B the exit code is 4 if the grade is
worse than B.

A child process measures, and the run watches it. A map fails if it crashes or ends this process,
if it runs out of memory, or if it hangs: it makes no progress for 20 s (-hang) beyond the time that
its step should take. Its verdict says why, and the evidence holds the output of the process, with the
stacks of its goroutines. The map's remaining cells are skipped. Its workload is measured again
without it, in a new process. All other maps are measured as planned, and the exit code is 3.

The map that fails is the one whose turn it was. If that is not certain, each map is measured alone,
to find the one that ends its process again. For example, a signal that kills the process may come
from a map or from elsewhere. If no map ends its process alone, the cells are measured again. If the
run's own check of a final state or another program has used up the memory, nothing is known of the
map: its verdict is Unknown, and the exit code is 4.

The cells of a workload in a block are written to the disk together, as soon as they are finished.
After an interrupt (Ctrl-C) the run says what it waits for and finishes the cells that it measures.
It leaves out cells whose maps are still being filled. Then it draws and reports what it has
measured, and prints the command that measures the rest. A second interrupt stops the run at once, without these
cells and without a report.

The folder of the results holds:

  report.html, report.md  the ranking, the verdicts, the figures, the machine
                          and every cell
  cells.txt               throughput, in Go's benchmark format
  staleness.txt           how stale reads are
  latency.txt             latencies, if -latency was given
  manifest.json           the plan, the seed, the machine and the verdicts
  evidence                histories that failed their check, and the output of
                          maps that crashed or hung`

func runCommand() command {
	return command{
		name:  "run",
		args:  "[flags]",
		short: "check, measure, draw and report maps (the default)",
		long:  runHelp,
		examples: `  runbench run -preset smoke
  runbench run -impl dbuf-epoch-b64,syncmap -mix r95w5 -g 1,2,4 -keys 1Ki,1Mi
  runbench run -mix roles -readers 1,2,4 -writers 1 -dist uniform
  runbench run -impl dbuf-epoch-b64,rwmutex -mix r95w5 -g 2,8 -latency 50,70,90
  runbench run -preset smoke -impl dbuf-epoch-b64,xsync -reps 3 -links 6
  runbench run -trace defs -impl dbuf-epoch-b64,xsync
  runbench run -trace cluster001.csv.zst -format twitter -steps 1000000 -g 2
  runbench run -trace bgp -mix r95w5 -g 2
  runbench run -resume -results results/20260102T150405Z-quick
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			var o runFlags
			o.declare(fs)
			return func(args []string) error {
				if err := noArgs(fs, args); err != nil {
					return err
				}
				o.given = map[string]bool{}
				fs.Visit(func(f *flag.Flag) { o.given[f.Name] = true })
				if err := o.format.check(fs); err != nil {
					return err
				}
				if o.hang <= 0 {
					return exit.Usagef("run: -hang %v; want more than 0, as in 20s", o.hang)
				}
				_, err := s.run(&o)
				return err
			}
		},
	}
}

func (o *runFlags) declare(fs *flag.FlagSet) {
	o.format = formatFlags(fs)
	fs.StringVar(&o.preset, "preset", "quick", "`name` of a preset: smoke, quick, standard, full or limits")
	fs.StringVar(&o.planFile, "plan", "", "measure the plan in this `file`: a manifest.json, or its plan section alone")
	for name, n := range map[string]struct {
		value *int
		usage string
	}{
		"reps":  {&o.reps, "`number` of blocks in a process: it measures each cell once in each (default the preset's)"},
		"forks": {&o.forks, "`number` of processes of each link (default 1)"},
		"links": {&o.links, "`number` of links, which the go command builds with different code layouts (default 1, this program)"},
	} {
		fs.Func(name, n.usage, func(s string) (err error) {
			*n.value, err = number(s)
			return err
		})
	}
	fs.Func("extra", "`number` of further blocks, each of the workload whose A/A control it narrows most (default the preset's; none with -reps, -forks, -links or -target-ci)", func(s string) (err error) {
		o.extra, err = strconv.Atoi(s)
		if err != nil || o.extra < 0 {
			err = fmt.Errorf("%q; want a whole number, 0 or more", s)
		}
		return err
	})
	fs.TextVar(&o.time, "time", plan.Duration(0), "`time` to measure each cell, as in 100ms (default the preset's)")
	fs.TextVar(&o.slice, "slice", plan.Duration(0), "`time` for which a map is measured at a stretch, in turns with the other maps, as in 5ms; 0 measures each cell at once (default the preset's)")
	fs.TextVar(&o.latency, "latency-time", plan.Duration(0), "`time` for which operations arrive in a latency cell (default the preset's)")
	fs.TextVar(&o.hang, "hang", plan.Duration(20*time.Second), "a map that makes no progress for this `time`, beyond the time that its step should take, has failed")
	fs.TextVar(&o.target, "target-ci", plan.Percent(0), "repeat until the interval of every lead is narrower than this `percentage`, as in 2%")
	fs.TextVar(&o.max, "max", plan.Duration(0), "longest `time` to measure with -target-ci, as in 10m")
	fs.Uint64Var(&o.seed, "seed", 1, "the `seed` for all random choices")
	fs.StringVar(&o.dir, "results", "", "new `folder` for the results (default results/<UTC>-<preset>)")
	fs.StringVar(&o.plots, "plots", "", "`folder` for the figures (default plots/<name of the results>)")
	fs.BoolVar(&o.resume, "resume", false, "measure what is missing in the folder that -results names")
	fs.Func("pin", "bind the process to these `processors`, as in 0-3,8 (Linux)", func(s string) error {
		cpus, err := pin.CPUs(s)
		o.pin = pin.Format(cpus)
		return err
	})
	fs.BoolVar(&o.pinWorkers, "pin-workers", false, "give each worker a thread, bound to one processor of -pin, in its order")
	fs.Func("place", "bind each worker to a processor, in this `order`: spread, compact, cores, or node0 (Linux)", func(s string) (err error) {
		o.place, err = topology.ParsePolicy(s)
		return err
	})
	fs.Func("prefill", "`who` fills a map before it is measured, and so touches its memory first: one goroutine, or all workers (default one)", func(s string) error {
		if o.prefill = s; s != plan.ByOne && s != plan.ByWorkers {
			return fmt.Errorf("%q; want %s or %s", s, plan.ByOne, plan.ByWorkers)
		}
		return nil
	})
	fs.BoolVar(&o.quiet, "quiet", false, "print only warnings and errors")
	fs.Func("strict", "exit with code 4 if the run's grade is worse than this `grade`: A, B or C", func(s string) error {
		if o.strict = s; !slices.Contains(results.Letters[:3], results.Letter(s)) {
			return fmt.Errorf("%q; want A, B or C", s)
		}
		return nil
	})
	declareAxes(fs, &o.axes)
}

// sizeFlags are the flags with which the user decides how long a run takes.
var sizeFlags = []string{"reps", "extra", "links", "forks", "target-ci", "time", "slice", "latency-time"}

// planFlags are the flags that change what is measured.
var planFlags = []string{"reps", "links", "forks", "target-ci", "max", "time", "slice", "extra", "latency-time", "latency", "seed", "pin", "pin-workers", "place", "prefill", "impl", "mix", "dist", "keytype", "keys", "g", "procs", "readers", "writers", "trace", "format", "skip-malformed", "steps"}

// firstGiven returns the first of names that was given on the command line, or "".
func (o *runFlags) firstGiven(names ...string) string {
	for _, name := range names {
		if o.given[name] {
			return "-" + name
		}
	}
	return ""
}

// plan returns the plan that the flags ask for, its name, and the time to record histories of each
// map.
func (o *runFlags) plan(s *shell) (p plan.Plan, name string, check time.Duration, err error) {
	if err := o.placed(); err != nil {
		return plan.Plan{}, "", 0, err
	}
	procs := runtime.GOMAXPROCS(0)
	if cpus, err := pin.CPUs(o.pin); err == nil {
		procs = min(procs, len(cpus))
	}
	if len(o.axes.Procs) > 0 {
		procs = slices.Max(o.axes.Procs)
	}
	preset, err := plan.FindPreset(o.preset, procs)
	if err != nil {
		return plan.Plan{}, "", 0, err
	}
	if o.planFile != "" {
		p, err = o.readPlan(s)
		return p, "plan", preset.Check, err
	}
	if err := o.consistent(); err != nil {
		return plan.Plan{}, "", 0, err
	}
	if p, err = preset.Plan(o.axes, s.maps, procs); err != nil {
		return plan.Plan{}, "", 0, err
	}
	if _, err := exec.LookPath("go"); err != nil && !o.axes.Given() && p.LeaveOut("ident") {
		fmt.Fprintln(s.stderr, "runbench: warning: first-seen is left out: it replays Go's source, and the go command is not in the path")
	}
	plan.AddControls(&p, s.maps)
	if !o.axes.Given() && o.firstGiven(sizeFlags...) == "" {
		preset.Fit(&p)
	}
	if o.given["latency-time"] && len(p.Latency) == 0 {
		return plan.Plan{}, "", 0, exit.Usagef("run: -latency-time without latency cells; want -latency, as in -latency 70")
	}
	o.apply(&p)
	if err := p.Validate(s.maps); err != nil {
		return plan.Plan{}, "", 0, exit.With(exit.Usage, err)
	}
	if name = preset.Name; o.axes.Given() {
		name = "custom"
	}
	return p, name, preset.Check, nil
}

// readPlan reads the plan in a file.
func (o *runFlags) readPlan(s *shell) (plan.Plan, error) {
	if f := o.firstGiven(append(planFlags, "preset")...); f != "" {
		return plan.Plan{}, exit.Usagef("run: %s beside -plan; want one of them, because a plan says all that is measured", f)
	}
	text, err := os.ReadFile(o.planFile)
	if err != nil {
		return plan.Plan{}, fmt.Errorf("cannot read the plan: %w", err)
	}
	p, err := plan.Parse(o.planFile, plan.OfManifest(text))
	if err != nil {
		return plan.Plan{}, err
	}
	return p, p.Validate(s.maps)
}

// placed turns -place into what -pin and -pin-workers say.
func (o *runFlags) placed() error {
	switch {
	case o.place == "":
		return nil
	case o.given["pin"] || o.pinWorkers:
		return exit.Usagef("run: -place beside -pin or -pin-workers; want one of them, because -place binds each worker to a processor")
	}
	machine, err := topology.ReadThis()
	if err != nil {
		return fmt.Errorf("cannot place workers: %w", err)
	}
	order, err := machine.Place(o.place)
	if err != nil {
		return exit.With(exit.Usage, fmt.Errorf("run: place: %w", err))
	}
	o.pin, o.pinWorkers = pin.Format(topology.IDs(order)), true
	return nil
}

// perProcessor is the largest number of goroutines for each processor. With more of them, a block
// takes longer to start than to measure.
const perProcessor = 1024

// consistent refuses flags that need another flag, which is missing.
func (o *runFlags) consistent() error {
	if f := o.firstGiven("format", "skip-malformed", "steps"); f != "" && !o.given["trace"] {
		return exit.Usagef("run: %s without -trace; want -trace, as in -trace defs", f)
	}
	if f := o.firstGiven("readers", "writers"); f != "" && o.given["mix"] && !slices.ContainsFunc(o.axes.Mix, hasRoles) {
		return exit.Usagef("run: %s without the mix %s; want it among -mix, or no -mix", f, plan.RolesMix)
	}
	if o.given["g"] && o.given["mix"] && !slices.ContainsFunc(o.axes.Mix, func(mix string) bool { return !hasRoles(mix) }) {
		return exit.Usagef("run: -g does not apply to -mix %s, whose goroutines only read or only write; want -readers and -writers", strings.Join(o.axes.Mix, ","))
	}
	if most := runtime.NumCPU(); len(o.axes.Procs) > 0 && slices.Max(o.axes.Procs) > most {
		return exit.Usagef("run: -procs %d; want at most %d, because this machine has no more processors", slices.Max(o.axes.Procs), most)
	}
	for _, axis := range [][]int{o.axes.G, o.axes.Readers, o.axes.Writers} {
		if most := perProcessor * runtime.NumCPU(); len(axis) > 0 && slices.Max(axis) > most {
			return exit.Usagef("run: %d goroutines; want at most %d, %d for each processor of this machine", slices.Max(axis), most, perProcessor)
		}
	}
	if o.given["target-ci"] && o.target == 0 {
		return exit.Usagef("run: target-ci is 0%%, and no interval is that narrow; want more, as in 2%%")
	}
	return nil
}

// apply sets the fields of p that flags set, apart from its cells.
func (o *runFlags) apply(p *plan.Plan) {
	p.Seed, p.Pin, p.PinWorkers, p.TargetCI, p.Max = o.seed, o.pin, o.pinWorkers, o.target, o.max
	if o.prefill != plan.ByOne {
		p.Prefill = o.prefill
	}
	switch {
	case o.given["reps"]:
		p.Blocks, p.LatencyBlocks = o.reps, 0
	case o.links > 1, o.forks > 1: // processes are repetitions too
		p.Blocks, p.LatencyBlocks = min(p.Blocks, stat.MinSamples), 0
	}
	switch {
	case o.given["extra"]:
		p.Extra = o.extra
	case o.given["reps"], o.links > 1, o.forks > 1, o.target > 0:
		p.Extra = 0
	}
	if o.given["time"] {
		p.Time = o.time
	}
	switch {
	case o.given["slice"]:
		p.Slice = o.slice
	case p.Slice > p.Time:
		if p.Slice = p.Time; p.Slice < plan.MinSlice {
			p.Slice = 0
		}
	}
	if o.given["latency-time"] {
		p.LatencyTime = o.latency
	}
	if o.links > 1 {
		p.Links = o.links
	}
	if o.forks > 1 {
		p.Forks = o.forks
	}
}
