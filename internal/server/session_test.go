package server_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/server"
)

type mySession struct {
	Role       conference.Role    `json:"role"`
	Venue      conference.VenueID `json:"venue"`
	Person     string             `json:"person"`
	Conference conference.ID      `json:"conference"`
	Session    string             `json:"session"`
	Demo       bool               `json:"demo"`
	ExpiresAt  time.Time          `json:"expiresAt"`
}

func TestSession_severalLinksInOneBrowser(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	jar := []*http.Cookie{
		h.signIn(h.token(conference.RoleVenue)),
		h.signIn(h.token(conference.RoleVenue, func(g *access.Grant) { g.Venue = "ba-dinh" })),
		h.signIn(h.token(conference.RoleModerator)),
	}
	names := make([]string, 0, len(jar))
	for _, cookie := range jar {
		names = append(names, cookie.Name)
		if !cookie.HttpOnly || cookie.Secure || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" || cookie.Domain != "" {
			t.Errorf("over plain http: got cookie %+v", cookie)
		}
		if cookie.MaxAge < 23*3600 || cookie.MaxAge > 24*3600 {
			t.Errorf("got a cookie for %d s, want 24 h", cookie.MaxAge)
		}
	}
	if diff := cmp.Diff([]string{"dc.venue.ba-vi", "dc.venue.ba-dinh", "dc.moderator"}, names); diff != "" {
		t.Errorf("cookies (-want +got):\n%s", diff)
	}
	got := fromJSON[[]mySession](t, h.do(request{method: "GET", path: "/api/v1/session", cookies: jar}).body)
	var roles []string
	for _, s := range got {
		roles = append(roles, string(s.Role)+":"+string(s.Venue))
		if s.Person != "Nguyễn Văn A" || s.Conference != place || s.Session == "" || s.ExpiresAt.IsZero() {
			t.Errorf("got session %+v", s)
		}
	}
	slices.Sort(roles)
	if diff := cmp.Diff([]string{"moderator:", "venue:ba-dinh", "venue:ba-vi"}, roles); diff != "" {
		t.Errorf("sessions (-want +got):\n%s", diff)
	}
	// Signing out of one role leaves the others.
	out := h.do(request{method: "DELETE", path: "/api/v1/session?role=venue&venue=ba-vi", cookies: jar})
	if out.status != http.StatusNoContent || len(out.cookies) != 1 || out.cookies[0].MaxAge >= 0 {
		t.Errorf("sign out: got %d and cookies %v", out.status, out.cookies)
	}
	if left := fromJSON[[]mySession](t, h.do(request{method: "GET", path: "/api/v1/session", cookies: jar}).body); len(left) != 2 {
		t.Errorf("got %d sessions after signing out of one, want 2", len(left))
	}
	h.do(request{method: "DELETE", path: "/api/v1/session", cookies: jar})
	if left := h.do(request{method: "GET", path: "/api/v1/session", cookies: jar}).body; strings.TrimSpace(left) != "[]" {
		t.Errorf("got sessions %s after signing out of all", left)
	}
}

func TestSession_nobodyHasNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, cookies := range [][]*http.Cookie{
		nil, {{Name: "dc.admin", Value: "x"}}, {{Name: "dc.admin", Value: strings.Repeat("A", 43)}}, {{Name: "other", Value: "y"}},
	} {
		got := h.do(request{method: "GET", path: "/api/v1/session", cookies: cookies})
		if got.status != http.StatusOK || strings.TrimSpace(got.body) != "[]" {
			t.Errorf("%v: got %d %s", cookies, got.status, got.body)
		}
	}
}

func TestSession_ofAnotherRoleUnderThatName(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	cookie := h.signIn(h.token(conference.RoleScreen))
	cookie.Name = "dc.admin"
	if got := h.do(request{method: "GET", path: "/api/v1/session", cookies: []*http.Cookie{cookie}}); strings.TrimSpace(got.body) != "[]" {
		t.Errorf("a screen's cookie under the name of an administrator's: got %s", got.body)
	}
	h.wantProblem(h.do(request{method: "GET", path: api + "/sessions", cookies: []*http.Cookie{cookie}}), http.StatusUnauthorized, "session.unknown")
}

func TestSession_overHTTPSHasTheHostPrefix(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	secure := httptest.NewTLSServer(h.server.Handler())
	defer secure.Close()
	token := h.token(conference.RoleVenue)
	call, err := http.NewRequestWithContext(t.Context(), http.MethodPost, secure.URL+"/api/v1/session", strings.NewReader(toJSON(t, map[string]string{"token": token})))
	if err != nil {
		t.Fatal(err)
	}
	call.Header.Set("Content-Type", "application/json")
	call.Header.Set("Origin", secure.URL)
	response, err := secure.Client().Do(call)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	cookies := response.Cookies()
	if response.StatusCode != http.StatusNoContent || len(cookies) != 1 {
		t.Fatalf("got %d and %d cookies", response.StatusCode, len(cookies))
	}
	if got := cookies[0]; got.Name != "__Host-dc.venue.ba-vi" || !got.Secure || !got.HttpOnly || got.Path != "/" || got.Domain != "" {
		t.Errorf("got cookie %+v", got)
	}
	if got := response.Header.Get("Strict-Transport-Security"); got == "" {
		t.Error("no HSTS over TLS")
	}
}

func TestSession_survivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := newHouseIn(t, dir)
	cookie := first.signIn(first.token(conference.RoleModerator))
	used := first.token(conference.RoleStage)
	first.signIn(used)
	first.stop()
	second := newHouseIn(t, dir)
	if got := fromJSON[[]mySession](t, second.do(request{method: "GET", path: "/api/v1/session", cookies: []*http.Cookie{cookie}}).body); len(got) != 1 {
		t.Errorf("got %d sessions after a restart, want 1", len(got))
	}
	again := second.do(request{method: "POST", path: "/api/v1/session", body: toJSON(t, map[string]string{"token": used})})
	second.wantProblem(again, http.StatusUnauthorized, "link.used")
}

func TestJ9_badLinks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	used := h.token(conference.RoleModerator)
	h.signIn(used)
	foreign := access.NewSigner(secretOf("x")).Sign(access.Grant{
		ID: access.NewID(), Conference: place, Role: conference.RoleAdmin, Expires: time.Now().Add(time.Hour),
	})
	for _, test := range []struct{ name, token, code string }{ //nolint:paralleltest // the log is read afterwards
		{"unknown role", h.token("king"), "link.invalid"},
		{"the system is nobody's role", h.token(conference.RoleSystem), "link.invalid"},
		{"expired", h.token(conference.RoleAdmin, func(g *access.Grant) { g.Expires = time.Now().Add(-time.Second) }), "link.expired"},
		{"used", used, "link.used"},
		{"foreign", foreign, "link.invalid"},
		{"another installation's conference", h.token(conference.RoleAdmin, func(g *access.Grant) { g.Conference = "elsewhere" }), "link.invalid"},
		{"a venue that is not there", h.token(conference.RoleVenue, func(g *access.Grant) { g.Venue = "atlantis" }), "link.invalid"},
		{"demo of a server that has stopped", h.token(conference.RoleAdmin, func(g *access.Grant) { g.Demo = "run" }), "link.expired"},
		{"nothing", "", "link.invalid"},
		{"noise", "a.b", "link.invalid"},
		{"10,000 characters", strings.Repeat("x", 10_000), "link.invalid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for lang, part := range map[string]string{"": "đường dẫn", "en": "link"} {
				got := h.do(request{method: "POST", path: "/api/v1/session", lang: lang, body: toJSON(t, map[string]string{"token": test.token})})
				h.wantProblem(got, http.StatusUnauthorized, test.code)
				if !strings.Contains(strings.ToLower(got.problem.Title), part) || len(got.cookies) != 0 {
					t.Errorf("%q: got %q and %d cookies, want a sentence with %q", lang, got.problem.Title, len(got.cookies), part)
				}
			}
		})
	}
	if log := h.logs.String(); strings.Contains(log, used) || strings.Contains(log, foreign) {
		t.Error("a token is in the log")
	}
}

func TestJ9_foreignOrigin(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := []*http.Cookie{h.signIn(h.token(conference.RoleAdmin))}
	link := toJSON(t, map[string]string{"role": "screen"})
	ours := strings.TrimPrefix(h.http.URL, "http://")
	for _, test := range []struct { //nolint:paralleltest // one is asked after them all
		name, origin string
		cookies      []*http.Cookie
		header       map[string]string
		want         int
	}{
		{"our own", "", admin, nil, http.StatusCreated},
		{"our own, host in capitals", "http://" + strings.ToUpper(ours), admin, nil, http.StatusCreated},
		{"another site", "https://evil.example", admin, nil, http.StatusForbidden},
		{"another scheme", "https://" + ours, admin, nil, http.StatusForbidden},
		{"another port", "http://127.0.0.1:1", admin, nil, http.StatusForbidden},
		{"begins like ours", h.http.URL + ".evil.example", admin, nil, http.StatusForbidden},
		{"null", "null", admin, nil, http.StatusForbidden},
		{"none with a cookie", "-", admin, nil, http.StatusForbidden},
		{"none, but the browser vouches", "-", admin, map[string]string{"Sec-Fetch-Site": "same-origin"}, http.StatusCreated},
		{"none, and the browser says cross-site", "-", admin, map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		{"another site without a cookie", "https://evil.example", nil, nil, http.StatusForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := h.do(request{method: "POST", path: api + "/links", body: link, cookies: test.cookies, origin: test.origin, header: test.header})
			if got.status != test.want {
				t.Errorf("got %d %s, want %d", got.status, got.body, test.want)
			}
			if test.want == http.StatusForbidden {
				h.wantProblem(got, http.StatusForbidden, "request.foreign_origin")
			}
		})
	}
	// A program without a cookie needs no Origin.
	if got := h.do(request{method: "POST", path: api + "/links", body: link, bearer: h.token(conference.RoleAdmin), origin: "-"}); got.status != http.StatusCreated {
		t.Errorf("a bearer token without an Origin: got %d %s", got.status, got.body)
	}
}

func TestSessionOf_choosesTheVenue(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one := h.signIn(h.token(conference.RoleVenue))
	two := h.signIn(h.token(conference.RoleVenue, func(g *access.Grant) { g.Venue = "ba-dinh" }))
	ask := func(venue conference.VenueID, cookies ...*http.Cookie) (conference.VenueID, error) {
		r := httptest.NewRequestWithContext(t.Context(), "GET", h.http.URL+"/", http.NoBody)
		for _, cookie := range cookies {
			r.AddCookie(cookie)
		}
		session, err := server.SessionOf(r, h.gate, conference.RoleVenue, venue)
		if err != nil {
			return "", err
		}
		return session.Venue, nil
	}
	if got, err := ask("", one); err != nil || got != "ba-vi" {
		t.Errorf("the only one: got %q, %v", got, err)
	}
	if got, err := ask("ba-dinh", one, two); err != nil || got != "ba-dinh" {
		t.Errorf("one of two: got %q, %v", got, err)
	}
	if got, err := ask("", one, two); err == nil {
		t.Errorf("two and none named: got %q, want a refusal", got)
	}
	if got, err := ask("ba-dinh", one); err == nil {
		t.Errorf("not among them: got %q, want a refusal", got)
	}
}
