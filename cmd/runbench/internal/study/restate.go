package study

import (
	"fmt"
	"regexp"
	"strings"
)

// Restate returns the text with the figures that the cells give for its claims. Figures that were
// not measured stay. judged are all claims in the order of the text. The figures of a paragraph
// must be in the order of its claims. Words stay as they are, so that a reader must check whether
// they still fit.
func Restate(text string, judged []Judged) (string, error) {
	paragraphs := strings.Split(text, "\n\n")
	for i, p := range paragraphs {
		var b strings.Builder
		done, from := 0, 0 // what has been written, and from where figures are looked for
		comments := comment.FindAllStringSubmatchIndex(p, -1)
		plain := comment.ReplaceAllStringFunc(p, func(c string) string { return strings.Repeat("\x00", len(c)) })
		type edit struct {
			at, end int
			text    string
		}
		var inText, inComments []edit
		for _, m := range comments {
			if len(judged) == 0 {
				return "", fmt.Errorf("the text has more claims than judged")
			}
			f := judged[0]
			judged = judged[1:]
			said := regexp.MustCompile(`(^|[^\d.])(` + strings.ReplaceAll(regexp.QuoteMeta(f.Figure), " ", `\s+`) + `)`)
			at := said.FindStringSubmatchIndex(plain[from:])
			if at == nil {
				return "", fmt.Errorf("line %d: %q is not in the order of the claims", f.Line, f.Figure)
			}
			restated := f.Figure
			if f.Seen.N > 0 {
				restated = f.Restated(f.Seen.Median)
			}
			inText = append(inText, edit{from + at[4], from + at[5], restated})
			from += at[5]
			colon := m[2] + strings.Index(p[m[2]:m[3]], ":")
			figure := m[2] + strings.LastIndex(p[m[2]:colon], f.Figure)
			inComments = append(inComments, edit{figure, figure + len(f.Figure), restated})
		}
		for _, e := range append(inText, inComments...) {
			if e.at < done {
				return "", fmt.Errorf("a claim precedes its figure %q", p[e.at:e.end])
			}
			b.WriteString(p[done:e.at] + e.text)
			done = e.end
		}
		b.WriteString(p[done:])
		paragraphs[i] = b.String()
	}
	return strings.Join(paragraphs, "\n\n"), nil
}
