package judge

import (
	"os"
	"strings"
	"testing"
)

// The package documentation has the laws as the command prints them.
func TestLawsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Join(strings.Fields(strings.ReplaceAll(string(text), "//", "")), " ")
	for name, law := range lawTexts {
		if name[0] == 'C' && !strings.Contains(doc, name+" "+law) {
			t.Errorf("doc.go does not say: %s %s", name, law)
		}
	}
}
