package server_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/registration"
	"github.com/diemcau/diemcau/moderation"
)

// TestAbsent: after the close whoever had a seat and did not come is told so by their ticket,
// with script and without, and by the code of their question; the figures and the lists
// have them.
func TestAbsent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	people := h.peopleOf()
	h.must(conference.RoleAdmin, registration.Cancel{ID: people[1].ID})
	h.must(conference.RoleAdmin, registration.Set{Seats: []conference.SeatCount{{Venue: "ba-vi", Seats: 9}}})
	away := h.registers("Người Vắng", "0912000111", "ba-vi", "Bao giờ đo đạc lại?")
	actor := conference.RoleModerator
	h.must(actor, moderation.ClaimCard{ID: away.Question})
	h.must(actor, moderation.Approve{ID: away.Question})
	admin := h.token(conference.RoleAdmin)
	ask := func(path, body string) answer {
		return h.want(h.do(request{method: "POST", path: path, body: body, bearer: admin}), http.StatusOK)
	}
	h.want(h.do(request{method: "POST", path: api + "/registrations/desk", bearer: admin, body: `{"idempotencyKey":"walk-in-0123456789","name":"Khách","venue":"ba-vi","walkIn":true,"consents":{"privacy":"v1"}}`}), http.StatusCreated)
	ticket := func(code string) string { return ask("/api/v1/registrations/lookup", `{"code":"`+code+`"}`).body }
	if said := ticket(away.Registered.Ticket); strings.Contains(said, "absent") {
		t.Errorf("absent before the close: %s", said)
	}
	h.must(conference.RoleAdmin, conference.Close{})
	for _, part := range []string{`"absent":true`, `"inWriting":true`, `"agency":"Văn phòng Đăng ký đất đai"`} {
		if said := ticket(away.Registered.Ticket); !strings.Contains(said, part) {
			t.Errorf("the ticket says no %s: %s", part, said)
		}
	}
	if said := ticket(people[0].Ticket); strings.Contains(said, "absent") {
		t.Errorf("the ticket of somebody who came: %s", said)
	}
	if said := ask("/api/v1/questions/lookup", `{"code":"`+away.Code+`"}`).body; !strings.Contains(said, `"absent":true,"agency":"Văn phòng Đăng ký đất đai"`) {
		t.Errorf("the question: %s", said)
	}
	plain := h.do(request{method: "GET", path: "/ticket?lang=vi", cookies: []*http.Cookie{{Name: "ticket", Value: away.Registered.Ticket}}})
	if !strings.Contains(plain.body, "bạn không đến được. Câu hỏi bạn đã gửi được trả lời bằng văn bản; cơ quan trả lời: Văn phòng Đăng ký đất đai.") {
		t.Errorf("the page without script: %s", plain.body)
	}
	type row struct {
		Venue                          string
		Invited, Came, Unseen, WalkIns int
	}
	for _, got := range decode[[]row](h, h.do(request{method: "GET", path: api + "/registrations/counts", bearer: admin})) {
		if want := (row{"ba-vi", 2, 1, 1, 1}); got.Venue == "ba-vi" && got != want {
			t.Errorf("figures: got %+v, want %+v", got, want)
		}
	}
	list := func(body string) [][]string {
		t.Helper()
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(ask(api+"/exports", body).body, "\ufeff"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	want := [][]string{
		{"Điểm cầu", "Ghế", "Ghế dành riêng", "Được mời", "Đã đến", "Không đến", "Đến không đăng ký trước", "Danh sách chờ"},
		{"Huyện Ba Vì", "9", "0", "2", "1", "1", "1", "0"},
	}
	if diff := cmp.Diff(want, list(`{"list":"totals","format":"csv","venue":"ba-vi"}`)); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	rows := list(`{"list":"attendance","format":"csv"}`)
	for _, one := range rows[1:] {
		missed, code, by := one[8], one[9], one[10]
		if is := one[1] == "Người Vắng"; (missed == "có") != is || is && (code != away.Code || by != "Văn phòng Đăng ký đất đai") || !is && code+by != "" {
			t.Errorf("attendance: %q under %q", one, rows[0])
		}
	}
	if len(rows) != 4 {
		t.Errorf("%d on the attendance list, want 3", len(rows)-1)
	}
}
