package results

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// maxText is the largest length of a file of cells, and of what it holds if it is compressed.
const maxText = 256 << 20

// readText reads a file of Go benchmark text. It decodes what go test, PowerShell and gzip make of
// such a file, and reports whether it had to. The path "-" is standard input.
func readText(path string) (text []byte, recoded bool, err error) {
	f := os.Stdin
	if path != "-" {
		if f, err = os.Open(path); err != nil {
			return nil, false, err
		}
		defer f.Close()
	}
	var in io.Reader = bufio.NewReader(f)
	if start, _ := in.(*bufio.Reader).Peek(2); string(start) == "\x1f\x8b" {
		if in, err = gzip.NewReader(in); err != nil {
			return nil, false, fmt.Errorf("%s: %w", path, err)
		}
		recoded = true
	}
	raw, err := readLines(path, in)
	if err != nil {
		return nil, false, err
	}
	utf8, _, err := transform.Bytes(unicode.BOMOverride(transform.Nop), raw)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", path, err)
	}
	text = fromTestJSON(utf8)
	return text, recoded || !bytes.Equal(text, raw), nil
}

// readLines reads all of in. It stops at once where the input is too large, or is no text of lines.
func readLines(path string, in io.Reader) ([]byte, error) {
	var text []byte
	buf := make([]byte, 1<<16)
	for ended := 0; ; {
		n, err := in.Read(buf)
		text = append(text, buf[:n]...)
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			ended = len(text) - n + i
		}
		switch {
		case err == io.EOF:
			return text, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path, err)
		case len(text)-ended > 4*maxLine:
			return nil, fmt.Errorf("%s: a line of more than %d bytes; want text of lines of %d at most", path, 4*maxLine, maxLine)
		case len(text) > maxText:
			return nil, fmt.Errorf("%s: more than %d MiB of text; want %d at most", path, maxText>>20, maxText>>20)
		}
	}
}

// fromTestJSON returns the output in what go test -json prints, package by package. Other text
// stays as it is.
func fromTestJSON(text []byte) []byte {
	if start := bytes.TrimLeft(text, " \r\n"); !bytes.HasPrefix(start, []byte("{")) {
		return text
	}
	var packages []string // in the order of their first event
	outputs := map[string]*bytes.Buffer{}
	for line := range bytes.Lines(text) {
		var event struct{ Action, Package, Output string }
		err := json.Unmarshal(line, &event)
		if err != nil || event.Action == "" || event.Action == "output" && event.Output == "" {
			event.Output = string(line) // of a tool that go test runs, or damage
		}
		out := outputs[event.Package]
		if out == nil {
			out = &bytes.Buffer{}
			outputs[event.Package] = out
			packages = append(packages, event.Package)
		}
		out.WriteString(event.Output)
	}
	var all bytes.Buffer
	for _, name := range packages {
		if name != "" {
			fmt.Fprintf(&all, "pkg: %s\n", name)
		}
		out := outputs[name].Bytes()
		all.Write(out)
		if len(out) > 0 && !bytes.HasSuffix(out, []byte("\n")) {
			all.WriteByte('\n')
		}
	}
	return all.Bytes()
}
