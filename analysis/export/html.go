package export

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// HTML writes a document as one page. The page needs no network, and no other file except as the
// target of a link. Read returns the SVG of an image, given its path in the document. Without it,
// images are left out.
type HTML struct {
	Read func(path string) ([]byte, error)
}

// Export also returns the first error of Read.
func (h HTML) Export(w io.Writer, d *Document) error {
	var text bytes.Buffer
	if err := (Markdown{}).Export(&text, d); err != nil {
		return err
	}
	return h.page(w, text.Bytes())
}

// page writes a Markdown text as a page.
func (h HTML) page(w io.Writer, markdown []byte) error {
	images := &inlined{read: h.Read}
	md := goldmark.New(
		goldmark.WithExtensions(extension.Table),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(images, 100))),
	)
	doc := md.Parser().Parse(text.NewReader(markdown))
	type section struct{ ID, Title string }
	var content struct {
		Title    string
		Sections []section
		Body     template.HTML
	}
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok {
			continue
		}
		title := string(h.Lines().Value(markdown))
		switch id, _ := h.AttributeString("id"); h.Level {
		case 1:
			content.Title = title
		case 2:
			content.Sections = append(content.Sections, section{string(id.([]byte)), title})
		}
	}
	var body bytes.Buffer
	if err := md.Renderer().Render(&body, markdown, doc); err != nil {
		return err
	}
	if images.err != nil {
		return images.err
	}
	content.Body = template.HTML(sectioned(short.ReplaceAllString(dressed.Replace(body.String()), `<td class="short">$1</td>`))) // goldmark leaves out raw HTML
	return page.Execute(w, content)
}

// summary is the sections that are printed unless the reader wants all.
var summary = []string{"advice", "answers", "verdicts", "what-this-run-cannot-show"}

// sectioned wraps each section of a page, so that the print can leave out what is no summary.
func sectioned(body string) string {
	parts := strings.Split(body, "<h2 ")
	var all strings.Builder
	all.WriteString(parts[0])
	for _, part := range parts[1:] {
		class := "detail"
		id, _, _ := strings.Cut(strings.TrimPrefix(part, `id="`), `"`)
		if slices.Contains(summary, id) {
			class = "summary"
		}
		fmt.Fprintf(&all, "<section class=%q>\n<h2 %s</section>\n", class, part)
	}
	return all.String()
}

// dressed lets wide tables scroll by themselves, and colours verdicts.
var dressed = strings.NewReplacer(
	"<table>", `<div class="scroll"><table>`,
	"</table>", "</table></div>",
	"<td>Ok</td>", `<td><span class="ok">Ok</span></td>`,
	"<td><strong>Unknown</strong></td>", `<td><span class="doubt">Unknown</span></td>`,
	"<td><strong>FAILED</strong></td>", `<td><span class="failed">FAILED</span></td>`,
	"<td><strong>FAILED, as expected</strong></td>", `<td><span class="failed">FAILED, as expected</span></td>`,
	", not conclusive: ", ` <span class="none">not conclusive</span>: `,
)

// short finds the cells of tables that stay in one line: names of maps, and numbers with their
// units.
var short = regexp.MustCompile(`<td>([^<]{1,24})</td>`)

// inlined renders images, which are all SVG, in place.
type inlined struct {
	read func(path string) ([]byte, error)
	err  error
}

func (r *inlined) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindImage, r.image)
}

// prolog is the text before the element svg.
var prolog = regexp.MustCompile(`(?s)^.*?<svg`)

// plainText finds the settings of the font that every text of a figure repeats. The page has them
// once, so that a report is an eighth smaller.
var plainText = regexp.MustCompile(`font-family:'Liberation Sans',Arial,Helvetica,sans-serif;|font-(variant|weight|style):normal;`)

func (r *inlined) image(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkSkipChildren, nil
	}
	image := n.(*ast.Image)
	path := string(image.Destination)
	if r.read == nil {
		return ast.WalkSkipChildren, nil
	}
	svg, err := r.read(path)
	if err == nil && !prolog.Match(svg) {
		err = fmt.Errorf("%s is not an SVG", path)
	}
	if err != nil {
		r.err = fmt.Errorf("cannot put the figure into the report: %w", err)
		return ast.WalkStop, nil
	}
	var title strings.Builder
	for c := image.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			title.Write(t.Segment.Value(source))
		}
	}
	head := fmt.Sprintf(`<svg role="img" aria-label="%s"`, template.HTMLEscapeString(title.String()))
	_, _ = w.Write(prolog.ReplaceAllLiteral(plainText.ReplaceAllLiteral(svg, nil), []byte(head)))
	return ast.WalkSkipChildren, nil
}
