package judge

import "slices"

// lawTexts are the laws by the names of their checkers. The package documentation has the same
// texts.
var lawTexts = map[string]string{
	"C0":           "publishes make the versions 1, 2, 3 … and do not overlap",
	"C1":           "no future: publish v was called before the opening of a guard of v returned",
	"C2":           "fresh: publish v+1 had not returned before the opening of a guard of v was called",
	"C3":           "no inversion: when a guard of v begins to open, no guard that has opened before has a higher version",
	"C4":           "monotone: the versions that one handle opens never go back",
	"C5":           "bounded lag: while a guard of v is open, publish v+1+n does not return and no guard of v+1+n or later opens, where the history's header gives n",
	"C6":           "content: what a guard of v reads is S(v)",
	"C7":           "online: a guard's version v is at least the last that was published before the guard was called and at most the last that was begun before it was open, and publish v+2 does not begin while it is open",
	"C8":           "copy audit: the two copies are alike when all operations have been applied to both",
	"C9":           "liveness: no goroutine waits for ever, and a reader takes a bounded number of steps",
	"C10":          "final state: after a timed cell the map's content follows from what its workers wrote",
	"battery":      "calls, walks, Len, swaps, Clear and Retain answer as a model does, for every type of keys and values that the entry has, while the map grows and shrinks; and nothing that was replaced stays alive",
	"linearizable": "every call takes effect at one instant between its call and its return",
	"eventual":     "a read of a key returns what the last publish before it made visible; each publish takes effect for all keys at one instant between its call and its return, or, if the claim is per handle, at one such instant for each client",
}

// Law returns the law by which the checker of that name judges, or "" if there is none.
func Law(checker string) string { return lawTexts[checker] }

// Property is something that a map may promise of its reads and writes, and that a checker can
// refute.
type Property struct {
	Name string
	Doc  string // the promise, in one line
	// Checkers are the names of the checkers that find a violation of it.
	Checkers []string
}

// properties are all properties, in the order in which they are shown.
var properties = []Property{
	{"snapshot", "everything that one guard reads is of one version", []string{"C6"}},
	{"prefix", "a guard reads a version that was published, and nothing that was not written", []string{"C0", "C1", "C6"}},
	{"monotonic", "the versions that one handle opens never go back", []string{"C4"}},
	{"real-time", "the versions that all handles open never go back, in real time", []string{"C3"}},
	{"fresh", "a guard that is opened after a publish returned sees it", []string{"C2"}},
	{"lag", "while a guard is open at most one more version is published", []string{"C5"}},
	{"progress", "a reader whose guards always overlap does not delay the writer for ever", nil},
	{"eventual", "reads of a key see the published values, in order, and the last one after the last publish", []string{"eventual"}},
	{"updates", "no write comes between what an Update is called with and what it stores", []string{"linearizable"}},
	{"linearizable", "each operation on a key takes effect at one instant between its call and its return", []string{"linearizable"}},
}

// Properties returns all properties, in the order in which they are shown.
func Properties() []Property { return slices.Clone(properties) }
