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

// Options says how thoroughly to check and where to leave evidence. The zero value is
// a check of well under a second that leaves nothing.
type Options struct {
	Seed uint64 // of everything random; the same seed draws the same operations
	// Histories is how many are recorded of each kind that the level calls for; 0 = 100.
	Histories int
	// Time is when to stop recording further ones, at least one of each kind apart;
	// 0 = a second. A map that is known to be broken gets up to twenty times both, and so does
	// what a level does not promise.
	Time time.Duration
	// By leaves out histories that others judge than those named; "" = leave out none.
	// With it nothing is said of the next stronger level.
	By Judge
	// Dir is an existing folder for illegal histories and their pictures; "" = none.
	Dir string
	// Designs says to leave there, too, what shows that a level does not promise a property.
	Designs bool
}

// Judge is who judges a history.
type Judge string

const (
	ByStamps    Judge = "stamps"    // the linear-time checkers C0 to C6, of stamped guards
	ByPorcupine Judge = "porcupine" // all else
)

func (j Judge) judges(c history.Claim) bool { return j == "" || (j == ByStamps) == c.Stamped() }

// Check records histories of e in this process and judges them by its declared level.
// It stops at the first Illegal, reduces that history and saves it. Then it shows, by
// schedules directed at that, that the map has not the next stronger level too: else it is
// Illegal to declare this one. It blocks until
// it has a verdict; it crashes or hangs if the map does, see [Supervise]. An entry of
// level None is Ok, for it promised nothing; one that is not valid is Illegal.
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
	if why := unlikeCaps(e); why != "" {
		v.Outcome, v.Checker, v.Reason = Illegal, "capabilities", why
		return v
	}
	if e.Level == kv.None {
		v.Outcome, v.Reason = Ok, "it declares nothing, and nothing was checked"
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
			v.Note(propertiesOf(d, e), one)
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

// exceed plays d, whose schedule leaves what the level of e promises, until it is seen to.
func exceed(d drive.Driver, e kv.Entry, o Options) judge.Found {
	f := judge.Found{Property: d.Shows, ByDesign: true, Outcome: Ok}
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
	f.Reason = fmt.Sprintf("its level is %s, but in %d histories directed at that it was never seen to be other than %s", e.Level, n, d.Shows)
	return f
}

// patient returns o for what must fail: twenty times as much, but no more
// than ten seconds. What fails as it should takes none of it, and what breaks seldom on this
// machine gets its chance.
func (o Options) patient() Options {
	const times, most = 20, 10 * time.Second
	o.Time = min(times*o.Time, max(most, o.Time))
	if o.Histories < math.MaxInt/times {
		o.Histories *= times
	}
	return o
}

// take adds the verdict on h to that on the map. The first Unknown and an Illegal are kept in dir.
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

// unlikeCaps tells which capability e declares that its handles do not have, or "".
func unlikeCaps(e kv.Entry) string {
	m := e.Uint64(0)
	defer kv.Close(m)
	h := kv.Open(m)
	if drive.NeedsHandles(m) {
		defer kv.Close(h)
	}
	if _, ok := h.(kv.Versioned[uint64, uint64]); e.Caps.Has(kv.Versions) && !ok {
		return "it declares Versions, but its handles are no kv.Versioned"
	}
	if _, ok := h.(kv.Ranger[uint64, uint64]); e.Caps.Has(kv.Range) && !ok {
		return "it declares Range, but its handles are no kv.Ranger"
	}
	if _, ok := h.(kv.Swapper[uint64, uint64]); e.Caps.Has(kv.Swaps) && !ok {
		return "it declares Swaps, but its handles are no kv.Swapper"
	}
	if _, ok := h.(kv.Clearer); e.Caps.Has(kv.Clears) && !ok {
		return "it declares Clears, but its handles are no kv.Clearer"
	}
	if _, ok := h.(kv.Retainer[uint64, uint64]); e.Caps.Has(kv.Retains) && !ok {
		return "it declares Retains, but its handles are no kv.Retainer"
	}
	_, publishes := h.(kv.Publisher)
	if !publishes && (e.Level == kv.Atomic || e.Level == kv.PerHandle) {
		return fmt.Sprintf("it declares the level %s, which is about publishes, but its handles are no kv.Publisher", e.Level)
	}
	return ""
}
