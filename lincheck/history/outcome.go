package history

import "fmt"

// Outcome is what a check found. The zero value is Unknown: what was not judged is
// never a pass.
type Outcome int

const (
	// Unknown: no answer within the limits, or no answer that the clock can bear.
	Unknown Outcome = iota
	// Ok: no law was seen broken.
	Ok
	// Illegal: a law was seen broken, or the map crashed or hung.
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
