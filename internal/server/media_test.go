package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/server"
)

const (
	offer    = "v=0 offer"
	typeSDP  = "application/sdp"
	typeFrag = "application/trickle-ice-sdpfrag"
)

func (h *house) whip(venue, token, sdp string) answer {
	h.Helper()
	return h.do(request{
		method: "POST", path: api + "/whip/" + venue, bearer: token, body: sdp, contentType: typeSDP,
		origin: "https://encoder.example",
	})
}

func TestWHIP_fromOfferToDelete(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(conference.RoleVenue)
	made := h.whip("ba-vi", token, offer)
	if made.status != http.StatusCreated || made.body != "v=0 answer" || made.header.Get("Content-Type") != typeSDP {
		t.Fatalf("got %d %s %q", made.status, made.header.Get("Content-Type"), made.body)
	}
	location := made.header.Get("Location")
	if !strings.HasPrefix(location, api+"/whip/ba-vi/") || made.header.Get("ETag") != `"1"` {
		t.Fatalf("got Location %q, ETag %q", location, made.header.Get("ETag"))
	}
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "", "Accept-Patch": typeFrag,
	} {
		if got := made.header.Get(name); got != want {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	patch := func(fragment, match string) answer {
		return h.do(request{
			method: "PATCH", path: location, bearer: token, body: fragment, contentType: typeFrag,
			header: map[string]string{"If-Match": match},
		})
	}
	if got := patch("a=candidate", `"1"`); got.status != http.StatusNoContent || got.body != "" {
		t.Errorf("trickle: got %d %q, want 204", got.status, got.body)
	}
	h.wantProblem(patch("a=candidate", `"0"`), http.StatusPreconditionFailed, "media.etag_mismatch")
	h.wantProblem(patch("a=candidate", ""), http.StatusPreconditionRequired, "media.etag_missing")
	restart := patch("a=ice-ufrag:x", "*")
	if restart.status != http.StatusOK || restart.header.Get("ETag") != `"11"` || restart.header.Get("Content-Type") != typeFrag {
		t.Errorf("restart: got %d, ETag %q", restart.status, restart.header.Get("ETag"))
	}
	wrong := h.do(request{method: "PATCH", path: location, bearer: token, body: "{}"})
	h.wantProblem(wrong, http.StatusUnsupportedMediaType, "request.not_sdp")
	if got := wrong.header.Get("Accept-Patch"); got != typeFrag {
		t.Errorf("got Accept-Patch %q", got)
	}
	put := h.do(request{method: "PUT", path: location, bearer: token})
	h.wantProblem(put, http.StatusMethodNotAllowed, "request.bad_method")
	if got := put.header.Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("a page elsewhere cannot read why it was refused: %q", got)
	}
	h.wantProblem(h.do(request{method: "GET", path: location, bearer: token}), http.StatusMethodNotAllowed, "request.bad_method")

	stranger := h.token(conference.RoleVenue)
	h.wantProblem(h.do(request{method: "DELETE", path: location, bearer: stranger}), http.StatusForbidden, "access.denied")
	h.wantProblem(h.do(request{method: "DELETE", path: location}), http.StatusUnauthorized, "session.unknown")
	if got := h.do(request{method: "DELETE", path: location, bearer: token}); got.status != http.StatusOK {
		t.Errorf("delete: got %d %s", got.status, got.body)
	}
	<-h.media.sessions()[0].Done()
	h.wantProblem(h.do(request{method: "DELETE", path: location, bearer: token}), http.StatusNotFound, "media.unknown_session")
}

func TestWHIP_whoMay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	cookie := h.signIn(h.token(conference.RoleVenue))
	for _, test := range []struct { //nolint:paralleltest // what was made is counted afterwards
		name, venue, token string
		status             int
		code               string
	}{
		{"nobody", "ba-vi", "", 401, "session.unknown"},
		{"noise", "ba-vi", "noise", 401, "link.invalid"},
		{"another venue's", "ba-dinh", h.token(conference.RoleVenue), 403, "access.denied"},
		{"the stage's", "ba-vi", h.token(conference.RoleStage), 403, "access.denied"},
		{"the administrator's", "ba-vi", h.token(conference.RoleAdmin), 403, "access.denied"},
		{"another conference's", "ba-vi", h.token(conference.RoleVenue, func(g *access.Grant) { g.Conference = other }), 403, "access.denied"},
		{"of a venue that is not there", "atlantis", h.token(conference.RoleVenue, func(g *access.Grant) { g.Venue = "atlantis" }), 404, "media.unknown_venue"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := h.whip(test.venue, test.token, offer)
			h.wantProblem(got, test.status, test.code)
			if challenge := got.header.Get("WWW-Authenticate"); (test.status == 401) != (challenge == "Bearer") {
				t.Errorf("got WWW-Authenticate %q", challenge)
			}
		})
	}
	withCookie := h.do(request{method: "POST", path: api + "/whip/ba-vi", body: offer, contentType: typeSDP, cookies: []*http.Cookie{cookie}})
	h.wantProblem(withCookie, http.StatusUnauthorized, "link.invalid")
	if len(h.media.sessions()) != 0 {
		t.Errorf("%d sessions were made, want none", len(h.media.sessions()))
	}
}

func TestJ9_badSDPAndFullMedia(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.token(conference.RoleVenue)
	h.wantProblem(h.whip("ba-vi", token, "broken"), http.StatusBadRequest, "media.bad_sdp")
	h.wantProblem(h.whip("ba-vi", token, ""), http.StatusBadRequest, "media.bad_sdp")
	h.wantProblem(h.whip("ba-vi", token, "v=0"+strings.Repeat("a", 64<<10)), http.StatusRequestEntityTooLarge, "request.too_large")
	json := h.do(request{method: "POST", path: api + "/whip/ba-vi", bearer: token, body: offer})
	h.wantProblem(json, http.StatusUnsupportedMediaType, "request.not_sdp")
	for _, test := range []struct {
		refusal error
		status  int
		code    string
	}{
		{conference.Refuse(conference.KindInvalid, "media.no_h264", ""), 406, "media.no_h264"},
		{conference.Refuse(conference.KindInvalid, "media.no_opus", ""), 406, "media.no_opus"},
		{conference.Refuse(conference.KindUnavailable, "media.full", ""), 503, "media.full"},
		{conference.Refuse(conference.KindConflict, "media.already_publishing", ""), 409, "media.already_publishing"},
		{errTest, 500, "internal"},
	} {
		h.media.refuse(test.refusal)
		publish := h.whip("ba-vi", token, offer)
		h.wantProblem(publish, test.status, test.code)
		watch := h.do(request{method: "POST", path: api + "/whep", body: offer, contentType: typeSDP, lang: "en"})
		h.wantProblem(watch, test.status, test.code)
		if (test.status == 503) != (watch.header.Get("Retry-After") != "") {
			t.Errorf("%s: got Retry-After %q", test.code, watch.header.Get("Retry-After"))
		}
		if strings.Contains(publish.body, errTest.Error()) {
			t.Errorf("a fault of ours is told to strangers: %s", publish.body)
		}
	}
}

func TestWHEP_programmeIsOpenWhenPublic(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	watch := func(path string, r request) answer {
		r.method, r.path, r.body, r.contentType = "POST", path, offer, typeSDP
		return h.do(r)
	}
	public := watch(api+"/whep", request{origin: "https://anywhere.example"})
	if public.status != http.StatusCreated || public.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Fatalf("got %d %s", public.status, public.body)
	}
	if got := h.do(request{method: "DELETE", path: public.header.Get("Location")}); got.status != http.StatusOK {
		t.Errorf("a viewer leaves: got %d %s", got.status, got.body)
	}
	private := "/api/v1/conferences/" + other + "/whep"
	theirs := func(g *access.Grant) { g.Conference = other }
	h.wantProblem(watch(private, request{}), http.StatusUnauthorized, "session.unknown")
	h.wantProblem(watch(private, request{bearer: h.token(conference.RoleScreen)}), http.StatusForbidden, "access.denied")
	if got := watch(private, request{bearer: h.token(conference.RoleScreen, theirs)}); got.status != http.StatusCreated {
		t.Errorf("its own screen: got %d %s", got.status, got.body)
	}
	cookie := h.signIn(h.token(conference.RoleScreen, theirs))
	if got := watch(private, request{cookies: []*http.Cookie{cookie}}); got.status != http.StatusCreated {
		t.Errorf("its own screen's session: got %d %s", got.status, got.body)
	}
	foreign := watch(private, request{cookies: []*http.Cookie{cookie}, origin: "https://evil.example"})
	h.wantProblem(foreign, http.StatusForbidden, "request.foreign_origin")
}

func TestWHEP_oneVenueIsForStageAndItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	watch := func(r request) answer {
		r.method, r.path, r.body, r.contentType = "POST", api+"/whep/ba-vi", offer, typeSDP
		return h.do(r)
	}
	stage := h.signIn(h.token(conference.RoleStage))
	for _, r := range []request{
		{bearer: h.token(conference.RoleStage)},
		{bearer: h.token(conference.RoleVenue)},
		{cookies: []*http.Cookie{stage}},
	} {
		got := watch(r)
		if got.status != http.StatusCreated || !strings.HasPrefix(got.header.Get("Location"), api+"/whep/ba-vi/") {
			t.Fatalf("got %d %s", got.status, got.body)
		}
		r.method, r.path = "DELETE", got.header.Get("Location")
		if got := h.do(r); got.status != http.StatusOK {
			t.Errorf("delete: got %d %s", got.status, got.body)
		}
	}
	h.wantProblem(watch(request{}), http.StatusUnauthorized, "session.unknown")
	for _, role := range []conference.Role{conference.RoleModerator, conference.RoleScreen, conference.RoleRegistrar, conference.RoleAdmin} {
		h.wantProblem(watch(request{bearer: h.token(role)}), http.StatusForbidden, "access.denied")
	}
	another := h.token(conference.RoleVenue, func(g *access.Grant) { g.Venue = "ba-dinh" })
	h.wantProblem(watch(request{bearer: another}), http.StatusForbidden, "access.denied")
}

func TestMedia_preflight(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, path := range []string{"/whip/ba-vi", "/whep", "/whep/ba-vi", "/whip/ba-vi/session", "/whep/~/session"} {
		got := h.do(request{method: "OPTIONS", path: api + path, origin: "https://anywhere.example"})
		if got.status != http.StatusNoContent || got.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: got %d", path, got.status)
		}
		for _, want := range []string{"POST", "PATCH", "DELETE"} {
			if !strings.Contains(got.header.Get("Access-Control-Allow-Methods"), want) {
				t.Errorf("%s: %s is not allowed", path, want)
			}
		}
		for _, want := range []string{"Authorization", "Content-Type", "If-Match"} {
			if !strings.Contains(got.header.Get("Access-Control-Allow-Headers"), want) {
				t.Errorf("%s: header %s is not allowed", path, want)
			}
		}
	}
	if got := h.do(request{method: "GET", path: "/api/v1/conferences"}).header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("the rest of the API: got Access-Control-Allow-Origin %q, want none", got)
	}
}

// fakeRelay tells an address and credentials that can be told apart.
type fakeRelay struct{}

func (fakeRelay) URL(r *http.Request) string { return "turns:" + r.Host }

func (fakeRelay) Credentials(session string) (username, credential string) {
	return "for " + session, "secret"
}

func (fakeRelay) PublicCredentials(session string) (username, credential string) {
	return "public for " + session, "secret"
}

// TestM8_WhoWatchesGetsPublicRelays: the relays of the halls are not told to everybody.
func TestM8_WhoWatchesGetsPublicRelays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(cfg *server.Config) { cfg.Relay = fakeRelay{} })
	made := h.do(request{method: "POST", path: api + "/whep", body: offer, contentType: typeSDP, origin: "-"})
	if got := made.header.Get("Link"); made.status != http.StatusCreated || !strings.Contains(got, `username="public for `) {
		t.Fatalf("got %d with Link %q, want credentials for the public", made.status, got)
	}
	restart := h.do(request{
		method: "PATCH", path: made.header.Get("Location"), body: "a=ice-ufrag:x", contentType: typeFrag, origin: "-",
		header: map[string]string{"If-Match": "*"},
	})
	if got := restart.header.Get("Link"); !strings.Contains(got, `username="public for `) {
		t.Errorf("restart: got %d with Link %q, want credentials for the public", restart.status, got)
	}
}

// WHIP and WHEP clients are told what relays media where only TLS gets through, by header
// (RFC 9725 §4.6), at the start and at every restart; no log line holds the secret.
func TestM6_AnswersLinkTheRelay(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(cfg *server.Config) { cfg.Relay = fakeRelay{} })
	token := h.token(conference.RoleVenue)
	made := h.whip("ba-vi", token, offer)
	location := made.header.Get("Location")
	id := location[strings.LastIndex(location, "/")+1:]
	want := `; rel="ice-server"; username="for ` + id + `"; credential="secret"; credential-type="password"`
	if got := made.header.Get("Link"); !strings.HasPrefix(got, "<turns:127.0.0.1:") || !strings.HasSuffix(got, want) {
		t.Errorf("got Link %q, want …%s", got, want)
	}
	restart := h.do(request{
		method: "PATCH", path: location, bearer: token, body: "a=ice-ufrag:x", contentType: typeFrag, header: map[string]string{"If-Match": "*"},
	})
	if got := restart.header.Get("Link"); !strings.HasSuffix(got, want) {
		t.Errorf("restart: got Link %q, want …%s", got, want)
	}
	if strings.Contains(h.logs.String(), "secret") {
		t.Error("a log line holds the credential")
	}
}
