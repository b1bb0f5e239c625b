package lincheck

import (
	"fmt"
	"math"
	"time"

	"doublebuf/baselines/kv"
	"doublebuf/lincheck/drive"
	"doublebuf/lincheck/history"
	"doublebuf/lincheck/judge"
)

// Options says how thoroughly to check and where to leave evidence. The zero value records 100
// histories of each kind, but no more after a second, and leaves no files. The limit of 100 ends
// the check of most maps. The second ends the check of slow ones.
type Options struct {
	Seed uint64 // for all random choices; the same seed draws the same operations
	// Histories is the number of histories of each kind that the level calls for; 0 = 100.
	Histories int
	// Time is when to stop recording histories, after at least one of each kind; 0 = a second. A
	// map that is known to be broken gets up to twenty times the Histories and the Time. So does a
	// property that the level does not promise.
	Time time.Duration
	// By limits the check to the histories that this judge judges; "" = all. With a limit Check
	// does not test the next stronger level.
	By Judge
	// Dir is an existing folder for Illegal histories and their pictures; "" = save none.
	Dir string
	// Designs says to save also the histories that show what the level does not promise.
	Designs bool
}

// Judge names a part of package judge that judges histories.
type Judge string

// The judges.
const (
	ByStamps    Judge = "stamps"    // the linear-time checkers C0 to C6, for stamped guards
	ByPorcupine Judge = "porcupine" // the search for an order of effects, for all other histories
)

// judges reports whether j judges histories with the claim c.
func (j Judge) judges(c history.Claim) bool { return j == "" || (j == ByStamps) == c.Stamped() }

// Check records histories of e in this process and judges them by the level that e declares. It
// stops at the first Illegal history, reduces it and saves it. Otherwise it then tests, by directed
// schedules, that the map does not also keep the next stronger level; a map that does is Illegal
// under its level. An entry of level None is Ok, because it promises nothing. An invalid entry is
// Illegal. Check blocks until it has a verdict. It crashes or hangs if the map does, see
// [Supervise].
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
	v.Outcome = Ok
	l := levelOf(e)
	start := time.Now()
	for i := 0; i < o.Histories && (i == 0 || time.Since(start) < o.Time); i++ {
		v.Counts.Seeds++
		for _, d := range l.implies {
			if !d.Due(i) || !o.By.judges(d.Claim) {
				continue
			}
			h := d.Record(e, o.Seed+uint64(i))
			one := judge.History(h)
			v.AddProperties(propertiesOf(d, e), one)
			if take(&v, one, h, o.Dir); v.Outcome == Illegal {
				return v
			}
		}
	}
	if e.Broken || o.By != "" {
		return v
	}
	for _, d := range l.exceeds {
		f := exceed(d, e, o.patient())
		v.Properties = append(v.Properties, f)
		if f.Outcome != Illegal && v.Outcome == Ok {
			v.Outcome, v.Checker, v.Reason = Illegal, "level", f.Reason
		}
	}
	return v
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
