package results

// State says what a finding means for figures that are measured on the machine.
type State string

const (
	Fit    State = "fit"
	Doubt  State = "doubt"       // it may disturb
	Unfit  State = "unfit"       // it does disturb
	Hidden State = "not visible" // it could not be found out, and is not guessed
)

// Finding is one fact about the machine.
type Finding struct {
	What  string `json:"what"` // in one or two words
	State State  `json:"state"`
	Found string `json:"found"`
	Why   string `json:"why"`  // why it matters
	Want  string `json:"want"` // what would be right
}

// Session is a stretch of measuring without a break. A run has one, and another one each time it is
// resumed.
type Session struct {
	Before []Finding `json:"before"`
	During []Finding `json:"during"` // null if the run was killed
}

// Letter is a grade, from A, the best, to D.
type Letter string

// Letters are all grades, the best first.
var Letters = []Letter{"A", "B", "C", "D"}

// Grade says how far the figures of a run can be trusted. Package analysis gives grades.
type Grade struct {
	Letter Letter      `json:"letter"` // the worst of those of Parts; "" if the run was not watched
	Parts  []GradePart `json:"parts"`
}

// GradePart is one of the things that a grade depends on.
type GradePart struct {
	What   string `json:"what"`
	Found  string `json:"found"`
	Letter Letter `json:"letter"`
}

// Control is what the A/A control of a run shows. Package analysis computes it.
type Control struct {
	Pairs []ControlPair `json:"pairs"`
	// Limit is the A/A limit, the least effect that the run can show, as a share: 0.03 is 3 %. It
	// is the largest ratio that an interval of a pair allows, in either direction. It is 0 if no
	// pair has an interval.
	Limit float64 `json:"limit"`
}

// ControlPair is how much more of its unit the twin had than the original.
type ControlPair struct {
	Cell     string  `json:"cell"` // the original's
	Unit     string  `json:"unit"`
	Ratio    float64 `json:"ratio"`
	Lo       float64 `json:"lo"` // both ends equal Ratio without an interval
	Hi       float64 `json:"hi"`
	Interval bool    `json:"interval"`
	P        float64 `json:"p"`      // the probability of such a ratio of equal maps; not corrected
	Holm     float64 `json:"p_holm"` // corrected for all pairs
}
