package plan

import (
	"fmt"
	"math"

	"doublebuf/cmd/runbench/internal/exit"
	"doublebuf/cmd/runbench/internal/names"
	"doublebuf/workloads"
)

// LoadTrace reads the trace. An unknown format, and flags that do not apply to the trace, are usage
// errors.
func LoadTrace(in *workloads.TraceInput) (*workloads.Trace, error) {
	if _, ok := workloads.FindFormat(in.Format); !ok {
		var known []string
		for _, f := range workloads.Formats() {
			known = append(known, f.Name)
		}
		return nil, exit.With(exit.Usage, names.Unknown("format", in.Format, known))
	}
	for _, k := range workloads.KnownTraces() {
		if k.Name == in.Name && (in.Format != "plain" || in.SkipMalformed || in.Steps != 0) {
			return nil, exit.Usagef("trace %s is built in; want it without -format, -skip-malformed and -steps", in.Name)
		}
	}
	return in.Load()
}

// TraceFacts describes a trace.
type TraceFacts struct {
	Trace    string   `json:"trace"`
	Licence  string   `json:"licence"` // "" if not stated
	SHA256   string   `json:"sha256"`
	Steps    int      `json:"steps"`
	Gets     int      `json:"gets"`
	Sets     int      `json:"sets"`
	Deletes  int      `json:"deletes"`
	Keys     int      `json:"distinct_keys"`
	HitShare *float64 `json:"hit_share"` // of the gets; null without any
	Theta    float64  `json:"zipf_theta"`
	Off      float64  `json:"zipf_off"`
	Skipped  int      `json:"malformed_lines_skipped"`
	Cut      bool     `json:"cut,omitempty"` // the file goes on
}

// TraceFactsOf describes t.
func TraceFactsOf(t *workloads.Trace) TraceFacts {
	var kinds [3]int
	for _, k := range t.Kinds {
		kinds[k]++
	}
	d := TraceFacts{
		Trace: t.Name, Licence: t.Licence, SHA256: t.Digest, Steps: len(t.Index),
		Gets: kinds[workloads.Get], Sets: kinds[workloads.Set], Deletes: kinds[workloads.Delete], Keys: len(t.Names), Skipped: t.Skipped, Cut: t.Cut,
	}
	theta, off := t.ZipfFit()
	d.Theta, d.Off = math.Round(theta*1e6)/1e6, math.Round(off*1e6)/1e6
	if share := t.HitShare(); !math.IsNaN(share) {
		d.HitShare = &share
	}
	return d
}

// TraceRows describes t in rows of a name and a text.
func TraceRows(t *workloads.Trace) [][2]string {
	d := TraceFactsOf(t)
	percent := func(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
	of := func(n int) string { return percent(float64(n) / float64(d.Steps)) }
	hits := "-"
	if d.HitShare != nil {
		hits = percent(*d.HitShare)
	}
	licence := d.Licence
	if licence == "" {
		licence = "not stated"
	}
	steps := fmt.Sprintf("%d: %s gets, %s sets, %s deletes", d.Steps, of(d.Gets), of(d.Sets), of(d.Deletes))
	if d.Cut {
		steps = "the first " + steps
	}
	return [][2]string{
		{"trace", d.Trace},
		{"licence", licence},
		{"sha256", d.SHA256},
		{"steps", steps},
		{"distinct keys", fmt.Sprint(d.Keys)},
		{"gets that hit", hits},
		{"nearest zipf", fmt.Sprintf("theta %.2f, off by %.3f", d.Theta, d.Off)},
		{"malformed lines", fmt.Sprintf("%d, skipped", d.Skipped)},
	}
}
