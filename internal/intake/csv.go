package intake

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
)

// csvLines gives the rows of a table in CSV one after the other.
func csvLines(text []byte, yield func(line) error) error {
	comma, text, skipped := delimiter(text)
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = comma, -1, true
	number, before := skipped, int64(0)
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		after := r.InputOffset()
		number += 1 + blankLines(text[before:after])
		before = after
		l := line{number: number, cells: cells[:min(len(cells), maxColumns)]}
		if err != nil {
			p := problem(number, "", "row.bad_csv", say(
				"Dòng %d: dấu ngoặc kép không khớp. Trong CSV, ô có dấu ngoặc kép phải được đặt trong ngoặc kép và viết đôi ngoặc bên trong.",
				"Row %d: the quotation marks do not match. In CSV a cell with quotation marks is itself quoted, with the inner marks doubled.", number))
			l.problem = &p
		}
		if err := yield(l); err != nil {
			return err
		}
	}
}

// delimiter returns the separator of a table and the table itself: what a first line
// "sep=;" says, else the one whose first lines have the best header, else the one the
// first lines have most of.
func delimiter(text []byte) (comma rune, rest []byte, skipped int) {
	first, after, _ := bytes.Cut(text, []byte("\n"))
	if sep := bytes.TrimRight(first, "\r"); len(sep) == 5 && bytes.EqualFold(sep[:4], []byte("sep=")) && strings.IndexByte(",;\t|", sep[4]) >= 0 {
		return rune(sep[4]), after, 1
	}
	best, comma := -1, ','
	for _, candidate := range []rune{',', ';', '\t'} {
		if score := headerScore(text, candidate); score > best {
			best, comma = score, candidate
		}
	}
	return comma, text, 0
}

// headerScore is how well the first rows look when cut at the separator.
func headerScore(text []byte, comma rune) int {
	const perColumn = 1000
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord = comma, -1
	known, best := headings(slices.Concat(Columns(), VenueColumns())), 0
	for range maxHeaderRows {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		score := min(len(cells), maxColumns)
		for _, cell := range cells[:score] {
			if _, ok := meaning(known, cell); ok {
				score += perColumn
			}
		}
		best = max(best, score)
	}
	return best
}

// blankLines counts the empty lines at the start of a chunk, which encoding/csv skips and
// spreadsheets count.
func blankLines(chunk []byte) int {
	n := 0
	for {
		rest, ok := bytes.CutPrefix(chunk, []byte("\r\n"))
		if !ok {
			if rest, ok = bytes.CutPrefix(chunk, []byte("\n")); !ok {
				return n
			}
		}
		chunk = rest
		n++
	}
}
