package judge

import (
	"strings"
	"testing"

	"doublebuf/lincheck/history"
)

// Where each client has a log of its own, a publish shows what its client has written, in order,
// and need not show what others have.
func TestOwnLogs(t *testing.T) {
	const header = `{"history":2,"claim":"eventual","own_logs":true}` + "\n"
	for _, test := range []struct {
		name, lines string
		want        history.Outcome
		shared      history.Outcome // without own_logs
	}{
		{"another client's write is not shown", `
			{"client":0,"op":"set","key":1,"new":1,"called":0,"returned":10}
			{"client":1,"op":"set","key":2,"new":2,"called":1000,"returned":1010}
			{"client":1,"op":"publish","called":2000,"returned":2010}
			{"client":2,"op":"get","key":2,"result":2,"called":3000,"returned":3010}
			{"client":2,"op":"get","key":1,"called":4000,"returned":4010}`, history.Ok, history.Illegal},
		{"another client's write is shown", `
			{"client":0,"op":"set","key":1,"new":1,"called":0,"returned":10}
			{"client":1,"op":"publish","called":2000,"returned":2010}
			{"client":2,"op":"get","key":1,"result":1,"called":4000,"returned":4010}`, history.Ok, history.Ok},
		{"an earlier write overwrites a later one", `
			{"client":0,"op":"set","key":1,"new":1,"called":0,"returned":10}
			{"client":1,"op":"set","key":1,"new":2,"called":1000,"returned":1010}
			{"client":1,"op":"publish","called":2000,"returned":2010}
			{"client":0,"op":"publish","called":3000,"returned":3010}
			{"client":2,"op":"get","key":1,"result":1,"called":4000,"returned":4010}`, history.Ok, history.Illegal},
		{"the client's own write is not shown", `
			{"client":1,"op":"set","key":2,"new":2,"called":1000,"returned":1010}
			{"client":1,"op":"publish","called":2000,"returned":2010}
			{"client":2,"op":"get","key":2,"called":3000,"returned":3010}`, history.Illegal, history.Illegal},
		{"the client's own writes are out of order", `
			{"client":1,"op":"set","key":2,"new":1,"called":1000,"returned":1010}
			{"client":1,"op":"set","key":2,"new":2,"called":1020,"returned":1030}
			{"client":1,"op":"publish","called":2000,"returned":2010}
			{"client":2,"op":"get","key":2,"result":1,"called":3000,"returned":3010}`, history.Illegal, history.Illegal},
		{"nothing is published", `
			{"client":1,"op":"set","key":2,"new":2,"called":1000,"returned":1010}
			{"client":2,"op":"get","key":2,"result":2,"called":3000,"returned":3010}`, history.Illegal, history.Illegal},
	} {
		for head, want := range map[string]history.Outcome{header: test.want, strings.Replace(header, `,"own_logs":true`, "", 1): test.shared} {
			h, err := history.Parse(strings.NewReader(head + strings.TrimSpace(test.lines) + "\n"))
			if err != nil {
				t.Fatal(err)
			}
			if v := History(h); v.Outcome != want {
				t.Errorf("%s: %v with the header %s; want %v", test.name, v, head, want)
			}
		}
	}
}
