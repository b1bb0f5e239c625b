package run

import (
	"strings"
	"testing"
	"time"

	controls "doublebuf/baselines/faulty"
	"doublebuf/baselines/kv"
	"doublebuf/cmd/runbench/internal/plan"
	"doublebuf/workloads"
)

// TestOneVersion judges reads of three keys beside one worker, which sets the keys 0, 1, 2, 0, 1, 2
// and so on.
func TestOneVersion(t *testing.T) {
	set := workloads.Uint64Keys(3, 1)
	tape := &workloads.Tape[uint64]{Index: []uint32{0, 1, 2}}
	for _, i := range tape.Index {
		tape.Lookups, tape.Keys = append(tape.Lookups, set.Keys[i]), append(tape.Keys, set.Keys[i])
	}
	script := workloads.Script[uint64]{Tape: tape, Kinds: []workloads.Kind{workloads.Set}, Holds: func(int) bool { return true }}
	c := &cell[uint64]{
		keys: set.Keys, lookups: set.Lookups, script: script, fate: fateOf(script, 3), mix: workloads.Mix{KeysPerRead: 3},
		entry: kv.Entry{Level: kv.Linearizable, Caps: kv.Snapshot}, job: plan.Job{},
	}
	c.job.ID.Readers, c.job.ID.Writers = 1, 1
	const none, old = -1, -2 // nothing is found; the value from the start
	for _, test := range []struct {
		steps [3]int64 // of the writer, that the answers show
		mixed bool
	}{
		{[3]int64{old, old, old}, false},
		{[3]int64{0, old, old}, false},
		{[3]int64{0, 1, old}, false},
		{[3]int64{6, 4, 5}, false},
		{[3]int64{3, 4, 2}, false},
		{[3]int64{none, 4, 5}, false},
		{[3]int64{3, 4, none}, false},
		{[3]int64{0, old, 2}, true},
		{[3]int64{old, 1, old}, true},
		{[3]int64{3, 1, 5}, true},
		{[3]int64{600, 4, 599}, true},
		{[3]int64{0, 4, none}, true},
	} {
		f := c.newFacts()
		f.streams[1], f.writers[1] = c.stream(0, 1), true
		j := newJudge(f, 0)
		j.audits = true
		m := c.many(answers{}, 0, 2)
		m.batch = answers{func(i int) (uint64, bool) {
			switch step := test.steps[i]; step {
			case none:
				return 0, false
			case old:
				return prefilled(i), true
			default:
				return f.value(1, step, uint32(i)), true
			}
		}}
		m.judged(j)
		if wrong := strings.Contains(strings.Join(j.first, "\n"), "mixes versions"); wrong != test.mixed {
			t.Errorf("steps %v: %v %q; want mixed versions: %v", test.steps, wrong, j.first, test.mixed)
		}
	}
}

// answers is a map that answers a read of three keys.
type answers struct {
	of func(i int) (uint64, bool)
}

func (a answers) Get(uint64) (uint64, bool) { return 0, false }
func (a answers) Set(uint64, uint64)        {}
func (a answers) Delete(uint64)             {}
func (a answers) GetMany(keys, values []uint64, found []bool) {
	for i := range keys {
		values[i], found[i] = a.of(i)
	}
}

// TestJudgesFindManyGuards: the control whose GetMany opens a guard for each key is found as soon
// as a publish falls into a read.
func TestJudgesFindManyGuards(t *testing.T) {
	id := plan.Cell{Impl: "control-many-guards", Mix: "version100-roles", Dist: "uniform", KeyType: "uint64", Keys: 200, Readers: 1, Writers: 1}
	p := plan.Plan{Blocks: 1, Time: plan.Duration(20 * time.Millisecond), Procs: 2, Cells: []plan.Cell{id}}
	for p.Seed = 1; p.Seed <= 50; p.Seed++ {
		if c := measured(t, p, controls.Entries()...)[0]; strings.Contains(c.Fault, "mixes versions") {
			return
		}
	}
	t.Error("no read was found to mix versions")
}
