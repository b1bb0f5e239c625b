package run

import (
	"encoding/binary"
	"os"
	"sync"
	"time"
)

// A process that measures says which step of which map it does next. If it dies or hangs, its
// parent blames that map. It says so in a file, and not through a pipe: a write to a pipe wakes the
// parent, which would take a processor from a worker. The file keeps what it says when the process
// dies.

// step is what a process does with a map.
type step uint32

const (
	drawing   step = iota // the keys of the cohort; none of its maps has run yet
	between               // no map runs
	preparing             // the map is built and filled
	measuring
	checking // its final state
	releasing
)

func (s step) String() string {
	return [...]string{"its input was drawn", "no map ran", "it was built and filled", "it was measured", "its final state was checked", "it was closed"}[s]
}

// mark says what a process does.
type mark struct {
	count    uint64 // of marks so far; a process whose count stays hangs
	job      int    // index in the cohort
	step     step
	expected time.Duration // of the step
	harness  uint64        // bytes in use before the first map of the cohort was built
	maps     uint64        // bytes in use beyond these when the last check of a final state began
}

const markSize = 6 * 8

func (m mark) bytes() []byte {
	b := make([]byte, 0, markSize)
	for _, n := range []uint64{m.count, uint64(m.job), uint64(m.step), uint64(m.expected), m.harness, m.maps} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b
}

func markOf(b []byte) mark {
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	return mark{word(0), int(word(1)), step(min(word(2), uint64(releasing))), time.Duration(word(3)), word(4), word(5)}
}

// marker writes marks to a file. A nil marker writes none. Any goroutine may use it.
type marker struct {
	file *os.File

	mu   sync.Mutex
	mark mark
	last time.Time // when it was written
	err  error     // the first error
}

// set says that a step begins, which takes about as long as expected.
func (m *marker) set(job int, s step, expected time.Duration) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mark.job, m.mark.step, m.mark.expected = job, s, expected
	switch {
	case s == drawing:
		m.mark.harness, m.mark.maps = 0, 0
	case s == preparing && m.mark.harness == 0:
		m.mark.harness = inUse()
	case s == checking:
		m.mark.maps = max(inUse(), m.mark.harness) - m.mark.harness
	}
	m.write(time.Now())
}

// tickTime is how often tick writes at most.
const tickTime = 100 * time.Millisecond

// tick says that the step goes on.
func (m *marker) tick() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := time.Now(); now.Sub(m.last) >= tickTime {
		m.write(now)
	}
}

func (m *marker) write(now time.Time) {
	m.mark.count++
	m.last = now
	if _, err := m.file.WriteAt(m.mark.bytes(), 0); err != nil && m.err == nil {
		m.err = err
	}
}

// failure returns the first error of a write.
func (m *marker) failure() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}
