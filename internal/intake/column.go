package intake

import (
	"strings"

	"github.com/diemcau/diemcau/internal/text"
)

// Column is the meaning of a column.
type Column string

// The columns a table may have; Body is needed, and Topic unless Options has one.
const (
	ColumnBody         Column = "body"
	ColumnTopic        Column = "topic"
	ColumnVenue        Column = "venue"
	ColumnName         Column = "name"
	ColumnPhone        Column = "phone"
	ColumnOrganisation Column = "organisation"
	ColumnExternalID   Column = "externalId"
)

// The columns a table of venues may have; ColumnVenue is needed.
const (
	ColumnID       Column = "id"
	ColumnAddress  Column = "address"
	ColumnSeats    Column = "seats"
	ColumnReserved Column = "reserved"
)

// VenueColumns returns all columns of a table of venues in the order of its template.
func VenueColumns() []Column {
	return []Column{ColumnVenue, ColumnAddress, ColumnSeats, ColumnReserved, ColumnID}
}

// Columns returns all columns in the order of the template.
func Columns() []Column {
	return []Column{
		ColumnExternalID, ColumnBody, ColumnTopic, ColumnVenue, ColumnName, ColumnPhone, ColumnOrganisation,
	}
}

// Headings returns what a column may be called, in any case, with or without marks; the
// first one is what the template calls it.
func (c Column) Headings() []string {
	switch c {
	case ColumnBody:
		return []string{
			"Nội dung câu hỏi", "Câu hỏi", "Nội dung", "Nội dung hỏi", "Kiến nghị", "Nội dung kiến nghị", "Ý kiến", "Nội dung ý kiến",
			"Nội dung phản ánh", "Nội dung câu hỏi kiến nghị", "Question", "Body", "Text", "Content", "Question text",
		}
	case ColumnTopic:
		return []string{
			"Chủ đề", "Lĩnh vực", "Nhóm vấn đề", "Nhóm nội dung", "Thủ tục", "Topic", "Subject", "Category", "Field",
		}
	case ColumnVenue:
		return []string{
			"Điểm cầu", "Địa phương", "Địa bàn", "Quận huyện", "Quận huyện thị xã", "Quận", "Huyện", "Phường xã", "Xã phường",
			"Venue", "District", "Commune", "Ward", "Place", "Location",
		}
	case ColumnName:
		return []string{
			"Họ và tên", "Họ tên", "Người hỏi", "Tên", "Công dân", "Tên công dân", "Họ tên công dân", "Người gửi",
			"Name", "Full name", "Citizen", "Asker", "Sender",
		}
	case ColumnPhone:
		return []string{
			"Số điện thoại", "Điện thoại", "SĐT", "ĐT", "Số ĐT", "Di động",
			"Phone", "Phone number", "Telephone", "Mobile", "Mobile phone",
		}
	case ColumnOrganisation:
		return []string{
			"Cơ quan, tổ chức", "Cơ quan", "Tổ chức", "Đơn vị", "Doanh nghiệp", "Công ty", "Cơ quan đơn vị",
			"Organisation", "Organization", "Company", "Employer",
		}
	case ColumnID:
		return []string{"Mã điểm cầu", "Mã", "Mã số", "ID", "Code"}
	case ColumnAddress:
		return []string{"Địa chỉ", "Địa điểm", "Nơi tổ chức", "Address", "Location", "Place"}
	case ColumnSeats:
		return []string{"Số ghế", "Số chỗ", "Sức chứa", "Số chỗ ngồi", "Tổng số ghế", "Seats", "Capacity"}
	case ColumnReserved:
		return []string{"Ghế dành riêng", "Giữ chỗ", "Ghế giữ chỗ", "Số ghế dành riêng", "Dự phòng", "Khách mời", "Reserved", "Reserved seats"}
	case ColumnExternalID:
		return []string{
			"Mã", "Mã số", "Mã câu hỏi", "Mã phiếu", "Số phiếu", "Mã hồ sơ", "ID", "External ID", "Code", "Reference", "Ref",
		}
	}
	return nil
}

// header is the meaning of each column of one table.
type header struct {
	columns map[int]Column
	ignored []string
}

// headings maps what a heading folds to onto its column.
func headings(columns []Column) map[string]Column {
	known := map[string]Column{}
	for _, column := range columns {
		known[fold(string(column))] = column
		for _, heading := range column.Headings() {
			known[fold(heading)] = column
		}
	}
	return known
}

// findHeader reads a row as a header; false when it is none: a header names the column that
// is needed, and has two columns that are understood unless it has only one cell.
func findHeader(known map[string]Column, needed Column, cells []string) (header, bool, error) {
	h, has, filled := header{columns: map[int]Column{}}, map[Column]bool{}, 0
	var twice Column
	for i, cell := range cells {
		if fold(cell) == "" {
			continue
		}
		filled++
		column, ok := meaning(known, cell)
		if !ok {
			h.ignored = append(h.ignored, shorten(text.Line(cell)))
			continue
		}
		if has[column] {
			twice = column
		}
		has[column], h.columns[i] = true, column
	}
	if !has[needed] || (len(has) < 2 && filled > 1) {
		return header{}, false, nil
	}
	if twice != "" {
		return header{}, false, refuse("import.column_twice", string(twice))
	}
	return h, true, nil
}

// meaning looks a heading up as a whole, then the parts of "Câu hỏi / Question (*)".
func meaning(known map[string]Column, cell string) (Column, bool) {
	if column, ok := known[fold(cell)]; ok {
		return column, true
	}
	for _, part := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune("/|\\()[]\n:–", r) }) {
		if column, ok := known[fold(part)]; ok {
			return column, true
		}
	}
	return "", false
}

// shorten keeps a quoted cell short enough for a sentence.
func shorten(cell string) string {
	const most = 60
	runes := []rune(cell)
	if len(runes) <= most {
		return cell
	}
	return string(runes[:most-1]) + "…"
}
