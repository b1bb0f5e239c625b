package lincheck

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
	"C8":           "twins: the two copies are alike when all operations have been applied to both",
	"C9":           "liveness: nobody waits for ever, and a reader takes a bounded number of steps",
	"C10":          "sum: what is in the map after a timed cell is what its workers put in and did not take out",
	"linearizable": "every call takes effect at one instant between its call and its return",
	"eventual":     "a read of a key returns what the last publish before it made visible, which each does at one instant between its call and its return; for each client at one of its own, if the claim is per handle",
}

// Law returns the law by which a checker judges, or "".
func Law(checker string) string { return lawTexts[checker] }
