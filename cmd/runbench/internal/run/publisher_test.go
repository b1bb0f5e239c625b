package run

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"doublebuf/baselines/kv"
)

// noted notes at which write each publish came.
type noted struct {
	write int
	at    []int
}

func (n *noted) Publish() uint64 {
	n.at = append(n.at, n.write)
	return uint64(len(n.at))
}

// TestPublisher writes every 30 µs: each policy publishes when it says.
func TestPublisher(t *testing.T) {
	for _, test := range []struct {
		policy kv.Policy
		want   []int
	}{
		{kv.Policy{}, nil},
		{kv.Policy{Every: 1}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{kv.Policy{Every: 4}, []int{4, 8}},
		{kv.Policy{Interval: 100 * time.Microsecond}, []int{4, 8}}, // after 120 and 240 µs
		{kv.Policy{Interval: 90 * time.Microsecond}, []int{3, 6, 9}},
		{kv.Policy{Interval: 20 * time.Microsecond}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
	} {
		synctest.Test(t, func(t *testing.T) {
			n := &noted{}
			p := newPublisher(n, test.policy)
			for n.write = 1; n.write <= 10; n.write++ {
				time.Sleep(30 * time.Microsecond)
				if p.due() {
					p.publish()
				}
			}
			if !slices.Equal(n.at, test.want) || p.count != int64(len(test.want)) {
				t.Errorf("%+v: %d publishes, after the writes %v; want %v", test.policy, p.count, n.at, test.want)
			}
		})
	}
	if p := newPublisher(struct{}{}, kv.Policy{Every: 1}); p.due() {
		t.Error("a map that cannot publish is to")
	}
}
