package judge

import (
	"testing"

	"doublebuf/lincheck/history"
)

func TestVerdicts(t *testing.T) {
	for _, test := range []struct {
		outcome  history.Outcome
		broken   bool
		expected bool
		want     string
	}{
		{history.Ok, false, true, "Ok (C2): why"},
		{history.Illegal, false, false, "Illegal (C2): why"},
		{history.Unknown, false, false, "Unknown (C2): why"},
		{history.Ok, true, false, "Ok, but expected to be Illegal (C2): why"},
		{history.Illegal, true, true, "Illegal, as expected (C2): why"},
		{history.Unknown, true, false, "Unknown (C2): why"},
	} {
		v := Verdict{Outcome: test.outcome, Broken: test.broken, Checker: "C2", Reason: "why"}
		if v.String() != test.want || v.AsExpected() != test.expected {
			t.Errorf("%q, as expected: %t; want %q, %t", v, v.AsExpected(), test.want, test.expected)
		}
	}
	if (Verdict{}).AsExpected() {
		t.Error("what was not judged passes")
	}
}
