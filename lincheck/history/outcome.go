package history

import "fmt"

// Outcome is what a checker found. The zero value is Unknown: an unjudged history never passes.
type Outcome int

const (
	// Unknown: the checker found no answer within its limits, or the answer rests on time
	// differences below the slack.
	Unknown Outcome = iota
	// Ok: the checker found no violation.
	Ok
	// Illegal: the checker found a violation, or the map crashed or hung.
	Illegal
)

var outcomeNames = [...]string{Unknown: "Unknown", Ok: "Ok", Illegal: "Illegal"}

func (o Outcome) String() string { return outcomeNames[o] }

// MarshalText writes the outcome's name.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the outcome's name.
func (o *Outcome) UnmarshalText(text []byte) error {
	for i, name := range outcomeNames {
		if name == string(text) {
			*o = Outcome(i)
			return nil
		}
	}
	return fmt.Errorf("unknown outcome %q; want Ok, Illegal or Unknown", text)
}
