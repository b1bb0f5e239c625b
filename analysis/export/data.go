package export

import (
	"encoding/csv"
	"encoding/json"
	"io"
)

// JSON writes a document for another program: its Data or, if it has none, its tables.
type JSON struct{}

func (JSON) Export(w io.Writer, d *Document) error {
	data := d.Data
	if data == nil {
		data = d.records()
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(data)
}

// records returns the rows of each table, as objects whose keys are the names of the columns.
func (d *Document) records() [][]map[string]string {
	all := [][]map[string]string{}
	for _, t := range d.tables() {
		rows := []map[string]string{}
		for _, row := range t.Rows {
			record := map[string]string{}
			for i, name := range t.Columns {
				if i < len(row) {
					record[name] = plain(row[i])
				}
			}
			rows = append(rows, record)
		}
		all = append(all, rows)
	}
	return all
}

func (d *Document) tables() (all []Table) {
	for _, block := range d.Blocks {
		if t, ok := block.(Table); ok {
			all = append(all, t)
		}
	}
	return all
}

// CSV writes the tables of a document, each below the names of its columns. An empty line
// separates two tables.
type CSV struct{}

func (CSV) Export(w io.Writer, d *Document) error {
	out := csv.NewWriter(w)
	for i, t := range d.tables() {
		if i > 0 {
			out.Flush()
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := out.Write(t.Columns); err != nil {
			return err
		}
		for _, row := range t.Rows {
			cells := make([]string, len(row))
			for i, cell := range row {
				cells[i] = plain(cell)
			}
			if err := out.Write(cells); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
