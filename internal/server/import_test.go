package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
)

type imported struct {
	Total    int
	Imported []struct {
		Row  int
		Code string
	}
	Problems []struct {
		Row  int
		Code string
		Text struct{ Vi, En string }
	}
	Ignored []string
	Usable  int
	Preview []struct{ Topic string }
}

// TestQ6_Import: good rows become questions with a code whatever is wrong with the others;
// the same file again gives the same codes; only moderators and administrators may.
func TestQ6_Import(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const path = api + "/questions/import"
	file := "Nội dung câu hỏi;Chủ đề;Điểm cầu;Họ tên;Số điện thoại;Cơ quan;Ghi chú\n" +
		"Bao giờ tôi nhận được sổ đỏ?;bien-dong;ba-vi;Nguyễn Thị Hoa;912345678;HTX Tân Tiến;x\n" +
		";bien-dong;;;;;\n" +
		"Hỏi về giá đất;khong-co;;;;;\n" +
		"Khi nào đo lại thửa đất?;bien-dong;;;;;\n"
	send := func(token, body string) answer {
		return h.do(request{method: "POST", path: path, body: body, contentType: "text/csv", bearer: token, lang: "vi"})
	}
	for role, status := range map[conference.Role]int{conference.RoleStage: http.StatusForbidden, conference.RoleRegistrar: http.StatusForbidden} {
		if got := send(h.token(role), file); got.status != status {
			t.Errorf("%s: got %d, want %d", role, got.status, status)
		}
	}
	h.wantProblem(send("", file), http.StatusUnauthorized, "session.unknown")
	h.wantProblem(send(h.token(conference.RoleAdmin), "a,b\n1,2\n"), http.StatusBadRequest, "import.no_header")

	running, err := h.live.Conference(place)
	if err != nil {
		t.Fatal(err)
	}
	looked := h.do(request{method: "POST", path: path + "?check=1", body: file, contentType: "text/csv", bearer: h.token(conference.RoleModerator)})
	seen := fromJSON[imported](t, looked.body)
	if seen.Usable != 2 || len(seen.Imported) != 0 || len(seen.Problems) != 2 || len(seen.Preview) != 2 || seen.Preview[0].Topic != "bien-dong" {
		t.Errorf("looked at only: got %+v", seen)
	}
	if strings.Contains(looked.body, "Hoa") || strings.Contains(looked.body, "912345678") || len(running.Snapshot().Questions) != 0 {
		t.Errorf("looking at a table tells a name or records it: %s", looked.body)
	}
	first := fromJSON[imported](t, send(h.token(conference.RoleModerator), file).body)
	if first.Total != 4 || len(first.Imported) != 2 || len(first.Problems) != 2 || !slices.Equal(first.Ignored, []string{"Ghi chú"}) {
		t.Fatalf("got %+v", first)
	}
	for i, row := range []int{3, 4} {
		if p := first.Problems[i]; p.Row != row || p.Text.Vi == "" || p.Text.En == "" {
			t.Errorf("problem %+v, want one of row %d in both languages", p, row)
		}
	}
	again := fromJSON[imported](t, send(h.token(conference.RoleAdmin), file).body)
	if !slices.Equal(again.Imported, first.Imported) {
		t.Errorf("the same file again: got %+v, want %+v", again.Imported, first.Imported)
	}
	questions := running.Snapshot().Questions
	if len(questions) != 2 || questions[0].Channel != "import" || questions[0].Name != "Nguyễn Thị Hoa" || questions[0].Venue != "ba-vi" {
		t.Errorf("got %d questions, the first %+v", len(questions), questions[0])
	}
	if to := questions[0].Contact; to == nil || to.Phone != "0912345678" || to.Organisation != "HTX Tân Tiến" {
		t.Errorf("whom to call back: got %+v", to)
	}
	if questions[1].Contact != nil {
		t.Errorf("a row without a number has %+v", questions[1].Contact)
	}
	if log := h.logs.String(); strings.Contains(log, "Hoa") || strings.Contains(log, "912345678") || strings.Contains(log, "Tân Tiến") || strings.Contains(log, "sổ đỏ") {
		t.Error("the log tells what was imported")
	}
}

func TestImport_template(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	got := h.do(request{method: "GET", path: api + "/questions/template.xlsx", bearer: h.token(conference.RoleAdmin)})
	if got.status != http.StatusOK || !strings.HasPrefix(got.body, "PK") {
		t.Fatalf("got %d and %d bytes", got.status, len(got.body))
	}
	// What the template is, the import reads: a table without a question.
	back := h.do(request{
		method: "POST", path: api + "/questions/import", body: got.body, contentType: "application/octet-stream",
		bearer: h.token(conference.RoleAdmin),
	})
	if view := fromJSON[imported](t, back.body); back.status != http.StatusOK || view.Total != 0 || len(view.Ignored) != 0 {
		t.Errorf("got %d %s", back.status, back.body)
	}
}
