package judge

import "slices"

// lawTexts says what each checker holds maps to. The package documentation has the same.
var lawTexts = map[string]string{
	"C0":           "publishes make the versions 1, 2, 3 … and do not overlap",
	"C1":           "no future: publish v was called before the opening of a guard of v returned",
	"C2":           "fresh: publish v+1 had not returned before the opening of a guard of v was called",
	"C3":           "no inversion: no guard that was open before the opening of a guard of v was called has a higher version",
	"C4":           "monotone: the versions that one handle opens never go back",
	"C5":           "bounded lag: publish v+1+n does not return while a guard of v is open, where the history's header gives n",
	"C6":           "content: what a guard of v reads is S(v)",
	"C7":           "online: the version of a guard is the last that was published before it or a later one that was begun, and the next but one is not begun while it is open",
	"C8":           "copy audit: the two copies are alike when all operations have been applied to both",
	"C9":           "liveness: no goroutine waits for ever, and a reader takes a bounded number of steps",
	"C10":          "final state: what is in the map after a timed cell is what its workers put in and did not take out",
	"linearizable": "every call takes effect at one instant between its call and its return",
	"eventual":     "a read of a key returns what the last publish before it made visible, which each does at one instant between its call and its return; for each client at one of its own, if the claim is per handle",
}

// Law returns the law by which a checker judges, or "".
func Law(checker string) string { return lawTexts[checker] }

// Property is what a map may promise of its reads and writes, in so far as a checker can
// tell.
type Property struct {
	Name string
	Doc  string // one line: what holds
	// Checkers are the names under which a breach of it is found.
	Checkers []string
}

// properties are those of the lab, in the order in which they are shown.
var properties = []Property{
	{"snapshot", "all that one guard reads is of one version", []string{"C6"}},
	{"prefix", "that version is one that was published, and nothing is read that was not written", []string{"C0", "C1", "C6"}},
	{"monotonic", "the versions that one handle opens never go back", []string{"C4"}},
	{"real-time", "nor do those of all handles together, in real time", []string{"C3"}},
	{"fresh", "a guard that is opened after a publish returned sees it", []string{"C2"}},
	{"lag", "while a guard is open at most one more version is published", []string{"C5"}},
	{"progress", "a reader whose guards overlap without end does not hold the writer up", nil},
	{"eventual", "reads of a key see what was published, in order, and after the last publish everything", []string{"eventual"}},
	{"linearizable", "each operation on a key takes effect at one instant between its call and its return", []string{"linearizable"}},
}

// Properties returns the properties of the lab, in the order in which they are shown.
func Properties() []Property { return slices.Clone(properties) }
