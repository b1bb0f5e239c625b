package report

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/analysis/export"
)

const drawing = "<?xml version=\"1.0\"?>\n<!-- drawn -->\n<svg width=\"4pt\" height=\"2pt\" viewBox=\"0 0 4 2\">\n<path d=\"M0,0L4,2\" style=\"fill:#FFFFFF\" />\n<text style=\"font-family:'Liberation Sans',Arial,Helvetica,sans-serif;font-variant:normal;font-weight:bold;font-style:normal;font-size:17px\">A</text>\n</svg>\n"

func figure(path string) ([]byte, error) { return []byte(drawing), nil }

func TestHTMLIsSelfContained(t *testing.T) {
	var html bytes.Buffer
	set := example()
	set.Manifest.Verdicts[4].Reason = "<script>alert(1)</script> & <b>"
	doc := Document("example", analysis.Of(set), nil, []Figure{{Title: "A & B", Image: "../p/f.svg", Table: "../p/f.csv"}})
	var read []string
	err := export.HTML{Read: func(path string) ([]byte, error) {
		read = append(read, path)
		return []byte(drawing), nil
	}}.Export(&html, doc)
	if err != nil || !slices.Equal(read, []string{"../p/f.svg"}) {
		t.Fatalf("%v; read %v", err, read)
	}
	page := html.String()
	for _, want := range []string{`<svg role="img" aria-label="A &amp; B" width="4pt"`, `<text style="font-weight:bold;font-size:17px">A</text>`, `<a href="../p/f.csv">`, `<a href="#answers">Answers</a>`, "<title>runbench example</title>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, never := range []string{"<img", "<?xml", "alert(1)</script>", "http:", "https:", "src=", "@import", "url(", "ZgotmplZ"} {
		if strings.Contains(page, never) {
			t.Errorf("the page has %q", never)
		}
	}
	if strings.Index(page, "Answers</h2>") > strings.Index(page, "Verdicts</h2>") {
		t.Error("the answer does not come first")
	}
	for _, test := range []struct {
		svg string
		err error
		say string
	}{{"", fs.ErrNotExist, "../p/f.svg"}, {"PNG", nil, "../p/f.svg is not an SVG"}} {
		err := export.HTML{Read: func(path string) ([]byte, error) {
			return []byte(test.svg), errors.Join(test.err, func() error {
				if test.err == nil {
					return nil
				}
				return errors.New(path)
			}())
		}}.Export(&html, doc)
		if err == nil || !strings.Contains(err.Error(), test.say) {
			t.Errorf("%q: error %v; want it to say %s", test.svg, err, test.say)
		}
	}
}

// browser returns a Chromium that is installed here, or skips the test.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium in the path: the page is not opened in a browser")
	return ""
}

// TestInBrowser opens the page, clicks the headings of the first table of cells, and reads the
// result. The page shows an error of its scripts.
func TestInBrowser(t *testing.T) {
	chromium := browser(t)
	var html bytes.Buffer
	if err := (export.HTML{Read: figure}).Export(&html, Document("example", analysis.Of(example()), nil, nil)); err != nil {
		t.Fatal(err)
	}
	rows := func(column string, clicks int) []string {
		t.Helper()
		test := `<script>
			const table = [...document.querySelectorAll("table")].find((t) => t.textContent.includes("ns per operation") && t.textContent.includes("sum-fault"));
			const button = [...table.querySelectorAll("th button")].find((b) => b.textContent === "` + column + `");
			for (let i = 0; i < ` + string(rune('0'+clicks)) + `; i++) button.click();
			document.body.dataset.rows = [...table.tBodies[0].rows].map((r) => r.cells[0].textContent).join(" ");
			document.body.dataset.sorted = button.parentElement.ariaSort;
		</script></body>`
		page := strings.Replace(html.String(), "<head>", `<head><script>window.onerror = (e) => document.documentElement.dataset.error = e</script>`, 1)
		page = strings.Replace(page, "</body>", test, 1)
		dir := t.TempDir()
		file := filepath.Join(dir, "report.html")
		if err := os.WriteFile(file, []byte(page), 0o666); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+filepath.Join(dir, "profile"),
			"--dump-dom", "file://"+file)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", chromium, err)
		}
		if e := regexp.MustCompile(`data-error="[^"]*"`).Find(out); e != nil {
			t.Errorf("a script failed: %s", e)
		}
		found := regexp.MustCompile(`data-rows="([^"]*)" data-sorted="([^"]*)"`).FindSubmatch(out)
		if found == nil {
			t.Fatalf("the page says nothing:\n%s", out[max(0, len(out)-2000):])
		}
		return append(strings.Fields(string(found[1])), string(found[2]))
	}
	ofSpeed := []string{"noop", "loses", "loses-known", "plain", "sum-fault", "batched", "batched-more", "fresh", "fresh-too"}
	back := slices.Clone(ofSpeed)
	slices.Reverse(back)
	back[6], back[7] = back[7], back[6] // equally fast: they stay in their order
	if got := rows("ops/s", 1); !slices.Equal(got, append(slices.Clone(ofSpeed), "descending")) {
		t.Errorf("by speed: %v", got)
	}
	if got := rows("ops/s", 2); !slices.Equal(got, append(back, "ascending")) {
		t.Errorf("by speed, turned round: %v", got)
	}
	slices.Sort(ofSpeed)
	if got := rows("map", 1); !slices.Equal(got, append(ofSpeed, "ascending")) {
		t.Errorf("by name: %v", got)
	}
}
