package lincheck

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"doublebuf/baselines"
	"doublebuf/baselines/kv"
	"doublebuf/baselines/kv/kvtest"
	"doublebuf/lincheck/judge"
)

// registered returns the entry of the registry of that name.
func registered(t *testing.T, name string) kv.Entry {
	t.Helper()
	entries := baselines.All()
	i := slices.IndexFunc(entries, func(e kv.Entry) bool { return e.Name == name })
	if i < 0 {
		t.Fatalf("no map is named %s", name)
	}
	return entries[i]
}

// quickBattery lets the battery do little, in a test of something else.
func quickBattery(t *testing.T) {
	t.Helper()
	pace := batteryPace
	t.Cleanup(func() { batteryPace = pace })
	batteryPace = kvtest.Quick
}

// Real maps have exactly the properties of their levels, and fail those of the next stronger level.
func TestPropertiesOfLevels(t *testing.T) {
	quickBattery(t)
	for name, want := range map[string]string{
		"dbuf-epoch-b64":    "snapshot Ok, prefix Ok, monotonic Ok, real-time Ok, fresh Ok, lag Ok, progress Ok, eventual Ok, updates Ok, linearizable by design",
		"dbuf-epoch-b1":     "snapshot Ok, prefix Ok, monotonic Ok, real-time Ok, fresh Ok, lag Ok, progress Ok, linearizable Ok",
		"dbuf-refcount-b64": "snapshot Ok, prefix Ok, monotonic Ok, real-time by design, fresh Ok, lag Ok, progress Ok, eventual Ok, updates Ok, linearizable by design",
		"dbuf-refcount-b1":  "snapshot Ok, prefix Ok, monotonic Ok, real-time by design, fresh Ok, lag Ok, progress Ok, eventual Ok, updates Ok, linearizable by design",
		"dbuf-maxwait-b64":  "snapshot Ok, prefix Ok, monotonic Ok, real-time Ok, fresh Ok, progress Ok, eventual Ok, updates Ok, linearizable by design",
		"syncmap":           "linearizable Ok",
	} {
		// Few histories, but enough time for the schedules that must fail on a busy machine.
		v := Check(registered(t, name), Options{Seed: 1, Histories: 20, Time: 5 * time.Minute})
		var got []string
		for _, p := range Properties() {
			if f, ok := v.Property(p.Name); ok {
				got = append(got, p.Name+" "+f.String())
			}
		}
		if strings.Join(got, ", ") != want || v.Outcome != Ok {
			t.Errorf("%s: %v\ngot  %s\nwant %s", name, v, strings.Join(got, ", "), want)
		}
	}
}

// Check finds an entry that declares less than its map keeps, and one that declares more, by the
// same directed schedule.
func TestLevelsThatAreNotTheMaps(t *testing.T) {
	quickBattery(t)
	low := registered(t, "dbuf-epoch-b64")
	low.Level = kv.PerHandle
	high := registered(t, "dbuf-refcount-b64")
	high.Level = kv.Atomic
	// The other schedules sometimes find it too.
	for _, test := range []struct {
		entry    kv.Entry
		time     time.Duration
		checkers []string
	}{
		{low, 10 * time.Millisecond, []string{"level"}},
		{high, 5 * time.Minute, []string{"C3", "eventual"}},
	} {
		v := Check(test.entry, Options{Seed: 1, Histories: 5000, Time: test.time})
		if v.Outcome != Illegal || !slices.Contains(test.checkers, v.Checker) || v.AsExpected() {
			t.Errorf("%s: %v; want Illegal by %v", test.entry.Name, v, test.checkers)
		}
	}
}

// A few operations and a picture show what a level does not promise. Judging them again gives the
// same verdict.
func TestByDesignIsShown(t *testing.T) {
	quickBattery(t)
	v := Check(registered(t, "dbuf-refcount-b64"), Options{Seed: 1, Histories: 20, Time: 5 * time.Minute, Dir: t.TempDir(), Designs: true})
	for name, most := range map[string]int{"real-time": 2, "linearizable": 2} {
		f, _ := v.Property(name)
		if !f.ByDesign || f.Outcome != Illegal {
			t.Fatalf("%s: %+v", name, f)
		}
		h := readHistory(t, f.Evidence.History)
		again := judge.History(h)
		if again.Outcome != Illegal || again.Reason != f.Reason {
			t.Errorf("%s: judged again: %v; want %s", name, again, f.Reason)
		}
		if n := len(h.Guards); h.Claim.Stamped() && n != most || !h.Claim.Stamped() && len(h.Calls) != most {
			t.Errorf("%s: %d calls and %d guards show it; want %d of one kind", name, len(h.Calls), len(h.Guards), most)
		}
		if n := len(h.Calls); n > 3 {
			t.Errorf("%s: %d calls beside the guards; want no more than the publishes that these see", name, n)
		}
		page, err := os.ReadFile(f.Evidence.Picture)
		if err != nil || !bytes.Contains(page, []byte("broken law")) {
			t.Errorf("%s: the picture %s does not name the law (%v)", name, f.Evidence.Picture, err)
		}
	}
}
