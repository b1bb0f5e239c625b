package results

import (
	"strings"
	"testing"
)

func TestNameAndBack(t *testing.T) {
	for _, want := range []string{
		"Map/impl=dbuf-epoch-b64/mix=r99w1/dist=zipf0.99/keytype=uint64/keys=64Ki/g=2-2",
		"Map/impl=shard-32/mix=read-only/dist=uniform/keytype=string/keys=10000/g=64-2",
		"Map/impl=a_b+c.d/mix=m/dist=uniform/keytype=uint64/keys=1Mi/r=0/w=3-16",
		"Staleness/impl=sync.Map/mix=m/dist=uniform/keytype=uint64/keys=3Ki/r=2/w=1-2",
		"Latency/impl=a/mix=m/dist=uniform/keytype=uint64/keys=3Ki/load=70/g=64-2",
		"Latency/impl=a/mix=m/dist=uniform/keytype=uint64/keys=3Ki/load=5/r=2/w=1-2",
	} {
		id, err := ParseName(want)
		if err != nil {
			t.Errorf("%v", err)
		} else if got := id.Name(); got != want {
			t.Errorf("%q is read and written as %q", want, got)
		}
	}
}

func TestNamesThatAreRefused(t *testing.T) {
	const good = "Map/impl=a/mix=m/dist=uniform/keytype=uint64/keys=64Ki/g=2-2"
	if _, err := ParseName(good); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"Map/", "Mop/"},
		{"impl=a", "impl="},
		{"impl=a", "impl=ä"},
		{"impl=a/", ""},
		{"impl=a/", "impl=a/impl=b/"},
		{"mix=m", "mux=m"},
		{"keys=64Ki", "keys=65536"}, // the same number, but a row of its own in benchstat
		{"keys=64Ki", "keys=64K"},
		{"keys=64Ki", "keys=0"},
		{"keys=64Ki", "keys=-1Ki"},
		{"g=2-2", "g=2"},
		{"g=2-2", "g=0-2"},
		{"g=2-2", "g=2/r=1-2"},
		{"g=2-2", "g=2-0"},
		{"g=2-2", "g=-2-2"},
		{"g=2-2", "g=two-2"},
		{"g=2-2", "load=70/g=2-2"}, // of a throughput cell
		{"Map/", "Latency/"},       // without a load
	} {
		name := strings.Replace(good, change[0], change[1], 1)
		if id, err := ParseName(name); err == nil {
			t.Errorf("%q is taken for %+v", name, id)
		}
	}
}

func TestNumbersOfKeys(t *testing.T) {
	for n, want := range map[int]string{1: "1", 1000: "1000", 1023: "1023", 1024: "1Ki", 65536: "64Ki", 1 << 20: "1Mi", 1<<20 + 1024: "1025Ki"} {
		if got := FormatKeys(n); got != want {
			t.Errorf("FormatKeys(%d) = %s, want %s", n, got, want)
		}
		if got, err := ParseKeys(want); got != n || err != nil {
			t.Errorf("ParseKeys(%s) = %d, %v, want %d", want, got, err, n)
		}
	}
	if n, err := ParseKeys("9223372036854775807Ki"); err == nil {
		t.Errorf("an overflow is read as %d", n)
	}
}

func TestFormatSeconds(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 23e-9: "23 ns", 1e-7: "100 ns", 1.234e-6: "1.23 µs", 0.9996e-3: "1 ms", 0.0507: "50.7 ms", 1: "1 s", 12.5: "12.5 s"} {
		if got := FormatSeconds(v); got != want {
			t.Errorf("%v s is written %s; want %s", v, got, want)
		}
	}
}
