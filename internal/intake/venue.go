package intake

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/text"
)

// VenueResult is what a table of venues holds: those of its rows that can be used, in their
// order. One that the conference has already, by id or by name, has its id.
type VenueResult struct {
	Venues   []conference.Venue
	Problems []Problem
	Total    int      // rows that are not empty
	Ignored  []string // headings of columns that were not understood
}

// ReadVenues reads a table of venues, CSV or XLSX, as Read reads questions. Empty cells leave
// what the conference has: a table of names and seats does not take addresses away.
// Refusals: those of Read, with import.no_venues for import.no_header.
func ReadVenues(r io.Reader, info *conference.Info) (*VenueResult, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if err := checkSize(data); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		decoded, err := decode(data)
		if err != nil {
			return nil, err
		}
		return venueRows(info, func(yield func(line) error) error { return csvLines(decoded, yield) })
	}
	book, err := openBook(data)
	if err != nil {
		return nil, err
	}
	defer book.close()
	err = refuse("import.no_venues", "")
	for _, sheet := range book.sheets() {
		var result *VenueResult
		result, err = venueRows(info, func(yield func(line) error) error { return book.lines(sheet, yield) })
		if err == nil || !isRefusal(err, "import.no_venues") {
			return result, err
		}
	}
	return nil, err
}

// venueTable takes the lines of a table of venues.
type venueTable struct {
	info   *conference.Info
	places *places[conference.VenueID]
	known  map[string]Column
	header header
	looked int
	found  bool
	seen   map[string]int // what a venue is told apart by → its row
	out    VenueResult
}

func venueRows(info *conference.Info, lines func(yield func(line) error) error) (*VenueResult, error) {
	t := &venueTable{info: info, places: venuesOf(info), known: headings(VenueColumns()), seen: map[string]int{}}
	if err := lines(t.line); err != nil {
		return nil, err
	}
	if !t.found {
		return nil, refuse("import.no_venues", "")
	}
	t.out.Ignored = t.header.ignored
	return &t.out, nil
}

func (t *venueTable) line(l line) error {
	if l.problem == nil && !filled(l.cells) {
		return nil
	}
	if !t.found {
		if t.looked++; t.looked > maxHeaderRows {
			return refuse("import.no_venues", "")
		}
		var err error
		t.header, t.found, err = findHeader(t.known, ColumnVenue, l.cells)
		return err
	}
	if t.out.Total++; t.out.Total > MaxRows {
		return refuse("import.too_many_rows", "more than 10,000")
	}
	if l.problem != nil {
		t.out.Problems = append(t.out.Problems, *l.problem)
		return nil
	}
	t.row(l)
	return nil
}

func (t *venueTable) row(l line) {
	r := reader{row: Row{Number: l.number}, cells: map[Column]string{}}
	for i, column := range t.header.columns {
		if i < len(l.cells) {
			r.cells[column] = l.cells[i]
		}
	}
	v := t.venue(&r)
	if len(r.problems) == 0 {
		key := fold(v.Name)
		if v.ID != "" {
			key = "id " + string(v.ID)
		}
		if first, twice := t.seen[key]; twice {
			r.wrong(ColumnVenue, "row.venue_twice", say(
				"Dòng %d: điểm cầu này đã có ở dòng %d.", "Row %d: this venue is in row %d already.", l.number, first))
		} else {
			t.seen[key] = l.number
		}
	}
	if len(r.problems) > 0 {
		t.out.Problems = append(t.out.Problems, r.problems...)
		return
	}
	t.out.Venues = append(t.out.Venues, v)
}

// venue reads one row, beginning with what the conference has of it.
func (t *venueTable) venue(r *reader) conference.Venue {
	name, id := r.line(ColumnVenue, conference.MaxNameRunes), strings.ToLower(text.Line(r.cells[ColumnID]))
	var v conference.Venue
	if known, found := t.places.find(id); id != "" && found == 1 {
		v, _ = t.info.Venue(known)
	} else if known, found := t.places.find(name); found == 1 && id == "" {
		v, _ = t.info.Venue(known)
	}
	if v.ID == "" && id != "" {
		if !conference.ValidID(id) {
			r.wrong(ColumnID, "row.bad_id", say(
				"Dòng %d: mã “%s” chỉ được gồm a–z, 0–9 và dấu gạch nối. Có thể để trống.",
				"Row %d: the id “%s” may only have a–z, 0–9 and hyphens. It may be left empty.", r.row.Number, shorten(id)))
		}
		v.ID = conference.VenueID(id)
	}
	if name == "" && len(r.problems) == 0 {
		r.wrong(ColumnVenue, "row.no_venue", say("Dòng %d: chưa có tên điểm cầu.", "Row %d: the venue has no name.", r.row.Number))
	}
	v.Name = name
	if address := r.line(ColumnAddress, conference.MaxNameRunes); address != "" {
		v.Address = address
	}
	v.Seats = r.count(ColumnSeats, v.Seats)
	v.Reserved = r.count(ColumnReserved, v.Reserved)
	if v.Reserved > v.Seats && len(r.problems) == 0 {
		r.wrong(ColumnReserved, "row.too_many_reserved", say(
			"Dòng %d: số ghế dành riêng (%d) nhiều hơn số ghế (%d).",
			"Row %d: more seats are reserved (%d) than there are (%d).", r.row.Number, v.Reserved, v.Seats))
	}
	return v
}

// count reads a number of seats: "120", "1.200", "120 ghế".
func (r *reader) count(column Column, otherwise int) int {
	cell := fold(strings.NewReplacer(".", "", ",", "").Replace(r.cells[column]))
	if cell == "" {
		return otherwise
	}
	digits, unit, _ := strings.Cut(cell, " ")
	n, err := strconv.Atoi(digits)
	if err != nil || n > conference.MaxSeats || strings.ContainsAny(unit, "0123456789") {
		r.wrong(column, "row.bad_seats", say(
			"Dòng %d, cột “"+column.Headings()[0]+"”: “%s” không phải một số từ 0 đến %d.",
			"Row %d, column “"+string(column)+"”: “%s” is no number from 0 to %d.",
			r.row.Number, shorten(text.Line(r.cells[column])), conference.MaxSeats))
	}
	return n
}

// venueTitle is a column's heading in the template, in both languages.
func venueTitle(c Column) string {
	return c.Headings()[0] + " / " + map[Column]string{
		ColumnVenue: "Venue", ColumnAddress: "Address", ColumnSeats: "Seats", ColumnReserved: "Reserved", ColumnID: "ID",
	}[c]
}

// WriteVenues writes the conference's venues as a workbook that ReadVenues reads: to be filled
// in, or to be kept.
func WriteVenues(w io.Writer, info *conference.Info) error {
	rows := [][]any{{}}
	for _, column := range VenueColumns() {
		rows[0] = append(rows[0], venueTitle(column))
	}
	for _, v := range info.Venues {
		rows = append(rows, []any{v.Name, v.Address, v.Seats, v.Reserved, string(v.ID)})
	}
	file := excelize.NewFile()
	defer func() { _ = file.Close() }() // it was never on disk
	if err := file.SetSheetName("Sheet1", "Điểm cầu"); err != nil {
		return fmt.Errorf("write venues: %w", err)
	}
	for i, row := range rows {
		if err := file.SetSheetRow("Điểm cầu", fmt.Sprintf("A%d", i+1), &row); err != nil {
			return fmt.Errorf("write venues: %w", err)
		}
	}
	if err := file.SetColWidth("Điểm cầu", "A", "B", 40); err != nil {
		return fmt.Errorf("write venues: %w", err)
	}
	if _, err := file.WriteTo(w); err != nil {
		return fmt.Errorf("write venues: %w", err)
	}
	return nil
}
