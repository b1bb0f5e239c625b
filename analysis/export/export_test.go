package export

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func document() *Document {
	d := &Document{}
	d.Add(Heading{Level: 1, Text: "A title"}, Note{"a doubt", "another"}, Gap{},
		Line("A line with "+Strong("weight", true)+"."), List{"one", "two"},
		Table{Columns: []string{"map", "verdict"}, Rows: [][]string{{"a|b", Strong("FAILED", true)}, {"longer", Strong("Ok", false)}}},
		Heading{Level: 2, Text: "More"}, Table{Columns: []string{"x"}, Rows: [][]string{{"1"}}, Bare: true, Indent: true})
	return d
}

// TestFormats exports a document with every kind of block in every format.
func TestFormats(t *testing.T) {
	want := map[string]string{
		"text":     "A title\na doubt\nanother\n\nA line with weight.\none\ntwo\nmap     verdict\na|b     FAILED\nlonger  Ok\nMore\n  1\n",
		"markdown": "# A title\n\n> a doubt\n>\n> another\n\nA line with **weight**.\n\n- one\n- two\n\n| map | verdict |\n| --- | --- |\n| a\\|b | **FAILED** |\n| longer | Ok |\n\n## More\n\n| x |\n| --- |\n| 1 |\n",
		"json":     "[\n  [\n    {\n      \"map\": \"a|b\",\n      \"verdict\": \"FAILED\"\n    },\n    {\n      \"map\": \"longer\",\n      \"verdict\": \"Ok\"\n    }\n  ],\n  [\n    {\n      \"x\": \"1\"\n    }\n  ]\n]\n",
		"csv":      "map,verdict\na|b,FAILED\nlonger,Ok\n\nx\n1\n",
	}
	for _, format := range Formats() {
		var b bytes.Buffer
		if err := Named(format).Export(&b, document()); err != nil {
			t.Fatalf("%s: %v", format, err)
		}
		if format == "html" {
			for _, part := range []string{"<title>A title</title>", "<h1", "A line with <strong>weight</strong>.", `<span class="failed">FAILED</span>`, "<td class=\"short\">a|b</td>"} {
				if !strings.Contains(b.String(), part) {
					t.Errorf("html lacks %s:\n%s", part, b.String())
				}
			}
			continue
		}
		if b.String() != want[format] {
			t.Errorf("%s:\n%q\nwant\n%q", format, b.String(), want[format])
		}
	}
	if Named("xml") != nil {
		t.Error("there is an exporter of xml")
	}
}

// TestData: the JSON of a document with data is its data.
func TestData(t *testing.T) {
	d := document()
	d.Data = map[string]int{"n": 3}
	var b bytes.Buffer
	if err := (JSON{}).Export(&b, d); err != nil || b.String() != "{\n  \"n\": 3\n}\n" {
		t.Errorf("%v: %s", err, b.String())
	}
}

type full struct{}

var errFull = errors.New("full")

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestErrors: no exporter swallows the error of what it writes to.
func TestErrors(t *testing.T) {
	for _, format := range Formats() {
		if err := Named(format).Export(full{}, document()); !errors.Is(err, errFull) {
			t.Errorf("%s: error %v", format, err)
		}
	}
}

// TestControlCharacters: what a file says must not control a terminal, or turn the text of a page.
func TestControlCharacters(t *testing.T) {
	d := &Document{}
	d.Add(Heading{1, "a\x1b[31mb"}, Line("c\u202ed"), Table{Columns: []string{"e\x07"}, Rows: [][]string{{"f\u009b"}}})
	for _, as := range []Exporter{Text{}, Markdown{}, HTML{}} {
		var out strings.Builder
		if err := as.Export(&out, d); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexAny(out.String(), "\x1b\x07\u009b\u202e"); i >= 0 {
			t.Errorf("%T: %q", as, out.String()[max(0, i-10):i+5])
		}
	}
}

// TestSections: what is no summary is left out of the print.
func TestSections(t *testing.T) {
	got := sectioned(`<h1 id="x">X</h1><h2 id="answers">A</h2><p>1</p><h2 id="cost">B</h2>`)
	want := "<h1 id=\"x\">X</h1><section class=\"summary\">\n<h2 id=\"answers\">A</h2><p>1</p></section>\n<section class=\"detail\">\n<h2 id=\"cost\">B</h2></section>\n"
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
