package history

import (
	"slices"
	"strings"
	"testing"
)

// TestJepsen reads each form of a history of Jepsen, and compares the calls.
func TestJepsen(t *testing.T) {
	for _, test := range []struct {
		name, initial, text string
		want                []string
	}{
		{"register in EDN", "", `
{:type :invoke, :f :write, :value 3, :process 0, :time 5, :index 0}
{:type :invoke, :f :read, :value nil, :process 1}
{:type :info, :f :start, :process :nemesis}
{:type :ok, :f :write, :value 3, :process 0}
{:type :ok, :f :read, :value 3, :process 1} ; a comment
{:type :invoke, :f :cas, :value [3 -4], :process 0}
{:type :invoke, :f :cas, :value [1 2], :process 1}
{:type :fail, :f :cas, :value [1 2], :process 1, :error :x}
{:type :info, :f :cas, :value [3 -4], :process 0}
{:type :invoke, :f :read, :value nil, :process 1}
`, []string{"client 0 set(0, 3): called 1, returned 4", "client 1 get(0) -> 3: called 2, returned 5", "client 0 compare-and-swap(0, 3, -4) -> false: called 6, never returned"}},
		{
			"one list, with records, keys and nil", "", `[#jepsen.history.Op{:index 0 :type :invoke, :f :write, :value [:x nil], :process 0}
 {:type :ok, :f :write, :value [:x nil], :process 0}
 {:type :invoke, :f :cas, :value ["y" [nil 1]], :process 0} {:type :ok, :f :cas, :value ["y" [nil 1]], :process 0}
 {:type :invoke, :f :read, :value ["y" nil], :process 0} {:type :ok, :f :read, :value ["y" 1.5], :process 0}]`,
			[]string{`client 0 delete(":x"): called 1, returned 2`, `client 0 load-or-store("y", 1) -> 1, false: called 3, returned 4`, `client 0 get("y") -> 1.5: called 5, returned 6`},
		},
		{"log of etcd, with an initial value", "7", `INFO  jepsen.util - 0	:invoke	:cas	[7 4]
some other line
INFO  jepsen.util - 1	:invoke	:read	nil
INFO  jepsen.util - 0	:fail	:cas	[7 4]
INFO  jepsen.util - 1	:fail	:read	:timed-out
INFO  jepsen.util - 0	:invoke	:write	5
INFO  jepsen.util - 0	:info	:write	:timed-out
INFO  jepsen.util - 0	:invoke	:cas	[7 4]
INFO  jepsen.util - 0	:fail	:cas	[7 4] :unavailable
`, []string{"client 1 set(0, 7): called -1, returned -1", "client 0 compare-and-swap(0, 7, 4) -> false: called 1, returned 4", "client 0 set(0, 5): called 6, never returned"}},
		{
			"set", "", `{:type :invoke, :f :add, :value 1, :process 0} {:type :info, :f :add, :value 1, :process 0}
{:type :invoke, :f :read, :value nil, :process 2} {:type :ok, :f :read, :value #{1}, :process 2}
{:type :invoke, :f :read, :value nil, :process 2} {:type :ok, :f :read, :value [1 1], :process 2}`,
			[]string{"client 0 set(1, 1): called 1, never returned", "client 2 walk() at one instant -> 1 -> 1: called 3, returned 4", "client 2 walk() at one instant -> 1 -> 1: called 5, returned 6"},
		},
		{
			"lock", "", `{:type :invoke, :f :acquire, :process 0} {:type :ok, :f :acquire, :process 0} {:type :invoke, :f :release, :process 0} {:type :ok, :f :release, :process 0}`,
			[]string{"client 0 load-or-store(0, 1) -> 1, false: called 1, returned 2", "client 0 compare-and-delete(0, 1) -> true: called 3, returned 4"},
		},
	} {
		h, err := ParseJepsen(strings.NewReader(test.text), test.initial)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		var got []string
		for i := range h.Calls {
			got = append(got, h.DescribeTimed(&h.Calls[i]))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
		}
	}
}

func TestRefusesJepsen(t *testing.T) {
	for text, want := range map[string]string{
		"":               "no operation of Jepsen",
		"hello 5":        "after operation 0: hello; want a map",
		"{:type :invoke": "after operation 0: ",
		"{:type :invoke, :f :txn, :value [[:read 0 nil]], :process 0}":                                               "operation 1: :txn: this operation cannot be judged; want",
		"{:type :ok, :f :read, :value 3, :process 0}":                                                                "operation 1: :ok of :read, which process 0 has not begun",
		"{:type :invoke, :f :read, :process 0}{:type :invoke, :f :read, :process 0}":                                 "operation 2: process 0 begins an operation before",
		"{:type :invoke, :f :cas, :value 3, :process 0}{:type :ok, :f :cas, :value 3, :process 0}":                   "operation 2: :cas: value 3; want [old new]",
		"{:type :begin, :f :read, :process 0}":                                                                       "operation 1: type :begin; want :invoke",
		"{:type :invoke, :f :add, :value {:a 1}, :process 0}{:type :ok, :f :add, :value {:a 1}, :process 0}":         "operation 2: :add: value map[:a:1]; want a number",
		"{:type :invoke, :f :write, :value #{[1 2]}, :process 0}{:type :ok, :f :write, :value #{[1 2]}, :process 0}": "",
	} {
		if _, err := ParseJepsen(strings.NewReader(text), ""); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v; want %s…", text, err, want)
		}
	}
}
