package plots

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"doublebuf/analysis"
	"doublebuf/results"
)

// plane makes a run over shares of writes and sizes. factor returns by how much a double buffer is
// faster than xsync; 0 leaves the cell out.
func plane(blocks int, mixes []string, sizes []int, factor func(mix, size, block int) float64) *results.Set {
	s := testRun(nil, 0)
	for _, v := range []results.Verdict{
		{Impl: "dbuf-epoch-b1", Level: "linearizable", Outcome: results.Ok},
		{Impl: "dbuf-epoch-b64", Level: "atomic", Outcome: results.Unknown},
		{Impl: "xsync", Level: "linearizable", Outcome: results.Ok},
		{Impl: "slow", Level: "linearizable", Outcome: results.Ok},
		{Impl: "wrong", Level: "linearizable", Outcome: results.Illegal},
		{Impl: "lags", Level: "atomic", Outcome: results.Ok},
		{Impl: "plain", Level: "linearizable", Outcome: results.Ok},
	} {
		s.Manifest.Verdicts = append(s.Manifest.Verdicts, v)
		for block := 1; block <= blocks; block++ {
			for i, mix := range mixes {
				for j, size := range sizes {
					speed := map[string]float64{"xsync": 50e6, "slow": 10e6, "wrong": 900e6, "lags": 800e6, "plain": 990e6}[v.Impl]
					if speed == 0 {
						if speed = 50e6 * factor(i, j, block); speed == 0 {
							continue
						}
					}
					s.Cells = append(s.Cells, results.Cell{
						ID:    results.ID{Kind: results.Throughput, Impl: v.Impl, Mix: mix, Dist: "zipf0.99", KeyType: "uint64", Keys: size, G: 2, Procs: 2},
						Block: block, Metrics: map[string]float64{results.OpsPerSec: speed},
					})
				}
			}
		}
	}
	return s
}

var (
	planeMixes = []string{"read-only", "r95w5", "r50w50"}
	planeSizes = []int{1 << 10, 64 << 10, 1 << 20}
)

func TestHeatMap(t *testing.T) {
	run := plane(6, planeMixes, planeSizes, func(mix, size, block int) float64 {
		if mix == 0 && size == 2 {
			return 0
		}
		f := math.Pow(4, float64(1-mix)) * (1 + 0.01*float64(size))
		if mix == 1 && size == 0 { // the blocks do not agree which map is faster
			f = []float64{1 / 1.1, 1.1}[block%2]
		}
		return f
	})
	all := byWriteShareAndSize(analysis.Of(run))
	if len(all) != 1 || len(all[0].heat) != 2 {
		t.Fatalf("%+v", all)
	}
	c := all[0]
	var table strings.Builder
	for _, row := range c.table {
		fmt.Fprintln(&table, strings.Join(row, ","))
	}
	golden(t, "heat.txt", table.String())
	h := c.heat[0]
	for _, cell := range []struct {
		row, column int
		text        string
		shade       float64
	}{{0, 0, "4.00", 4}, {2, 0, "", math.NaN()}, {0, 1, "(1.00)", 0}, {2, 1, "1.02", 0}, {1, 2, "0.25", -4}} {
		got := h.cells[cell.row][cell.column]
		if got.ratio.N > 0 && (got.label() != cell.text || got.against != "xsync") || fmt.Sprint(h.Z(cell.column, cell.row)) != fmt.Sprint(cell.shade) {
			t.Errorf("row %d, column %d: %q against %s, shade %v; want %q and %v", cell.row, cell.column, got.label(), got.against, h.Z(cell.column, cell.row), cell.text, cell.shade)
		}
	}
	svg := string(svgOf(t, c))
	for _, want := range []string{">dbuf-epoch-b1<", ">dbuf-epoch-b64 ?<", ">64Ki<", ">4.00<", ">(1.00)<", ">–<", ">xsync<", "4 times or more", "0.25 times or less", "n = 6 blocks", "commit 0123456789ab"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the figure does not say %q", want)
		}
	}
	if _, err := c.png(); err != nil {
		t.Error(err)
	}
	if *keep != "" {
		drawTo(t, "heat", run)
	}
}

// One size or one share gives no heat map. Too few blocks and factors of a million are drawn.
func TestOddHeatMaps(t *testing.T) {
	for name, run := range map[string]*results.Set{
		"one size":  plane(6, planeMixes, planeSizes[:1], func(int, int, int) float64 { return 1 }),
		"one share": plane(6, planeMixes[:1], planeSizes, func(int, int, int) float64 { return 1 }),
		"nothing":   plane(6, planeMixes, planeSizes, func(int, int, int) float64 { return 0 }),
	} {
		if all := byWriteShareAndSize(analysis.Of(run)); len(all) != 0 {
			t.Errorf("%s: %d figures", name, len(all))
		}
	}
	for name, factor := range map[string]float64{"a million": 1e6, "a millionth": 1e-6, "equal": 1} {
		c := byWriteShareAndSize(analysis.Of(plane(2, planeMixes, planeSizes, func(int, int, int) float64 { return factor })))[0]
		svg := svgOf(t, c)
		if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) || c.heat[0].cells[0][0].label()[0] != '(' {
			t.Errorf("%s: %s", name, c.heat[0].cells[0][0].label())
		}
	}
	zeros := plane(6, planeMixes, planeSizes, func(int, int, int) float64 { return 1 })
	for _, cell := range zeros.Cells {
		cell.Metrics[results.OpsPerSec] = 0
	}
	if all := byWriteShareAndSize(analysis.Of(zeros)); len(all) != 0 {
		t.Errorf("zeros: %d figures", len(all))
	}
}
