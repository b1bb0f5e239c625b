package lincheck

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"doublebuf/baselines/kv"
)

// Options says how thoroughly to check and where to leave evidence. The zero value is
// a check of well under a second that leaves nothing.
type Options struct {
	Seed uint64 // of everything random; the same seed draws the same operations
	// Histories is how many are recorded of each kind that the level calls for; 0 = 100.
	Histories int
	// Time is when to stop recording further ones, at least one of each kind apart;
	// 0 = a second. A map that is known to be broken gets up to twenty times both.
	Time time.Duration
	// Dir is an existing folder for illegal histories and their pictures; "" = none.
	Dir string
}

// Check records histories of e in this process and judges them by its declared level.
// It stops at the first Illegal, reduces that history and saves it. It blocks until
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
	v := about(e)
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
	start := time.Now()
	for i := 0; i < o.Histories && (i == 0 || time.Since(start) < o.Time); i++ {
		for _, d := range drivers(e) {
			if i%d.every != 0 {
				continue
			}
			h := d.record(e, o.Seed+uint64(i))
			if v.take(h.judge(judgeLimit)); v.Outcome == Illegal {
				v.show(reduce(h), o.Dir)
				return v
			}
		}
	}
	return v
}

// patient returns o for a map that is known to be broken: twenty times as much, but no more
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

// take adds the verdict on one history to that on the map.
func (v *Verdict) take(one Verdict) {
	v.Counts.add(one.Counts)
	if one.Outcome != Ok {
		v.Outcome, v.Checker, v.Reason, v.Seed = one.Outcome, one.Checker, one.Reason, one.Seed
	}
}

// show says what h, the reduced history, shows, and leaves it in dir with its picture.
func (v *Verdict) show(h *History, dir string) {
	v.Reason = h.Note
	if dir == "" {
		return
	}
	path := filepath.Join(dir, fmt.Sprintf("%s-%s-%d", v.Map, v.Checker, v.Seed))
	if err := writeHistory(h, path+".jsonl"); err != nil {
		v.Reason += "; the history is lost: " + err.Error()
		return
	}
	v.Evidence.History = path + ".jsonl"
	v.Evidence.Judge = "runbench check -history " + path + ".jsonl"
	if h.Claim.stamped() {
		return
	}
	if err := draw(h, path+".html", judgeLimit); err != nil {
		v.Reason += "; there is no picture: " + err.Error()
		return
	}
	v.Evidence.Picture = path + ".html"
}

func writeHistory(h *History, path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := h.Write(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// unlikeCaps tells which capability e declares that its handles do not have, or "".
func unlikeCaps(e kv.Entry) string {
	m := e.Uint64(0)
	defer kv.Close(m)
	h := kv.Open(m)
	if needsHandles(m) {
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
