package baselines

// pair is a value in each of two columns.
type pair struct {
	i, j int
	a, b string
}

// pairsOf returns the pairs of values in a row.
func pairsOf(row []string) (all []pair) {
	for j := range row {
		for i := range j {
			all = append(all, pair{i, j, row[i], row[j]})
		}
	}
	return all
}

// coverPairs moves some rows to the front, and returns their number. Each pair of values that
// occurs in any row occurs in one of them. It is greedy: it takes the row with the most pairs
// that no row before it has, and the first of several such rows. So the result depends on the
// order of rows, and has few more rows than it must (Cohen, Dalal, Fredman and Patton, 1997).
func coverPairs[R any](rows []R, values func(R) []string) (n int) {
	missing := map[pair]bool{}
	for _, r := range rows {
		for _, p := range pairsOf(values(r)) {
			missing[p] = true
		}
	}
	for ; len(missing) > 0; n++ {
		best, most := n, 0
		for i := n; i < len(rows); i++ {
			gain := 0
			for _, p := range pairsOf(values(rows[i])) {
				if missing[p] {
					gain++
				}
			}
			if gain > most {
				best, most = i, gain
			}
		}
		for _, p := range pairsOf(values(rows[best])) {
			delete(missing, p)
		}
		rows[n], rows[best] = rows[best], rows[n]
	}
	return n
}
