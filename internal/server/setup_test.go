package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/demo"
	"github.com/diemcau/diemcau/internal/server"
)

type setup struct {
	Info      conference.Info    `json:"info"`
	Checklist []conference.Point `json:"checklist"`
}

func (s setup) level(code string) conference.Level {
	for _, p := range s.Checklist {
		if p.Code == code {
			return p.Level
		}
	}
	return ""
}

func withTemplates(cfg *server.Config) { cfg.Templates = []conference.Info{demo.Conference()} }

// office is an administrator of all conferences, with a bearer token.
func (h *house) office() string {
	return h.token(conference.RoleAdmin, func(g *access.Grant) { g.Conference = "" })
}

// made is a conference made of the template, planned.
func (h *house) made(office, id string, test bool) setup {
	h.Helper()
	got := h.do(request{method: "POST", path: "/api/v1/conferences/copy", bearer: office, body: toJSON(h, map[string]any{
		"template": place, "id": id, "title": "Đối thoại kỳ " + id, "startsAt": "2027-03-01T08:00:00+07:00", "test": test,
	})})
	if got.status != http.StatusCreated {
		h.Fatalf("copy: got %d %s", got.status, got.body)
	}
	return h.setup(office, id)
}

func (h *house) setup(bearer, id string) setup {
	h.Helper()
	got := h.do(request{method: "GET", path: "/api/v1/conferences/" + id + "/setup", bearer: bearer})
	if got.status != http.StatusOK {
		h.Fatalf("setup of %s: got %d %s", id, got.status, got.body)
	}
	return fromJSON[setup](h, got.body)
}

func (h *house) put(bearer, command string, info conference.Info) answer {
	h.Helper()
	return h.do(request{
		method: "PUT", path: "/api/v1/conferences/" + string(info.ID) + "/setup", bearer: bearer,
		body: toJSON(h, map[string]any{"id": command, "info": info}),
	})
}

func TestSetup_fromTheTemplateToThePublic(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withTemplates)
	office := h.office()
	list := fromJSON[[]map[string]any](t, h.do(request{method: "GET", path: "/api/v1/conferences/templates", bearer: office}).body)
	if len(list) != 2 || list[0]["id"] != place || list[0]["venues"] != 31.0 || list[1]["id"] != "empty" {
		t.Errorf("templates: got %v", list)
	}
	made := h.made(office, "ky-2027", false)
	if len(made.Info.Venues) != 31 || len(made.Info.Topics) != 12 || made.Info.Demo || made.Info.Public || made.Info.State != conference.StatePlanned {
		t.Errorf("of the template: got %+v", made.Info)
	}
	for code, want := range map[string]conference.Level{"published": "missing", "venue_links": "missing", "agenda": "warning", "venues": "good", "test": "good"} {
		if got := made.level(code); got != want {
			t.Errorf("%s is %q, want %q", code, got, want)
		}
	}
	next := made.Info
	next.Public, next.Place = true, "  Trụ sở  UBND Thành phố "
	next.Agenda = []conference.AgendaItem{{At: "08:30", Title: "Khai mạc"}}
	next.Venues = append(next.Venues, conference.Venue{Name: "Phường Tây Tựu", Seats: 80})
	got := h.put(office, access.NewID(), next)
	if got.status != http.StatusOK {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	saved := fromJSON[setup](t, got.body)
	if v, _ := saved.Info.Venue("phuong-tay-tuu"); v.Seats != 80 || saved.Info.Place != "Trụ sở UBND Thành phố" || saved.Info.Revision != 1 {
		t.Errorf("saved %+v", saved.Info)
	}
	if saved.level("published") != "good" || saved.level("announced") != "good" && saved.Info.PublishedAt.Before(saved.Info.StartsAt.AddDate(0, 0, -7)) {
		t.Errorf("checklist %+v", saved.Checklist)
	}
	public := h.do(request{method: "GET", path: "/api/v1/conferences"})
	if !strings.Contains(public.body, `"ky-2027"`) || !strings.Contains(public.body, "Phường Tây Tựu") {
		t.Errorf("the public does not see it: %s", public.body)
	}
	// A link that was given away is ticked off.
	h.do(request{method: "POST", path: "/api/v1/conferences/ky-2027/links", bearer: office, body: `{"role":"venue","venue":"ba-vi"}`})
	for _, p := range h.setup(office, "ky-2027").Checklist {
		if p.Code == "venue_links" && (len(p.Names) != 31 || strings.Contains(strings.Join(p.Names, " "), "ba-vi")) {
			t.Errorf("venues without a link: %v", p.Names)
		}
	}
}

// TestSetup_twoAdministrators: one wins, the other is told; a repeated command is the same one.
func TestSetup_twoAdministrators(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withTemplates)
	office := h.office()
	seen := h.made(office, "ky-2027", false).Info
	mine, theirs := seen, seen
	mine.Title, theirs.Title = "Của tôi", "Của người khác"
	id := access.NewID()
	for range 2 {
		if got := h.put(office, id, mine); got.status != http.StatusOK || fromJSON[setup](t, got.body).Info.Title != "Của tôi" {
			t.Fatalf("got %d %s", got.status, got.body)
		}
	}
	h.wantProblem(h.put(office, access.NewID(), theirs), http.StatusConflict, "conference.changed")
	now := h.setup(office, "ky-2027").Info
	if now.Title != "Của tôi" || now.Revision != 1 {
		t.Errorf("got %q at %d", now.Title, now.Revision)
	}
	theirs.Revision = now.Revision
	if got := h.put(office, access.NewID(), theirs); got.status != http.StatusOK {
		t.Errorf("after looking: got %d %s", got.status, got.body)
	}
	broken := h.setup(office, "ky-2027").Info
	broken.Venues = broken.Venues[1:]
	h.wantProblem(h.put(office, access.NewID(), broken), http.StatusBadRequest, "conference.bad_info")
	h.wantProblem(h.put(office, "", theirs), http.StatusBadRequest, "command.bad_id")
	h.wantProblem(h.put(h.token(conference.RoleAdmin), access.NewID(), theirs), http.StatusForbidden, "access.denied")
}

func TestSetup_clone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withTemplates)
	office := h.office()
	first := h.made(office, "ky-1", false).Info
	first.Registration = &conference.Registration{
		OpensAt: first.StartsAt.AddDate(0, 0, -40), ClosesAt: first.StartsAt.AddDate(0, 0, -7),
		Invitation: "Trân trọng kính mời", Privacy: conference.Notice{Version: "v1", Text: "Thông tin của bạn"},
	}
	first.Venues[3].Seats, first.Venues[3].Reserved = 90, 9
	if got := h.put(office, access.NewID(), first); got.status != http.StatusOK {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	copied := request{method: "POST", path: "/api/v1/conferences/copy", bearer: office, body: `{"conference":"ky-1","title":"Kỳ thứ hai","startsAt":"2027-09-01T08:00:00+07:00"}`}
	got := h.do(copied)
	if got.status != http.StatusCreated || !strings.Contains(got.body, "/admin#t=") {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	second := h.setup(office, "ky-thu-hai").Info
	if diff := cmp.Diff(first.Venues, second.Venues); diff != "" {
		t.Errorf("venues (-first +second):\n%s", diff)
	}
	if by := second.StartsAt.Sub(first.StartsAt); !second.Registration.OpensAt.Equal(first.Registration.OpensAt.Add(by)) {
		t.Errorf("registration opens at %v", second.Registration.OpensAt)
	}
	// Who has one conference may copy it, is led to the new one, and gets into no other by it.
	mine := h.token(conference.RoleAdmin, func(g *access.Grant) { g.Conference = "ky-1" })
	copied.bearer = mine
	if got := h.do(copied); got.status != http.StatusCreated || strings.Contains(got.body, "#t=") {
		t.Errorf("of another's conference: got %d %s", got.status, got.body)
	}
	copied.body = strings.Replace(copied.body, "Kỳ thứ hai", "Kỳ thứ ba", 1)
	if got := h.do(copied); got.status != http.StatusCreated || !strings.Contains(got.body, "#t=") {
		t.Errorf("of one's own: got %d %s", got.status, got.body)
	}
	copied.body = `{"conference":"` + other + `","title":"Lén","startsAt":"2027-09-01T08:00:00+07:00"}`
	h.wantProblem(h.do(copied), http.StatusForbidden, "access.denied")
	copied.body = `{"template":"khong-co","title":"Lén","startsAt":"2027-09-01T08:00:00+07:00"}`
	h.wantProblem(h.do(copied), http.StatusNotFound, "conference.unknown")
}

// TestSetup_venuesFromATable: a table is read and kept only when the page saves it.
func TestSetup_venuesFromATable(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withTemplates)
	office := h.office()
	h.made(office, "ky-2027", false)
	const path = "/api/v1/conferences/ky-2027/setup/venues"
	type read struct {
		Venues   []conference.Venue `json:"venues"`
		Problems []struct {
			Row int `json:"row"`
		} `json:"problems"`
	}
	got := h.do(request{method: "POST", path: path, bearer: office, contentType: "application/octet-stream", body: "Điểm cầu,Số ghế\nHuyện Ba Vì,50\nTây Tựu,nhiều\nTây Mỗ,30\n"})
	table := fromJSON[read](t, got.body)
	want := []conference.Venue{{ID: "ba-vi", Name: "Huyện Ba Vì", Seats: 50, Reserved: 10}, {ID: "tay-mo", Name: "Tây Mỗ", Seats: 30}}
	if diff := cmp.Diff(want, table.Venues); diff != "" || len(table.Problems) != 1 || table.Problems[0].Row != 3 {
		t.Errorf("%s (-want +got):\n%s", got.body, diff)
	}
	if info := h.setup(office, "ky-2027").Info; len(info.Venues) != 31 || info.Revision != 0 {
		t.Errorf("reading a table changed the conference: %d venues, revision %d", len(info.Venues), info.Revision)
	}
	workbook := h.do(request{method: "GET", path: path + ".xlsx", bearer: office})
	if !strings.HasPrefix(workbook.body, "PK") {
		t.Fatalf("the workbook: got %d %.40q", workbook.status, workbook.body)
	}
	back := fromJSON[read](t, h.do(request{method: "POST", path: path, bearer: office, contentType: "application/octet-stream", body: workbook.body}).body)
	if len(back.Venues) != 31 || len(back.Problems) != 0 {
		t.Errorf("the workbook is read back as %d venues, %d problems", len(back.Venues), len(back.Problems))
	}
}

func TestSetup_testModeAndGoingLive(t *testing.T) {
	t.Parallel()
	h := newHouse(t, withTemplates)
	office := h.office()
	if made := h.made(office, "ky-2027", true); !made.Info.Test || made.level("test") != "missing" {
		t.Fatalf("got %+v", made.Info)
	}
	act := func(verb, body string) answer {
		return h.do(request{method: "POST", path: "/api/v1/conferences/ky-2027/" + verb, bearer: office, body: body})
	}
	act("open", "{}")
	asked := act("questions", `{"idempotencyKey":"0123456789abcdef0123","body":"Câu hỏi thử","topic":"do-dac"}`)
	code := fromJSON[struct{ Code string }](t, asked.body).Code
	if code == "" {
		t.Fatalf("got %d %s", asked.status, asked.body)
	}
	id := toJSON(t, map[string]string{"id": access.NewID()})
	for range 2 { // a repeated command is the same one
		got := act("goLive", id)
		if got.status != http.StatusOK {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		if live := fromJSON[setup](t, got.body); live.Info.Test || live.Info.State != conference.StatePlanned || live.level("test") != "good" {
			t.Errorf("got %+v", live.Info)
		}
	}
	h.wantProblem(act("goLive", toJSON(t, map[string]string{"id": access.NewID()})), http.StatusConflict, "conference.not_test")
	h.wantProblem(h.do(request{method: "POST", path: "/api/v1/questions/lookup", body: toJSON(t, map[string]string{"code": code})}), http.StatusNotFound, "question.unknown_code")
	if left := time.Until(h.setup(office, "ky-2027").Info.LiveAt); left > 0 || left < -time.Minute {
		t.Errorf("live since %v", left)
	}
}
