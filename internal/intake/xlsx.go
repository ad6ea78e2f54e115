package intake

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Limits of a workbook, far above 10,000 rows of 600 characters.
const (
	maxParts    = 2000     // files in the archive
	maxUnpacked = 48 << 20 // bytes of all of them together
	// maxMarkup limits '<' and '=' in all parts together: every element and attribute costs
	// many times its bytes once it is read.
	maxMarkup = 3_000_000
	// maxTextMarkup limits them in the texts of all sheets, which are held in memory whole:
	// 10,000 rows need a third of it. Measured at most 250 MB for a file made to cost most.
	maxTextMarkup = 1_000_000
	// maxStyleMarkup limits them in styles and whatever else is held in memory whole.
	maxStyleMarkup = 300_000
	// maxWorkbookMarkup limits them in the workbook part and its relations, which are
	// compared each with each.
	maxWorkbookMarkup = 20_000
	maxSheets         = 10 // sheets in which a header is looked for
)

// sharedStrings is the part with the texts of all sheets.
const sharedStrings = "xl/sharedstrings.xml"

// book is an open workbook.
type book struct{ file *excelize.File }

// openBook opens a workbook after it was made sure that it unpacks to something small.
// Nothing is written to disk, nothing is calculated, no password is tried.
func openBook(data []byte) (opened *book, err error) {
	if bytes.HasPrefix(data, []byte("\xd0\xcf\x11\xe0")) {
		return nil, refuse("import.old_excel", "an OLE container")
	}
	if err := inspect(data); err != nil {
		return nil, err
	}
	defer notOurPanic(&err)
	file, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked,
	})
	if err != nil {
		return nil, refuse("import.bad_xlsx", err.Error())
	}
	return &book{file: file}, nil
}

func (b *book) close() { _ = b.file.Close() } // removes temporary files, of which there are none

// sheets returns the first sheets that are not hidden.
func (b *book) sheets() []string {
	var names []string
	for _, name := range b.file.GetSheetList() {
		if visible, err := b.file.GetSheetVisible(name); err == nil && visible && len(names) < maxSheets {
			names = append(names, name)
		}
	}
	return names
}

// lines gives the rows of a sheet one after the other, as they are shown.
func (b *book) lines(sheet string, yield func(line) error) (err error) {
	defer notOurPanic(&err)
	rows, err := b.file.Rows(sheet)
	if err != nil {
		return refuse("import.bad_xlsx", err.Error())
	}
	defer func() { _ = rows.Close() }() // says again what Error says
	for number := 1; number <= maxSheetRows && rows.Next(); number++ {
		cells, err := rows.Columns()
		if err != nil {
			return refuse("import.bad_xlsx", err.Error())
		}
		if len(cells) > maxColumns { // each far cell costs as many empty ones before it
			return refuse("import.too_complex", "a row with more than 200 columns")
		}
		if err := yield(line{number: number, cells: cells}); err != nil {
			return err
		}
	}
	if err := rows.Error(); err != nil {
		return refuse("import.bad_xlsx", err.Error())
	}
	return nil
}

// notOurPanic turns a panic of the workbook library on a damaged file into a refusal.
func notOurPanic(err *error) {
	if recover() != nil {
		*err = refuse("import.bad_xlsx", "damaged")
	}
}

var errMarkup = errors.New("too much markup")

// inspect reads the archive, keeping nothing, and refuses what would unpack to too
// much: too many parts, too many bytes, too many elements.
func inspect(data []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return refuse("import.bad_xlsx", err.Error())
	}
	if len(archive.File) > maxParts {
		return refuse("import.too_complex", "too many parts")
	}
	var bytesLeft uint64 = maxUnpacked
	for _, part := range archive.File {
		if part.UncompressedSize64 > bytesLeft {
			return refuse("import.too_complex", "unpacks to too many bytes")
		}
		bytesLeft -= part.UncompressedSize64
	}
	left := maxMarkup
	for _, part := range archive.File {
		used, err := countMarkup(part, min(left, markupOf(part.Name)))
		switch {
		case errors.Is(err, errMarkup):
			return refuse("import.too_complex", "too many elements")
		case err != nil:
			return refuse("import.bad_xlsx", err.Error())
		}
		left -= used
	}
	if err := checkRoot(archive); err != nil {
		return err
	}
	for _, part := range archive.File {
		if err := checkWhole(part); err != nil {
			return refuse("import.bad_xlsx", part.Name+": "+err.Error())
		}
	}
	return nil
}

// checkWhole makes sure that a sheet and the texts of all sheets are XML to their end: the
// library would take what it cannot read for the end of the table, and rows be lost.
func checkWhole(part *zip.File) error {
	name := unified(part.Name)
	isSheet := strings.HasPrefix(name, "xl/worksheets/") && strings.HasSuffix(name, ".xml")
	if !isSheet && name != sharedStrings {
		return nil
	}
	r, err := part.Open()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // nothing was written
	decoder := xml.NewDecoder(r)
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// markupOf returns how much markup a part may have. Sheets are read row by row, and what
// belongs to pictures, comments and the like is not read at all: all of it together is limited.
func markupOf(name string) int {
	name = unified(name)
	switch {
	case strings.HasPrefix(name, "xl/workbook"), strings.HasPrefix(name, "xl/_rels/"), strings.HasPrefix(name, "_rels/"):
		return maxWorkbookMarkup
	case name == sharedStrings:
		return maxTextMarkup
	case name == "xl/styles.xml", name == "xl/calcchain.xml", name == "[content_types].xml", strings.HasPrefix(name, "xl/theme/"):
		return maxStyleMarkup
	}
	return maxMarkup
}

// unified returns a part's name as the library compares it.
func unified(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, `\`, "/"))
}

// countMarkup unpacks a part; archive/zip itself refuses one longer than it says.
func countMarkup(part *zip.File, most int) (int, error) {
	r, err := part.Open()
	if err != nil {
		return 0, err
	}
	defer func() { _ = r.Close() }() // nothing was written
	buffer, count := make([]byte, 32<<10), 0
	for {
		n, err := r.Read(buffer)
		count += bytes.Count(buffer[:n], []byte("<")) + bytes.Count(buffer[:n], []byte("="))
		switch {
		case count > most:
			return count, errMarkup
		case errors.Is(err, io.EOF):
			return count, nil
		case err != nil:
			return count, err
		}
	}
}

// checkRoot makes sure that the workbook is where markupOf looks for it.
func checkRoot(archive *zip.Reader) error {
	root, err := archive.Open("_rels/.rels")
	if err != nil {
		return refuse("import.bad_xlsx", "no _rels/.rels")
	}
	defer func() { _ = root.Close() }() // nothing was written
	var relations struct {
		Relationship []struct {
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
		}
	}
	if err := xml.NewDecoder(root).Decode(&relations); err != nil {
		return refuse("import.bad_xlsx", "_rels/.rels: "+err.Error())
	}
	usual := regexp.MustCompile(`^/?xl/workbook[0-9]*\.xml$`)
	for _, relation := range relations.Relationship {
		if strings.HasSuffix(relation.Type, "/officeDocument") && !usual.MatchString(relation.Target) {
			return refuse("import.bad_xlsx", "the workbook is not xl/workbook.xml")
		}
	}
	return nil
}
