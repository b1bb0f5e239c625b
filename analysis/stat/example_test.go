package stat_test

import (
	"fmt"

	"doublebuf/analysis/stat"
)

// The interval of a median makes no assumption about the distribution. It needs 6 values.
func ExampleSummarize() {
	s := stat.Summarize([]float64{9.8, 10.1, 10.0, 10.4, 9.9, 10.2, 31.5})
	fmt.Printf("%.1f [%.1f, %.1f], n = %d\n", s.Median, s.Lo, s.Hi, s.N)
	fmt.Println(stat.Summarize([]float64{1, 2, 3}).Warnings)
	// Output:
	// 10.1 [9.8, 31.5], n = 7
	// [3 repetitions are too few for an interval; want 6 or more]
}
