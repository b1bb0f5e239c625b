package app

import (
	"cmp"
	"flag"
	"time"

	"doublebuf/cmd/runbench/internal/plan"
)

// exploration holds the flags of the command explore.
type exploration struct {
	strategy                   string
	program                    string
	readers, guards, publishes int
	chained                    bool
	preemptions                int
	oneWait, tso               bool
	limit                      time.Duration
	replay                     string
	format                     *format
}

func exploreCommand() command {
	return command{
		name:  "explore",
		args:  "[flags]",
		short: "run a strategy in the orders of its atomic operations",
		long: `
Runs the real code of a strategy under the explorer's own scheduler. Readers open and close guards,
and a writer publishes. The explorer runs every order of their atomic operations that can matter. It
runs fewer if -preemptions bounds the search, or if -time ends it. A failure is printed step by
step, with the schedule that replays it. The command needs a build with the explorer:

  go build -tags explore -o runbench ./cmd/runbench`,
		examples: `  runbench explore -strategy epoch -readers 2 -guards 2 -publishes 3
  runbench explore -preemptions 2 -readers 3 -chained
  runbench explore -program "nested guards" -replay sc:A7B12A3
`,
		setup: func(s *shell, fs *flag.FlagSet) func([]string) error {
			var x exploration
			fs.StringVar(&x.strategy, "strategy", "epoch", "`name` of the strategy")
			fs.StringVar(&x.program, "program", "", "explore the program over the whole map of this `name`, instead of readers and guards")
			fs.IntVar(&x.readers, "readers", 2, "`number` of readers")
			fs.IntVar(&x.guards, "guards", 2, "`number` of guards that each reader opens")
			fs.IntVar(&x.publishes, "publishes", 3, "`number` of publishes")
			fs.BoolVar(&x.chained, "chained", false, "a reader opens its next guard before it closes the last")
			fs.IntVar(&x.preemptions, "preemptions", -1, "explore executions with at most this `number` of preemptions; -1 is all executions")
			fs.BoolVar(&x.oneWait, "wait", false, "let the writer's wait be one step, without its flag, sleep and wake-up")
			fs.BoolVar(&x.tso, "tso", false, "model the store buffers of x86 for plain words")
			var limit plan.Duration
			fs.TextVar(&limit, "time", plan.Duration(5*time.Minute), "longest `time` to search")
			fs.StringVar(&x.replay, "replay", "", "run one `schedule`, as a failure printed it, and trace it")
			x.format = formatFlags(fs)
			return func(args []string) error {
				if err := cmp.Or(noArgs(fs, args), x.format.check(fs)); err != nil {
					return err
				}
				x.limit = time.Duration(limit)
				return s.explore(x)
			}
		},
	}
}
