package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/demo"
	"github.com/diemcau/diemcau/internal/server"
)

func TestStaff_linkIsMadeAndRedeemedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := []*http.Cookie{h.signIn(h.token(conference.RoleAdmin))}
	got := h.do(request{
		method: "POST", path: api + "/links", cookies: admin,
		body: `{"role":"venue","venue":"ba-vi","person":" Trần Thị B ","validMs":3600000}`,
	})
	if got.status != http.StatusCreated {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	link := fromJSON[server.LinkView](t, got.body)
	if want := h.http.URL + "/venue#t=" + link.Token; link.URL != want || link.Role != conference.RoleVenue || link.Venue != "ba-vi" {
		t.Errorf("got link %+v, want %s", link, want)
	}
	if left := time.Until(link.Expires); left > time.Hour || left < 59*time.Minute {
		t.Errorf("the link holds for %v, want an hour", left)
	}
	cookie := h.signIn(link.Token)
	mine := fromJSON[[]mySession](t, h.do(request{method: "GET", path: "/api/v1/session", cookies: []*http.Cookie{cookie}}).body)
	if len(mine) != 1 || mine[0].Person != "Trần Thị B" || mine[0].Demo {
		t.Errorf("got sessions %+v", mine)
	}
	again := h.do(request{method: "POST", path: "/api/v1/session", body: toJSON(t, map[string]string{"token": link.Token})})
	h.wantProblem(again, http.StatusUnauthorized, "link.used")
}

func TestStaff_badLinksAreNotMade(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.token(conference.RoleAdmin)
	for _, test := range []struct{ body, code string }{
		{`{"role":"king"}`, "link.bad_role"},
		{`{"role":"citizen"}`, "link.bad_role"},
		{`{"role":"system"}`, "link.bad_role"},
		{`{}`, "link.bad_role"},
		{`{"role":"venue"}`, "link.bad_venue"},
		{`{"role":"venue","venue":"atlantis"}`, "link.bad_venue"},
		{`{"role":"stage","venue":"ba-vi"}`, "link.bad_venue"},
		{`{"role":"stage","person":"` + strings.Repeat("ấ", 81) + `"}`, "link.bad_person"},
		{`{"role":"stage","person":"a\u202eb"}`, "link.bad_person"},
		{`{"role":"stage","validMs":1}`, "link.bad_validity"},
		{`{"role":"stage","validMs":-5}`, "link.bad_validity"},
		{`{"role":"stage","validMs":99999999999}`, "link.bad_validity"},
	} {
		got := h.do(request{method: "POST", path: api + "/links", bearer: admin, body: test.body})
		h.wantProblem(got, http.StatusBadRequest, test.code)
	}
}

func TestStaff_revokeEndsSessionLinkAndMedia(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.token(conference.RoleAdmin)
	token := h.token(conference.RoleVenue)
	cookie := h.signIn(token)
	h.waitUntilRevocable()
	if got := h.whip("ba-vi", token, offer); got.status != http.StatusCreated {
		t.Fatalf("publish: got %d %s", got.status, got.body)
	}
	rows := fromJSON[[]mySession](t, h.do(request{method: "GET", path: api + "/sessions", bearer: admin}).body)
	if len(rows) != 1 || rows[0].Venue != "ba-vi" || rows[0].Person != "Nguyễn Văn A" {
		t.Fatalf("got sessions %+v", rows)
	}
	revoke := request{method: "POST", path: api + "/revoke", bearer: admin, body: toJSON(t, map[string]string{"session": rows[0].Session})}
	if got := h.do(revoke); got.status != http.StatusNoContent {
		t.Fatalf("got %d %s", got.status, got.body)
	}
	select {
	case <-h.media.sessions()[0].Done():
	case <-t.Context().Done():
		t.Fatal("the venue still sends")
	}
	if got := h.do(request{method: "GET", path: "/api/v1/session", cookies: []*http.Cookie{cookie}}); strings.TrimSpace(got.body) != "[]" {
		t.Errorf("the session goes on: %s", got.body)
	}
	h.wantProblem(h.whip("ba-vi", token, offer), http.StatusUnauthorized, "link.revoked")
	h.wantProblem(h.do(revoke), http.StatusNotFound, "session.unknown")
}

// waitUntilRevocable waits until the server follows revocations: it forwards its own.
func (h *house) waitUntilRevocable() {
	h.Helper()
	for {
		probe := h.token(conference.RoleVenue)
		cookie := h.signIn(probe)
		got := h.whip("ba-vi", probe, offer)
		if got.status != http.StatusCreated {
			h.Fatalf("publish: got %d %s", got.status, got.body)
		}
		session, err := h.gate.Session(h.Context(), cookie.Value)
		if err != nil {
			h.Fatal(err)
		}
		if err := h.gate.Revoke(h.Context(), session.Ref); err != nil {
			h.Fatal(err)
		}
		made := h.media.sessions()
		last := made[len(made)-1]
		select {
		case <-last.Done():
			h.media.forget()
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func TestStaff_noSayInAnotherConference(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	elsewhere := h.token(conference.RoleAdmin, func(g *access.Grant) { g.Conference = other })
	everywhere := h.token(conference.RoleAdmin, func(g *access.Grant) { g.Conference = "" })
	for _, r := range []request{
		{method: "GET", path: api + "/sessions"},
		{method: "POST", path: api + "/links", body: `{"role":"screen"}`},
		{method: "POST", path: api + "/revoke", body: `{"session":"x"}`},
		{method: "POST", path: api + "/close", body: `{}`},
	} {
		r.bearer = elsewhere
		h.wantProblem(h.do(r), http.StatusForbidden, "access.denied")
	}
	for path, want := range map[string]int{api + "/sessions": 200, "/api/v1/conferences/nowhere/sessions": 404} {
		if got := h.do(request{method: "GET", path: path, bearer: everywhere}); got.status != want {
			t.Errorf("%s: got %d %s, want %d", path, got.status, got.body, want)
		}
	}
	// A session of another conference cannot be revoked through this one.
	cookie := h.signIn(h.token(conference.RoleStage, func(g *access.Grant) { g.Conference = other }))
	session, err := h.gate.Session(t.Context(), cookie.Value)
	if err != nil {
		t.Fatal(err)
	}
	body := toJSON(t, map[string]string{"session": session.Ref})
	got := h.do(request{method: "POST", path: api + "/revoke", bearer: h.token(conference.RoleAdmin), body: body})
	h.wantProblem(got, http.StatusNotFound, "session.unknown")
}

func TestConferences_createOpenClose(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.token(conference.RoleAdmin, func(g *access.Grant) { g.Conference = "" })
	info := demo.Conference()
	info.ID = "thu-hai"
	create := request{method: "POST", path: "/api/v1/conferences", bearer: admin, body: toJSON(t, info)}
	for range 2 { // the second time is no error
		if got := h.do(create); got.status != http.StatusCreated || got.header.Get("Location") != "/c/thu-hai" {
			t.Fatalf("got %d %s", got.status, got.body)
		}
	}
	info.Title = "Khác"
	create.body = toJSON(t, info)
	h.wantProblem(h.do(create), http.StatusConflict, "conference.exists")
	info.ID, info.Venues = "thu-ba", nil
	create.body = toJSON(t, info)
	bad := h.do(create)
	h.wantProblem(bad, http.StatusBadRequest, "conference.bad_info")
	if !strings.Contains(bad.problem.Detail, "venues") {
		t.Errorf("the detail does not say what to mend: %+v", bad.problem)
	}
	for _, step := range []struct {
		verb   string
		status int
		state  string
	}{{"close", 409, ""}, {"open", 200, "open"}, {"open", 409, ""}, {"close", 200, "closed"}, {"close", 409, ""}} {
		got := h.do(request{method: "POST", path: "/api/v1/conferences/thu-hai/" + step.verb, bearer: admin, body: "{}"})
		if got.status != step.status {
			t.Fatalf("%s: got %d %s, want %d", step.verb, got.status, got.body, step.status)
		}
		if step.state != "" && fromJSON[struct{ State string }](t, got.body).State != step.state {
			t.Errorf("%s: got %s", step.verb, got.body)
		}
	}
	closed := h.do(request{method: "POST", path: "/api/v1/conferences/thu-hai/questions", body: toJSON(t, question("key-after-the-close", "Còn hỏi được không?"))})
	h.wantProblem(closed, http.StatusConflict, "conference.not_open")
}

func TestConferences_thePrivateAreForTheirOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	list := func(r request) map[string]bool {
		r.method, r.path = "GET", "/api/v1/conferences"
		got := h.do(r)
		type venue struct{ ID, Name string }
		all := fromJSON[[]struct {
			ID, Title, State, StartsAt string
			Venues                     []venue
		}](t, got.body)
		ids := map[string]bool{}
		for _, c := range all {
			ids[c.ID] = true
			if c.Title == "" || c.State != "open" || c.StartsAt == "" || len(c.Venues) != 31 || c.Venues[0].Name == "" {
				t.Errorf("got %+v", c)
			}
		}
		return ids
	}
	if got := list(request{}); !got[place] || got[other] {
		t.Errorf("nobody: got %v", got)
	}
	theirs := func(g *access.Grant) { g.Conference = other }
	if got := list(request{bearer: h.token(conference.RoleStage, theirs)}); !got[other] {
		t.Errorf("its stage manager's token: got %v", got)
	}
	if got := list(request{cookies: []*http.Cookie{h.signIn(h.token(conference.RoleStage, theirs))}}); !got[other] {
		t.Errorf("its stage manager's session: got %v", got)
	}
	if got := list(request{bearer: h.token(conference.RoleStage)}); got[other] {
		t.Errorf("another's stage manager: got %v", got)
	}
}
