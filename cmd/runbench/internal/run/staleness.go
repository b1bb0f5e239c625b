package run

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"doublebuf/baselines/kv"
	"doublebuf/results"
	"doublebuf/workloads"
)

// maxStaleWrites bounds the number of writes of a staleness cell, because memory for all of them is
// prepared. The cell ends at that number if its time has not ended it before.
const maxStaleWrites = 1 << 22

// clock numbers the writes of a staleness cell. The first ones fill the map, one for each key. The
// value of a write is its number, with the tag of its key.
type clock struct {
	// ended holds, for each write but the first ones, when it was complete. It is stored before
	// next of the write before it, so a reader that finds a number there may read it.
	ended []time.Duration
	// next holds, for each write, the number of the next write of the same key, as soon as that
	// one is complete: the Set of the map has returned, and so has the publish that its policy
	// prescribes. It is 0 if there is none.
	next []atomic.Uint32
	_    [64]byte
	// completed is the number of the last complete write. It is stored after next, so next covers
	// every write up to the number that a reader has loaded.
	completed atomic.Uint32
	// due is the number of the last write that every read that is called now must reflect: of the
	// last publish, or the last complete write if the map is linearizable. It is stored after
	// completed.
	due atomic.Uint32
	_   [56]byte

	since func(began time.Time) time.Duration // time.Since, but in tests
}

// newClock returns the clock of a cell on a map with keys keys, after the writes that filled it.
// There may be writes more writes.
func newClock(keys, writes int) *clock {
	c := &clock{next: make([]atomic.Uint32, keys+writes+1), ended: make([]time.Duration, keys+writes+1), since: time.Since}
	c.completed.Store(uint32(keys))
	c.due.Store(uint32(keys))
	return c
}

// missed returns the oldest of the first writes, as many as the number says, that a read of its
// key does not reflect; 0 if there is none. These writes were complete when the read was called,
// and v is the write whose value it returned.
func (c *clock) missed(writes, v uint32) uint32 {
	next := c.next[v].Load()
	if next > writes {
		return 0
	}
	return next
}

// number returns the number of the write that set what a lookup of the key at a position found,
// or 0 if no write can have set it there.
func (c *clock) number(index uint32, f found) uint32 {
	number := f.value & (1<<tagShift - 1)
	if !f.ok || f.value != number|tagOf(index) || number >= uint64(len(c.next)) {
		return 0
	}
	return uint32(number)
}

// describe says in words what a lookup of the key at a position found.
func (c *clock) describe(index uint32, f found) string {
	switch number := c.number(index, f); {
	case !f.ok:
		return "nothing"
	case number == 0:
		return fmt.Sprintf("the value %#x, which no write stored there", f.value)
	default:
		return fmt.Sprintf("the value of write %d", number)
	}
}

// staleReads holds the staleness of reads, to three digits. That of a read that reflects
// everything is 0. Otherwise it has two values. In operations, it is the number of writes from
// the oldest write of its key that it does not reflect up to the last one that was complete when
// it was called. In nanoseconds, it is the time since that oldest write was complete.
type staleReads struct {
	ops, ages      *hdrhistogram.Histogram
	opsSum, ageSum int64
	stale          int64 // reads with any
}

func (c *clock) newStaleReads() staleReads {
	return staleReads{ops: hdrhistogram.New(1, int64(len(c.next)), 3), ages: hdrhistogram.New(1, int64(time.Hour), 3)}
}

func (r *staleReads) record(ops int64, age time.Duration) {
	_ = r.ops.RecordValue(ops) // Both are in the range.
	_ = r.ages.RecordValue(int64(min(age, time.Hour)))
	r.opsSum += ops
	r.ageSum += int64(age)
	if ops > 0 {
		r.stale++
	}
}

func (r *staleReads) add(other staleReads) {
	r.ops.Merge(other.ops)
	r.ages.Merge(other.ages)
	r.opsSum += other.opsSum
	r.ageSum += other.ageSum
	r.stale += other.stale
}

// staleness measures how stale reads are.
func (c *cell[K]) staleness() results.Cell {
	id, keys := c.job.ID, len(c.keys)
	all := id.Goroutines()
	always := func(int) bool { return true }
	s := c.subject(all, always, func(i int) uint64 { return tagOf(uint32(i)) | (uint64(i) + 1) })
	if s == nil {
		return results.Cell{}
	}
	clk := newClock(keys, maxStaleWrites)
	w := newStaleWriter(clk, s.handles[0], c.stream(0, all), keys)
	w.publisher = newPublisher(w.handle, c.entry.Policy)
	w.atOnce = c.entry.Level == kv.Linearizable && c.entry.Policy == kv.Policy{}
	bodies := []body{w.write}
	var readers []*staleReader[K]
	for i := 1; i < all; i++ {
		r := newStaleReader(clk, s.handles[i], c.stream(i, all))
		readers = append(readers, r)
		bodies = append(bodies, r.read)
	}
	spans, _ := atOnce(c.time, c.cpus, bodies)
	out := c.fill(w, readers, wall(spans).seconds())
	c.mark(checking, time.Duration(keys)*perKey)
	kv.Publish(w.handle)
	final, _ := c.content(w.handle)
	if lost := w.lost(final); out.Fault == "" {
		out.Fault = lost
	}
	out.Metrics[results.Judged] += float64(len(final))
	if c.entry.Level == kv.None { // there is nothing to judge it by
		out.Fault = ""
	}
	s.close()
	return out
}

// fill makes a cell of what the readers saw.
func (c *cell[K]) fill(w *staleWriter[K], readers []*staleReader[K], seconds float64) results.Cell {
	seen := w.clock.newStaleReads()
	out := cellOf(c.job)
	wrong, first := int64(0), ""
	for _, r := range readers {
		seen.add(r.seen)
		if wrong += r.wrong; first == "" {
			first = r.first
		}
	}
	if wrong > 0 {
		out.Fault = fmt.Sprintf("wrong answers: %d of %d; the first: %s", wrong, seen.ops.TotalCount(), first)
	}
	reads, writes := seen.ops.TotalCount(), int64(w.clock.completed.Load())-int64(len(w.last))
	out.Ops = reads + writes
	out.Metrics = map[string]float64{
		results.StaleMean:    float64(seen.opsSum) / float64(reads),
		results.StaleMeanAge: float64(seen.ageSum) / float64(reads) / 1e9,
		results.StaleShare:   float64(seen.stale) / float64(reads),
		results.ReadsPerSec:  float64(reads) / seconds,
		results.WritesPerSec: float64(writes) / seconds,
		results.Judged:       float64(reads),
	}
	for _, q := range results.StaleQuantiles {
		out.Metrics[results.StaleOps(q)] = float64(seen.ops.ValueAtQuantile(q))
		out.Metrics[results.StaleAge(q)] = float64(seen.ages.ValueAtQuantile(q)) / 1e9
	}
	if n := w.publisher.count; n > 0 {
		out.Metrics[results.PublishesPerSec] = float64(n) / seconds
	}
	return out
}

// staleWriter is the writer of a staleness cell.
type staleWriter[K comparable] struct {
	clock     *clock
	handle    kv.Map[K, uint64]
	publisher publisher
	stream    *workloads.Stream[K]
	last      []uint32 // of each key, the number of its last write
	atOnce    bool     // a read reflects every complete write, published or not
}

func newStaleWriter[K comparable](clk *clock, h kv.Map[K, uint64], stream *workloads.Stream[K], keys int) *staleWriter[K] {
	w := &staleWriter[K]{clock: clk, handle: h, stream: stream, last: make([]uint32, keys)}
	for i := range w.last {
		w.last[i] = uint32(i) + 1
	}
	return w
}

// write sets keys until it must stop, or until all numbers are used up. Then it stops the readers
// too. Otherwise they would read a map without writes.
func (w *staleWriter[K]) write(stop *stopFlag) {
	number := w.clock.completed.Load()
	for {
		steps := w.stream.Next(stride)
		for i, key := range steps.Keys {
			number++
			w.handle.Set(key, tagOf(steps.Index[i])|uint64(number))
			published := w.publisher.due()
			if published {
				w.publisher.publish()
			}
			w.clock.ended[number] = w.clock.since(stop.began)
			previous := &w.last[steps.Index[i]]
			w.clock.next[*previous].Store(number)
			*previous = number
			w.clock.completed.Store(number)
			if published && w.publisher.waits || w.atOnce {
				w.clock.due.Store(number)
			}
			if int(number) == len(w.clock.next)-1 {
				stop.Store(true)
			}
			if stop.Load() {
				return
			}
		}
	}
}

// lost says which key does not hold what its last write left, after a publish; "" if all do.
func (w *staleWriter[K]) lost(final []found) string {
	for i, f := range final {
		if want := uint64(w.last[i]); f != (found{tagOf(uint32(i)) | want, true}) {
			return fmt.Sprintf("final-state check: key %d holds %s; want that of write %d, its last one", i, w.clock.describe(uint32(i), f), want)
		}
	}
	return ""
}

// staleReader is a reader of a staleness cell.
type staleReader[K comparable] struct {
	clock  *clock
	handle kv.Map[K, uint64]
	stream *workloads.Stream[K]

	seen  staleReads
	wrong int64
	first string // the first wrong answer
}

func newStaleReader[K comparable](clk *clock, h kv.Map[K, uint64], stream *workloads.Stream[K]) *staleReader[K] {
	return &staleReader[K]{clock: clk, handle: h, stream: stream, seen: clk.newStaleReads()}
}

func (r *staleReader[K]) read(stop *stopFlag) {
	for {
		steps := r.stream.Next(stride)
		for i, key := range steps.Lookups {
			due, completed, called := r.clock.due.Load(), r.clock.completed.Load(), r.clock.since(stop.began)
			v, ok := r.handle.Get(key)
			number := r.judge(steps.Index[i], found{v, ok}, due)
			if first := r.clock.missed(completed, number); first == 0 {
				r.seen.record(0, 0)
			} else {
				r.seen.record(int64(completed-first)+1, called-r.clock.ended[first])
			}
			if stop.Load() {
				return
			}
		}
	}
}

// judge returns the number of the write whose value a read of the key at a position found, or 1
// if no write set it. due is that of the clock when the read was called. It notes a read that is
// wrong.
func (r *staleReader[K]) judge(index uint32, f found, due uint32) uint32 {
	number := r.clock.number(index, f)
	if number == 0 {
		r.isWrong(index, f, "a value that a write set there")
		return 1
	}
	if missed := r.clock.missed(due, number); missed != 0 {
		r.isWrong(index, f, fmt.Sprintf("that of write %d, which was visible before the read, or of a later one", missed))
	}
	return number
}

func (r *staleReader[K]) isWrong(index uint32, f found, want string) {
	if r.wrong++; r.wrong == 1 {
		r.first = fmt.Sprintf("a read of key %d found %s; want %s", index, r.clock.describe(index, f), want)
	}
}
