package paper

import (
	"strconv"
	"time"
)

// SigningList is the list that people sign at the door, each venue beginning on a page of
// its own with a head that stands on all of its pages.
type SigningList struct {
	MadeAt time.Time
	Agency string // "" left out
	Title  string // of the conference
	Venues []SigningVenue
}

// SigningVenue is the list of one door.
type SigningVenue struct {
	Name string
	When string // and where
	Rows []SigningRow
	// Spare lines at the end are for people who are not on the list.
	Spare int
}

// SigningRow is one person. Whoever looks at the list sees the others: it has no more of a
// person than tells people of the same name apart.
type SigningRow struct {
	Name      string
	About     string // commune, organisation
	PhoneEnds string
	Note      string
}

// Columns of the list, mm: number, name, about, telephone, note, signature.
var signingColumns = [...]struct { //nolint:gochecknoglobals // never changed
	head string
	wide float64
}{{"TT", 10}, {"Họ và tên", 52}, {"Xã/phường, cơ quan", 47}, {"ĐT", 14}, {"Ghi chú", 25}, {"Ký tên", 32}}

const signingHigh = 11.0 // of a row, at least: a signature fits

// PrintSigningList returns the lists as PDF, in their order.
func PrintSigningList(list *SigningList) ([]byte, error) {
	w := newWriter("vi", "Danh sách ký tên – "+list.Title, list.MadeAt, serif(), margins{15, 15, 18, 15})
	for i := range list.Venues {
		w.signing(list, &list.Venues[i])
	}
	if len(list.Venues) == 0 { // a file without a page is none
		w.signing(list, &SigningVenue{})
	}
	return w.file()
}

func (w *writer) signing(list *SigningList, venue *SigningVenue) {
	sheet := 0
	w.fresh = func(w *writer) {
		sheet++
		w.signingHead(list, venue, sheet)
	}
	w.page()
	for i, row := range venue.Rows {
		phone := row.PhoneEnds
		if phone != "" {
			phone = "…" + phone
		}
		w.signingRow(style{size: 12, most: 6}, strconv.Itoa(i+1), row.Name, row.About, phone, row.Note, "")
	}
	for i := range venue.Spare {
		w.signingRow(style{size: 12, most: 1}, strconv.Itoa(len(venue.Rows)+i+1), "", "", "", "", "")
	}
	w.room(45)
	w.y += 4
	w.text(style{size: 12, most: 1}, "Có mặt: ……… người, trong đó ……… người không có trong danh sách.")
	w.y += 2
	foot := style{weight: "B", size: 12, align: "C", most: 1}
	w.block(foot, "NGƯỜI PHỤ TRÁCH ĐIỂM CẦU", w.left+w.wide/2, w.wide/2)
	w.block(style{weight: "I", size: 11, align: "C", most: 1}, "(ký, ghi rõ họ tên)", w.left+w.wide/2, w.wide/2)
	w.fresh = nil
}

func (w *writer) signingHead(list *SigningList, venue *SigningVenue, sheet int) {
	w.pdf.SetXY(w.left, pageHigh-14)
	w.font(style{size: 10})
	w.pdf.CellFormat(w.wide, 5, "Tờ "+strconv.Itoa(sheet), "", 0, "RM", false, 0, "")
	if sheet == 1 {
		w.text(style{weight: "B", size: 12, most: 2}, list.Agency)
		w.text(style{weight: "B", size: 15, align: "C", most: 1}, "DANH SÁCH ĐẠI BIỂU KÝ TÊN")
		w.text(style{weight: "B", size: letterSize, align: "C", most: 3}, list.Title)
	}
	w.text(style{weight: "B", size: letterSize, align: "C", most: 2}, "Điểm cầu: "+venue.Name)
	if sheet == 1 {
		w.text(style{size: 12, align: "C", most: 3}, venue.When)
		w.text(style{size: 12, align: "C", most: 1}, "Danh sách có "+strconv.Itoa(len(venue.Rows))+" người")
	}
	w.y += 2
	heads := make([]string, len(signingColumns))
	for i, column := range signingColumns {
		heads[i] = column.head
	}
	w.signingRow(style{weight: "B", size: 11, align: "C", most: 1}, heads...)
}

// signingRow writes a row of the table, as high as its highest cell.
func (w *writer) signingRow(s style, cells ...string) {
	const inside = 1.0
	broken := make([][]string, len(cells))
	high := signingHigh
	if s.weight == "B" {
		high = s.high() + 2*inside
	}
	for i, cell := range cells {
		broken[i] = w.broken(s, cell, signingColumns[i].wide)
		high = max(high, float64(len(broken[i]))*s.high()+2*inside)
	}
	if w.y+high > w.floor {
		w.page()
	}
	x, top := w.left, w.y
	for i, lines := range broken {
		w.font(s)
		w.pdf.SetLineWidth(0.2)
		w.pdf.Rect(x, top, signingColumns[i].wide, high, "D")
		y := top + (high-float64(len(lines))*s.high())/2
		for _, line := range lines {
			w.pdf.SetXY(x, y)
			w.pdf.CellFormat(signingColumns[i].wide, s.high(), line, "", 0, s.align+"M", false, 0, "")
			y += s.high()
		}
		x += signingColumns[i].wide
	}
	w.y = top + high
}
