package stat

import (
	"cmp"
	"slices"
)

// Sample is one measured value. Link, Process and Block say where it was measured. They are 0 if
// that is not known.
type Sample struct {
	Link, Process, Block int
	Value                float64
}

// layers holds values by link, process and block.
type layers [][][]float64

// layersOf sorts samples into their layers, in the order of their numbers.
func layersOf(samples []Sample) layers {
	sorted := slices.Clone(samples)
	slices.SortStableFunc(sorted, func(a, b Sample) int {
		return cmp.Or(cmp.Compare(a.Link, b.Link), cmp.Compare(a.Process, b.Process))
	})
	var all layers
	for i, s := range sorted {
		if i == 0 || s.Link != sorted[i-1].Link {
			all = append(all, nil)
		}
		link := &all[len(all)-1]
		if len(*link) == 0 || s.Process != sorted[i-1].Process {
			*link = append(*link, nil)
		}
		process := &(*link)[len(*link)-1]
		*process = append(*process, s.Value)
	}
	return all
}

func (l layers) processes() int {
	n := 0
	for _, link := range l {
		n += len(link)
	}
	return n
}

// mean takes the median of the blocks of each process, the mean of these over the processes of
// each link, and the mean of these over the links.
func (l layers) mean() float64 {
	sum := 0.0
	for _, link := range l {
		sum += meanOfLink(link)
	}
	return sum / float64(len(l))
}

func meanOfLink(link [][]float64) float64 {
	sum := 0.0
	for _, blocks := range link {
		sum += Median(slices.Clone(blocks))
	}
	return sum / float64(len(link))
}

// Median returns the median of x, which it sorts. There must be a value.
func Median(x []float64) float64 {
	slices.Sort(x)
	n := len(x)
	return (x[(n-1)/2] + x[n/2]) / 2
}

// singles returns one value for each link. If there is one link, it returns one value for each
// process. If there is one process, it returns the values themselves. These values are independent
// of each other: no two of them have more in common than any other two.
func singles(samples []Sample) (values []float64) {
	all := layersOf(samples)
	switch {
	case len(all) > 1:
		for _, link := range all {
			values = append(values, meanOfLink(link))
		}
	case len(all) == 1 && len(all[0]) > 1:
		for _, blocks := range all[0] {
			values = append(values, Median(slices.Clone(blocks)))
		}
	default:
		for _, s := range samples {
			values = append(values, s.Value)
		}
	}
	return values
}
