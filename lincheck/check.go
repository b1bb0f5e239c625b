package lincheck

import (
	"fmt"
	"math"
	"runtime"
	"strings"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/baselines/kv/kvtest"
	"doublebuf/lincheck/drive"
	"doublebuf/lincheck/history"
	"doublebuf/lincheck/judge"
)

// Options says how thoroughly to check and where to leave evidence. The zero value records 100
// histories of each kind, but no more after a second, runs the battery once, and leaves no files.
// The limit of 100 ends the check of most maps. The second ends the check of slow ones.
type Options struct {
	Seed uint64 // for all random choices; the same seed draws the same operations
	// Histories is the number of histories of each kind that the level calls for; 0 = 100.
	Histories int
	// Time is when to stop recording histories, after at least one of each kind; 0 = a second.
	// The battery runs once for every hundred histories, until it has taken that time too. With
	// less than a quarter of a second it lets maps grow to 4,096 entries only, and is shorter. A
	// map that is known to be broken gets up to twenty times the Histories and the Time. So does
	// a property that the level does not promise.
	Time time.Duration
	// By limits the check to what this judge judges; "" = all. With a limit Check does not test the
	// next stronger level.
	By Judge
	// Dir is an existing folder for Illegal histories and their pictures; "" = save none.
	Dir string
	// Designs says to save also the histories that show what the level does not promise.
	Designs bool
}

// Judge names what judges a map's answers.
type Judge string

// The judges.
const (
	ByStamps  Judge = "stamps"  // the linear-time checkers C0 to C6, for stamped guards
	BySearch  Judge = "search"  // the search for an order of effects, for all other histories
	ByBattery Judge = "battery" // the tests of package kvtest
)

// judges reports whether j judges histories with the claim c.
func (j Judge) judges(c history.Claim) bool {
	return j == "" || j == ByStamps && c.Stamped() || j == BySearch && !c.Stamped()
}

// Check records histories of e in this process and judges them by the level that e declares. It
// also runs the battery of package kvtest, which uses every constructor and capability of e. It
// stops at the first test that fails, and at the first Illegal history, which it reduces and
// saves. Otherwise it then tests, by directed schedules, that the map does not also keep the next
// stronger level; a map that does is Illegal under its level. An entry of level None is Ok,
// because it promises nothing. An invalid entry is Illegal. Check blocks until it has a verdict.
// It crashes or hangs if the map does, see [Supervise].
func Check(e kv.Entry, o Options) Verdict {
	if o.Histories == 0 {
		o.Histories = 100
	}
	if o.Time == 0 {
		o.Time = time.Second
	}
	if e.Broken {
		o = o.patient()
	}
	v := drive.NewVerdict(e)
	if err := e.Validate(); err != nil {
		v.Outcome, v.Checker, v.Reason = Illegal, "entry", err.Error()
		return v
	}
	if why := missingCapability(e); why != "" {
		v.Outcome, v.Checker, v.Reason = Illegal, "capabilities", why
		return v
	}
	if e.Level == kv.None {
		v.Outcome, v.Reason = Ok, "it declares no level, so nothing was checked"
		return v
	}
	c := checking{o: o, e: e, level: levelOf(e), v: v}
	c.v.Outcome = Ok
	for more := true; more && c.v.Outcome != Illegal; {
		if more = c.histories(); c.v.Outcome != Illegal {
			c.battery()
		}
	}
	if c.v.Outcome != Illegal && !e.Broken && o.By == "" {
		c.exceeds()
	}
	if c.v.Outcome != Illegal {
		c.v.NotLookedAt = c.unseen()
	}
	return c.v
}

// checking is a check under way.
type checking struct {
	o     Options
	e     kv.Entry
	level level
	v     Verdict

	recording, testing time.Duration // how long it has recorded histories, and run the battery
	batteries          uint64        // so often it has begun the battery
	tests              []kvtest.Test // those of the battery that are left
	grown              []kvtest.Growth
}

// histories records histories of a hundred more seeds, or until the time is over, and judges them.
// It stops at an Illegal one. It reports whether any are left.
func (c *checking) histories() (more bool) {
	const some = 100
	if c.o.By == ByBattery {
		c.v.Counts.Seeds += min(some, c.o.Histories-c.v.Counts.Seeds)
		return c.v.Counts.Seeds < c.o.Histories && c.testing < c.o.Time
	}
	before, start := c.recording, time.Now()
	for n := 1; ; n++ {
		c.v.Counts.Seeds++
		if c.oneOfEach(c.v.Counts.Seeds - 1); c.v.Outcome == Illegal {
			return false
		}
		c.recording = before + time.Since(start)
		if more = c.v.Counts.Seeds < c.o.Histories && c.recording < c.o.Time; !more || n == some {
			return more
		}
	}
}

// oneOfEach records the histories that are due under the i-th seed, and judges them.
func (c *checking) oneOfEach(i int) {
	for _, d := range c.level.implies {
		if !d.Due(i) || !c.o.By.judges(d.Claim) {
			continue
		}
		h := d.Record(c.e, c.o.Seed+uint64(i))
		one := judge.History(h)
		c.v.AddProperties(propertiesOf(d, c.e), one)
		if take(&c.v, one, h, c.o.Dir); c.v.Outcome == Illegal {
			return
		}
	}
}

// batteryLimit is how long one run of the battery takes at most, if Options.Time is not longer. Few
// maps need as long.
const batteryLimit = 3 * time.Second

// batteryPace is how much the battery does. A map with 2^18 entries shows a fault that strikes if
// two keys have the same hash of 32 bits. Swaps that are not atomic need some time to show it.
var batteryPace = kvtest.Pace{Race: 60 * time.Millisecond, Swap: 120 * time.Millisecond, Grow: 250 * time.Millisecond, Most: 1 << 18}

// hurry is the Options.Time below which the battery does as little as in a unit test: the check is
// one of many in a run that tries out everything once.
const hurry = 250 * time.Millisecond

// battery runs the battery, with another seed each time, unless it has taken all of its time. It
// stops at the first test that fails. If the map is slow it stops at a limit, and the next call
// continues.
func (c *checking) battery() {
	if c.o.By != "" && c.o.By != ByBattery || c.batteries > 0 && c.testing >= c.o.Time {
		return
	}
	if runtime.NumGoroutine() > 1000+10*c.v.Counts.Histories {
		return // the map leaks goroutines, which is found at the end; the battery would fill the memory
	}
	before, start := c.testing, time.Now()
	if len(c.tests) == 0 {
		pace := batteryPace
		if c.o.Time < hurry {
			pace = kvtest.Quick
		}
		pace.Grown = func(g kvtest.Growth) { c.grown = append(c.grown, g) }
		c.tests = kvtest.Battery(c.e, pace)
		c.batteries++
	}
	for ; len(c.tests) > 0 && time.Since(start) < max(batteryLimit, 4*c.o.Time); c.tests = c.tests[1:] {
		c.v.Counts.Tests++
		if c.test(c.tests[0], c.o.Seed+c.batteries-1); c.v.Outcome == Illegal {
			return
		}
	}
	c.testing = before + time.Since(start)
}

// test runs a test of the battery.
func (c *checking) test(t kvtest.Test, seed uint64) {
	err := t.Judge(seed)
	if err == nil {
		return
	}
	reason, more, _ := strings.Cut(err.Error(), "\n")
	c.v.Outcome, c.v.Checker, c.v.Reason, c.v.Seed = Illegal, string(ByBattery), t.Name+": "+reason, seed
	c.v.Evidence = judge.Evidence{Judge: fmt.Sprintf("runbench check -by %s -impl %s -seed %d", ByBattery, c.e.Name, seed)}
	drive.KeepOutput(&c.v, more, c.o.Dir)
}

// unseen returns what the check has not looked at.
func (c *checking) unseen() []string {
	if c.o.By != "" && c.o.By != ByBattery {
		return nil
	}
	names := append(kvtest.Lacks(c.e), notGrown(c.grown)...)
	if c.batteries == 1 && len(c.tests) > 0 {
		names = append(names, fmt.Sprintf("%d tests from %s on (too slow)", len(c.tests), c.tests[0].Name))
	}
	return names
}

// exceeds tests that the map does not have what its level does not promise.
func (c *checking) exceeds() {
	for _, d := range c.level.exceeds {
		f := exceed(d, c.e, c.o.patient())
		c.v.Properties = append(c.v.Properties, f)
		if f.Outcome != Illegal && c.v.Outcome == Ok {
			c.v.Outcome, c.v.Checker, c.v.Reason = Illegal, "level", f.Reason
		}
	}
}

// exceed plays d until a history breaks the property that the level of e does not promise.
func exceed(d drive.Driver, e kv.Entry, o Options) judge.PropertyResult {
	f := judge.PropertyResult{Property: d.Shows, ByDesign: true, Outcome: Ok}
	if !o.Designs {
		o.Dir = ""
	}
	start, n := time.Now(), 0
	for ; n < o.Histories && (n == 0 || time.Since(start) < o.Time); n++ {
		h := d.Record(e, o.Seed+uint64(n))
		if one := judge.History(h); one.Outcome == Illegal {
			f.Outcome = Illegal
			f.Reason, f.Evidence = judge.Save(judge.Reduce(h), o.Dir)
			return f
		}
	}
	f.Reason = fmt.Sprintf("its level is %s, but none of %d directed histories shows that it is not %s", e.Level, n, d.Shows)
	return f
}

// patient returns o for a check that must fail: twenty times as much, but no more than ten seconds.
// A map that fails at once takes no longer; a map that seldom fails on this machine gets more time.
func (o Options) patient() Options {
	const times, most = 20, 10 * time.Second
	o.Time = min(times*o.Time, max(most, o.Time))
	if o.Histories < math.MaxInt/times {
		o.Histories *= times
	}
	return o
}

// take adds the verdict one on h to the verdict v on the map. It saves the first Unknown, and an
// Illegal, in dir.
func take(v *Verdict, one Verdict, h *history.History, dir string) {
	v.Counts.Add(one.Counts)
	if one.Outcome == Ok || one.Outcome == v.Outcome {
		return
	}
	v.Outcome, v.Checker, v.Reason, v.Seed = one.Outcome, one.Checker, one.Reason, one.Seed
	if one.Outcome == Illegal {
		v.Reason, v.Evidence = judge.Save(judge.Reduce(h), dir)
		return
	}
	h.Verdict, h.Checker, h.Note = one.Outcome, one.Checker, one.Reason
	v.Reason, v.Evidence = judge.Save(h, dir)
}

// missingCapability returns which declared capability of e its handles do not have, or "".
func missingCapability(e kv.Entry) string {
	m := e.Uint64(0)
	defer kv.Close(m)
	h := kv.Open(m)
	if drive.NeedsHandles(m) {
		defer kv.Close(h)
	}
	if _, ok := h.(kv.Versioned[uint64, uint64]); e.Caps.Has(kv.Versions) && !ok {
		return "it declares Versions, but its handles do not implement kv.Versioned"
	}
	if _, ok := h.(kv.Ranger[uint64, uint64]); e.Caps.Has(kv.Range) && !ok {
		return "it declares Range, but its handles do not implement kv.Ranger"
	}
	if _, ok := h.(kv.Swapper[uint64, uint64]); e.Caps.Has(kv.Swaps) && !ok {
		return "it declares Swaps, but its handles do not implement kv.Swapper"
	}
	if _, ok := h.(kv.Clearer); e.Caps.Has(kv.Clears) && !ok {
		return "it declares Clears, but its handles do not implement kv.Clearer"
	}
	if _, ok := h.(kv.Retainer[uint64, uint64]); e.Caps.Has(kv.Retains) && !ok {
		return "it declares Retains, but its handles do not implement kv.Retainer"
	}
	_, publishes := h.(kv.Publisher)
	if !publishes && (e.Level == kv.Atomic || e.Level == kv.PerHandle) {
		return fmt.Sprintf("it declares the level %s, which needs publishes, but its handles do not implement kv.Publisher", e.Level)
	}
	return ""
}
