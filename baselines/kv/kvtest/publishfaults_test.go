package kvtest

import (
	"slices"

	"doublebuf/baselines/faulty"
	"doublebuf/baselines/kv"
)

// foundBy says which check must find each map of package faulty.
var foundBy = map[string]string{
	"control-torn":                "uint64/model",
	"control-get-many":            "uint64/guards",
	"control-many-guards":         "uint64/snapshot",
	"control-update-twice":        "uint64/updates",
	"control-update-lost":         "uint64/updates",
	"control-update-in-two-steps": "uint64/concurrent-updates",
	"control-rewrite":             "uint64/rewrites",
	"control-try-publish-yes":     "uint64/try-publish",
	"control-try-publish-no":      "uint64/try-publish",
	"control-try-publish-never":   "uint64/try-publish",
	"control-cancelled-drops":     "uint64/cancel",
	"control-cancelled-publishes": "uint64/cancel",
	"control-flush":               "uint64/flush",
	"control-close-publishes":     "uint64/close",
	"control-close-silent":        "uint64/close",
	"control-passed-guard":        "uint64/passed-guards",
	"control-hand-over-torn":      "uint64/hand-overs",
	"control-hand-over-never":     "uint64/hand-overs",
	"control-group-close":         "uint64/concurrent-close",
	"control-group-clear":         "uint64/clear",
	"control-group-rewrite":       "uint64/rewrites",
}

// publishFaults returns the maps of package faulty as faults.
func publishFaults() (all []fault) {
	for _, broken := range faulty.Entries() {
		all = append(all, fault{broken.Name, foundBy[broken.Name], func(e *kv.Entry) { *e = broken }})
	}
	return slices.Concat(all, []fault{
		{"promises-to-read-batches", "uint64/promises", func(e *kv.Entry) {
			onVersions(func(v *versions) map64 { return bareGuards{v} })(e)
			e.Caps |= kv.BatchReads
		}},
	})
}
