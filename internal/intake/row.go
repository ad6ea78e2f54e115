package intake

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/text"
)

// Limits of a row, in runes after NFC.
const (
	MaxBodyRunes         = 600
	MaxNameRunes         = 80
	MaxOrganisationRunes = 200
	MaxIDRunes           = 64

	keyBytes = 20
)

var errOptions = errors.New("intake: a conference and a secret of at least 16 bytes are needed")

// table takes lines and keeps what they came to.
type table struct {
	options Options
	known   map[string]Column
	topics  *places[conference.TopicID]
	venues  *places[conference.VenueID]

	looked int // filled rows in which the header was looked for
	found  bool
	header header
	seen   map[string]Row // by key
	out    Result
}

func newTable(options Options) (*table, error) {
	if options.Info == nil || len(options.Secret) < minSecret {
		return nil, errOptions
	}
	if _, ok := options.Info.Topic(options.Topic); !ok && options.Topic != "" {
		return nil, refuse("question.unknown_topic", string(options.Topic))
	}
	return &table{
		options: options, known: headings(Columns()), seen: map[string]Row{},
		topics: topicsOf(options.Info), venues: venuesOf(options.Info),
	}, nil
}

func (t *table) line(l line) error {
	if !t.found {
		return t.lookForHeader(l)
	}
	if l.problem == nil && t.blank(l.cells) {
		return nil
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

func (t *table) lookForHeader(l line) error {
	if l.problem == nil && !filled(l.cells) {
		return nil
	}
	if t.looked++; t.looked > maxHeaderRows {
		return refuse("import.no_header", "")
	}
	var err error
	t.header, t.found, err = findHeader(t.known, ColumnBody, l.cells)
	return err
}

func (t *table) result() (*Result, error) {
	switch {
	case t.looked == 0:
		return nil, refuse("import.empty", "")
	case !t.found:
		return nil, refuse("import.no_header", "")
	}
	t.out.Ignored = t.header.ignored
	return &t.out, nil
}

// blank reports whether no column that is understood has anything in it: tables are often
// numbered far below their last row.
func (t *table) blank(cells []string) bool {
	for i := range t.header.columns {
		if i < len(cells) && strings.TrimSpace(cells[i]) != "" {
			return false
		}
	}
	return true
}

func filled(cells []string) bool {
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			return true
		}
	}
	return false
}

// row reads one row and reports everything that is wrong with it, not only the first.
func (t *table) row(l line) {
	cells := map[Column]string{}
	for i, column := range t.header.columns {
		if i < len(l.cells) {
			cells[column] = l.cells[i]
		}
	}
	r := reader{row: Row{Number: l.number}, cells: cells}
	for column, cell := range cells {
		if isLegacyFont(cell) {
			r.wrong(column, "row.legacy_font", say(
				"Dòng %d: chữ dùng phông cũ TCVN3 (.VnTime). Hãy chuyển bảng sang Unicode rồi nhập lại.",
				"Row %d: the text is in the old TCVN3 font encoding (.VnTime). Convert the table to Unicode and import again.", l.number))
			t.out.Problems = append(t.out.Problems, r.problems...)
			return
		}
	}
	r.body()
	r.row.Topic = readPlace(&r, ColumnTopic, t.topics, t.options.Topic, true)
	r.row.Venue = readPlace(&r, ColumnVenue, t.venues, "", false)
	r.row.Name = r.line(ColumnName, MaxNameRunes)
	r.row.Organisation = r.line(ColumnOrganisation, MaxOrganisationRunes)
	r.row.ExternalID = r.line(ColumnExternalID, MaxIDRunes)
	r.phone()
	if len(r.problems) == 0 {
		r.row.Key = t.key(&r.row)
		t.once(&r)
	}
	if len(r.problems) > 0 {
		t.out.Problems = append(t.out.Problems, r.problems...)
		return
	}
	t.seen[r.row.Key] = r.row
	t.out.Rows = append(t.out.Rows, r.row)
}

// once finds rows that would be one and the same question.
func (t *table) once(r *reader) {
	first, ok := t.seen[r.row.Key]
	if !ok {
		return
	}
	same := r.row
	same.Number = first.Number
	if same == first {
		r.wrong("", "row.repeated", say(
			"Dòng %d: giống hệt dòng %d nên không nhập thêm lần nữa.",
			"Row %d: the same as row %d; it is not imported again.", r.row.Number, first.Number))
		return
	}
	r.wrong(ColumnExternalID, "row.id_twice", say(
		"Dòng %d: mã đã dùng ở dòng %d cho nội dung khác. Hãy sửa mã.",
		"Row %d: row %d has the same ID with other content. Correct the ID.", r.row.Number, first.Number))
}

// key derives the idempotency key from what the row says, never from the file: from the
// collector's own number and the venue, or else from all that is in the row. Two venues
// that both number from 1 do not meet.
func (t *table) key(r *Row) string {
	parts := []string{"row", r.Body, string(r.Topic), string(r.Venue), r.Name, r.Phone, r.Organisation}
	if r.ExternalID != "" {
		parts = []string{"id", r.ExternalID, string(r.Venue)}
	}
	sum := hmac.New(sha256.New, t.options.Secret)
	for _, part := range append([]string{"import", string(t.options.Info.ID)}, parts...) {
		_, _ = io.WriteString(sum, fmt.Sprintf("%d:%s", len(part), part)) // a hash never returns an error
	}
	return "import" + hex.EncodeToString(sum.Sum(nil)[:keyBytes])
}

// reader reads the cells of one row.
type reader struct {
	row      Row
	cells    map[Column]string
	problems []Problem
}

func (r *reader) wrong(column Column, code string, text Text) {
	r.problems = append(r.problems, problem(r.row.Number, column, code, text))
}

func (r *reader) body() {
	cell := r.cells[ColumnBody]
	if len(cell) <= maxCellBytes {
		r.row.Body = text.Paragraph(cell)
	}
	n := text.Runes(r.row.Body)
	switch {
	case len(cell) > maxCellBytes || n > MaxBodyRunes:
		r.wrong(ColumnBody, "row.body_too_long", say(
			"Dòng %d: câu hỏi dài hơn %d ký tự. Hãy rút ngắn hoặc tách thành nhiều dòng.",
			"Row %d: the question is longer than %d characters. Shorten it or split it into several rows.", r.row.Number, MaxBodyRunes))
	case n == 0:
		r.wrong(ColumnBody, "row.no_body", say(
			"Dòng %d: chưa có nội dung câu hỏi. Nếu ô là công thức, hãy dán giá trị vào ô.",
			"Row %d: there is no question. If the cell is a formula, paste its value.", r.row.Number))
	}
}

// line reads a cell that is one short line.
func (r *reader) line(column Column, most int) string {
	cell := r.cells[column]
	if len(cell) <= maxCellBytes {
		if line := text.Line(cell); text.Runes(line) <= most {
			return line
		}
	}
	r.wrong(column, "row."+string(column)+"_too_long", say(
		"Dòng %d, cột “"+column.Headings()[0]+"”: dài hơn %d ký tự.",
		"Row %d, column “"+string(column)+"”: longer than %d characters.", r.row.Number, most))
	return ""
}

// phone reads a telephone number: "0912 345 678", "+84 912345678" and the 912345678 that a
// spreadsheet makes of it are one number.
func (r *reader) phone() {
	cell := r.cells[ColumnPhone]
	if strings.TrimSpace(cell) == "" {
		return
	}
	if number, ok := text.Phone(cell); ok {
		r.row.Phone = number
		return
	}
	r.wrong(ColumnPhone, "row.bad_phone", say(
		"Dòng %d: số điện thoại không đúng. Mỗi ô chỉ ghi một số, ví dụ 0912345678.",
		"Row %d: not a telephone number. Write one number in the cell, such as 0912345678.", r.row.Number))
}

// readPlace reads the cell of a topic or a venue.
func readPlace[ID ~string](r *reader, column Column, in *places[ID], otherwise ID, needed bool) ID {
	cell := text.Line(r.cells[column])
	name := column.Headings()[0]
	if cell == "" {
		if needed && otherwise == "" {
			r.wrong(column, "row.no_"+string(column), say(
				"Dòng %d: chưa có “"+name+"”.", "Row %d: no "+string(column)+".", r.row.Number))
		}
		return otherwise
	}
	id, found := in.find(cell)
	switch found {
	case 1:
		return id
	case 0:
		r.wrong(column, "row.unknown_"+string(column), say(
			"Dòng %d, cột “"+name+"”: hội nghị không có “%s”. Hãy chọn trong danh mục của tệp mẫu.",
			"Row %d, column “"+string(column)+"”: the conference has no “%s”. Choose from the list in the template.",
			r.row.Number, shorten(cell)))
	default:
		r.wrong(column, "row.ambiguous_"+string(column), say(
			"Dòng %d, cột “"+name+"”: “%s” có thể là nhiều nơi. Hãy ghi tên đầy đủ hoặc mã.",
			"Row %d, column “"+string(column)+"”: “%s” may mean several. Write the full name or the id.",
			r.row.Number, shorten(cell)))
	}
	return ""
}
