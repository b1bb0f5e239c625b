package plots_test

import (
	"fmt"
	"os"

	"doublebuf/analysis"
	"doublebuf/plots"
	"doublebuf/results"
)

// Draw draws the figures of a run, each as SVG and PNG with its numbers as CSV.
func ExampleDraw() {
	set, _, err := results.Load("../results/reference")
	if err != nil {
		fmt.Println(err)
		return
	}
	reads := results.Set{Manifest: set.Manifest, Better: set.Better, Machine: set.Machine}
	for _, c := range set.Cells {
		if c.Kind == results.Throughput && c.Mix == "read-only" && c.KeyType == "string" {
			reads.Cells = append(reads.Cells, c)
		}
	}
	dir, err := os.MkdirTemp("", "figures")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	figures, err := plots.Draw(analysis.Of(&reads), dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range figures {
		fmt.Println(f.Title + ": " + f.SVG)
	}
	// Output:
	// Which map for which use: which-map.svg
	// Throughput by goroutines: throughput-by-goroutines-read-only-zipf0.99-string-64Ki-p2.svg
	// Throughput by share of writes: throughput-by-write-share-g2-zipf0.99-string-64Ki-p2.svg
	// Memory per key: memory-a-key-read-only-g2-zipf0.99-string-64Ki-p2.svg
}
