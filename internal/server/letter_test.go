package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/registration"
)

// printed asks for a printed list and returns whether a text is in it.
func (h *house) printed(admin, body string) func(text string) bool {
	h.Helper()
	got := h.do(request{method: "POST", path: api + "/exports", bearer: admin, body: body})
	if got.status != http.StatusOK || !strings.HasPrefix(got.body, "%PDF-") || got.header.Get("Content-Type") != "application/pdf" ||
		got.header.Get("Cache-Control") != "no-store" {
		h.Fatalf("%s: got %d %v, %.200s", body, got.status, got.header, got.body)
	}
	return writtenIn(got)
}

// TestExport_letters: an invitation has the form of an authority's, the person's name and
// ticket, when and where; whoever has no seat gets none. Each file is in the record.
func TestExport_letters(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.peopleOf()
	admin := h.token(conference.RoleAdmin)
	has := h.printed(admin, `{"list":"invitations","format":"pdf","letter":{"agency":"UBND  Thành phố","number":"12/GM-UBND","town":"Hà Nội",
		"date":"2022-10-20","chair":"Chủ tịch","contact":"024 0000 0000","office":"TM. UBND\nCHỦ TỊCH","signer":"Nguyễn Văn Ký"}}`)
	for _, part := range []string{
		"CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "UBND THÀNH PHỐ", "Số: 12/GM-UBND", "Hà Nội, ngày 20 tháng 10 năm 2022", "GIẤY MỜI",
		"Ông/Bà Nguyễn Thị Hoa", "Tản Lĩnh", people[0].Ticket, "Chủ trì: Chủ tịch", "Địa điểm: điểm cầu Huyện Ba Vì", "Chỗ ngồi: đã giữ một chỗ cho Ông/Bà",
		"Hội nghị được ghi hình, ghi âm và phát công khai.", "CHỦ TỊCH", "Nguyễn Văn Ký",
	} {
		if !has(part) {
			t.Errorf("no %q in the letter", part)
		}
	}
	for _, absent := range []string{"cmd()", "Trần Văn Nam", people[1].Ticket, people[2].Ticket, "912000001", "001099012345", "câu hỏi đã gửi"} {
		if has(absent) {
			t.Errorf("%q is in the letters", absent)
		}
	}
	for body, code := range map[string]string{
		`{"list":"registrations","format":"pdf"}`:                                                             "export.bad",
		`{"list":"invitations","format":"pdf","letter":{"date":"20/10/2022"}}`:                                "export.bad",
		`{"list":"invitations","format":"pdf","letter":{"signer":"` + strings.Repeat("ký ", 67) + `là dài"}}`: "export.bad",
	} {
		h.wantProblem(h.do(request{method: "POST", path: api + "/exports", bearer: admin, body: body}), http.StatusBadRequest, code)
	}
	none := h.do(request{method: "POST", path: api + "/exports", bearer: admin, body: `{"list":"invitations","format":"pdf","venue":"son-tay"}`})
	h.wantProblem(none, http.StatusConflict, "export.nobody")
	whole := h.do(request{method: "GET", path: api + "/record?full=1", bearer: admin}).body
	if got := strings.Count(whole, `registration.told`); got != 1 {
		t.Errorf("the record tells of %d exports, want 1", got)
	}
	desk := h.do(request{method: "POST", path: api + "/exports", bearer: h.token(conference.RoleRegistrar), body: `{"list":"invitations","format":"pdf"}`})
	h.wantProblem(desk, http.StatusForbidden, "access.denied")
}

// TestExport_signingList: everybody with a seat is on the list of the door, in the order of
// given names; of a telephone number it has the end alone.
func TestExport_signingList(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.peopleOf()
	admin := h.token(conference.RoleAdmin)
	h.must(conference.RoleAdmin, registration.Cancel{ID: people[1].ID})
	h.must(conference.RoleAdmin, registration.Set{Seats: []conference.SeatCount{{Venue: "ba-vi", Seats: 9}, {Venue: "son-tay", Seats: 5}}})
	for i, name := range []string{"Bùi Đình Ân", "nguyễn thị hoa"} {
		h.registers(name, "091200011"+string(rune('1'+i)), "ba-vi", "")
	}
	has := h.printed(admin, `{"list":"attendance","format":"pdf"}`)
	for _, part := range []string{"DANH SÁCH ĐẠI BIỂU KÝ TÊN", "Điểm cầu: Huyện Ba Vì", "Điểm cầu: Thị xã Sơn Tây", "Danh sách có 3 người", "Nguyễn Thị Hoa", "…001", "…112", "trùng họ tên"} {
		if !has(part) {
			t.Errorf("no %q on the list", part)
		}
	}
	for _, absent := range []string{"0912000001", "84912000001", "Trần Văn Nam", "cmd()"} {
		if has(absent) {
			t.Errorf("%q is on the list", absent)
		}
	}
	if one := h.printed(admin, `{"list":"attendance","format":"pdf","venue":"son-tay"}`); one("Nguyễn Thị Hoa") || !one("Thị xã Sơn Tây") {
		t.Error("the list of one venue is not that venue's")
	}
}
