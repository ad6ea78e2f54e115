package intake

import (
	"bytes"
	"io"

	"github.com/diemcau/diemcau/internal/conference"
)

// Limits of a file.
const (
	MaxBytes = 5 << 20 // of the file as it is sent
	MaxRows  = 10_000  // with something in them, below the header

	maxColumns    = 200    // beyond them cells are not looked at
	maxCellBytes  = 32_767 // Excel's own limit
	maxSheetRows  = 1 << 20
	maxHeaderRows = 20 // the header is looked for in so many rows
	minSecret     = 16
)

// Options say what the rows are matched against.
type Options struct {
	// Info is the conference; its topics and venues are what the cells may name.
	Info *conference.Info
	// Secret, at least 16 bytes, keys the idempotency keys, so that nobody outside can
	// make the key of an imported question. The same secret gives the same keys for ever.
	Secret []byte
	// Topic is given to rows whose topic cell is empty; "" makes that an error.
	Topic conference.TopicID
}

// Row is one question that can be submitted.
type Row struct {
	Number int    // as spreadsheets count, from 1
	Key    string // the idempotency key: 46 characters, the same whenever the row is read
	Body   string // 1–600 runes, NFC
	Topic  conference.TopicID
	Venue  conference.VenueID // "" when the row names none
	// Name, Phone, Organisation are personal data: they go into sealed fields only.
	Name         string
	Phone        string // digits, with "+" before a country's number
	Organisation string
	ExternalID   string // the collector's own number, "" when the table has none
}

// Result is what a file holds. Every row below the header that is not empty is either in
// Rows or has at least one Problem.
type Result struct {
	Rows     []Row
	Problems []Problem
	Total    int      // rows that are not empty
	Ignored  []string // headings of columns that were not understood
}

// Read reads a file, of which it takes at most MaxBytes; whether it is CSV or XLSX is
// seen from the content. It needs no clock and no network and may be called concurrently.
//
// Refusals of the whole file (Sentence has their words): import.too_large (KindTooLarge);
// import.empty, import.bad_encoding, import.old_excel, import.bad_xlsx, import.too_complex,
// import.too_many_rows, import.no_header, import.column_twice (KindInvalid).
func Read(r io.Reader, options Options) (*Result, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return ReadXLSX(data, options)
	}
	return ReadCSV(data, options)
}

// ReadCSV reads a table in CSV: UTF-8 (or UTF-16 with a byte order mark), separated by
// commas, semicolons or tabs.
func ReadCSV(data []byte, options Options) (*Result, error) {
	text, err := decode(data)
	if err != nil {
		return nil, err
	}
	return readTable(options, func(yield func(line) error) error { return csvLines(text, yield) })
}

// ReadXLSX reads the first sheet of a workbook that has a header. Formulas are not
// calculated: what the workbook says they came to is taken as it stands.
func ReadXLSX(data []byte, options Options) (*Result, error) {
	if err := checkSize(data); err != nil {
		return nil, err
	}
	book, err := openBook(data)
	if err != nil {
		return nil, err
	}
	defer book.close()
	var first error
	for _, sheet := range book.sheets() {
		result, err := readTable(options, func(yield func(line) error) error { return book.lines(sheet, yield) })
		if err == nil {
			return result, nil
		}
		if !isRefusal(err, "import.no_header") && !isRefusal(err, "import.empty") {
			return nil, err
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = refuse("import.empty", "no sheet")
	}
	return nil, first
}

// line is one row of cells, or what made it unreadable.
type line struct {
	number  int
	cells   []string
	problem *Problem
}

func readTable(options Options, lines func(yield func(line) error) error) (*Result, error) {
	t, err := newTable(options)
	if err != nil {
		return nil, err
	}
	if err := lines(t.line); err != nil {
		return nil, err
	}
	return t.result()
}

func checkSize(data []byte) error {
	switch {
	case len(data) > MaxBytes:
		return conference.Refuse(conference.KindTooLarge, "import.too_large", "more than 5 MB")
	case len(data) == 0:
		return refuse("import.empty", "no bytes")
	}
	return nil
}
