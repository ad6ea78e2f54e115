package server_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/edge"
	"github.com/diemcau/diemcau/internal/limits"
	"github.com/diemcau/diemcau/internal/server"
)

const hueEdge = "https://hue.example.org"

// fakeEdges is the list of one edge.
type fakeEdges struct {
	mu      sync.Mutex
	reports []edge.Report
	wants   []edge.Want
	full    bool
}

func (f *fakeEdges) Report(_ context.Context, r edge.Report) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reports = append(f.reports, r)
	return nil
}

func (f *fakeEdges) Pick(w edge.Want) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wants = append(f.wants, w)
	if f.full {
		return ""
	}
	return hueEdge
}

func (f *fakeEdges) Origins() []string { return []string{hueEdge} }

func withEdges() (*fakeEdges, option) {
	f := &fakeEdges{}
	return f, func(cfg *server.Config) { cfg.Edges = f }
}

// newOrigin is a house with an edge; redirects are not followed.
func newOrigin(t *testing.T, more ...option) (*house, *fakeEdges) {
	t.Helper()
	edges, with := withEdges()
	h := newHouse(t, append(more, with)...)
	h.http.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return h, edges
}

// close closes a conference.
func (h *house) close(id conference.ID) {
	h.Helper()
	running, err := h.live.Conference(id)
	if err == nil {
		admin := conference.Actor{Role: conference.RoleAdmin}
		_, err = running.Do(h.Context(), conference.Command{ID: access.NewID(), Actor: admin, Body: conference.Close{}})
	}
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) edgeToken(letter string) string {
	return access.NewSigner(secretOf(letter)).SignEdge(access.EdgeGrant{ID: access.NewID(), Expires: time.Now().Add(time.Hour)})
}

// Whoever comes to watch what is public is sent to an edge with room, and stays when there
// is none or it says so; nobody else is sent anywhere.
func TestP7_ViewersAreSentToAnEdge(t *testing.T) {
	t.Parallel()
	_, shelf := withShelf(t)
	h, edges := newOrigin(t, shelf)
	whep := func(path, token string) answer {
		return h.do(request{method: "POST", path: path, body: offer, contentType: typeSDP, origin: "https://player.example", bearer: token})
	}
	live := func(name string) answer {
		return h.do(request{method: "GET", path: "/live/" + place + "/" + name})
	}
	for _, test := range []struct {
		name, sent string
		got        answer
	}{
		{"WebRTC", api + "/whep", whep(api+"/whep", "")},
		{"HLS", "/live/" + place + "/index.m3u8", live("index.m3u8")},
		{"WebRTC that stays", "", whep(api+"/whep?edge=no", "")},
		{"HLS that stays", "", live("index.m3u8?edge=no")},
		{"a segment", "", live("v0-7.m4s")},
		{"one venue", "", whep(api+"/whep/ba-vi", h.token(conference.RoleVenue))},
	} {
		at := test.got.header.Get("Location")
		switch sent := test.got.status == http.StatusTemporaryRedirect; {
		case sent != (test.sent != "") || sent && at != hueEdge+test.sent:
			t.Errorf("%s: got %d to %q, want to be sent to %q", test.name, test.got.status, at, test.sent)
		case sent && (test.got.header.Get("Access-Control-Allow-Origin") != "*" || test.got.header.Get("Cache-Control") != "no-store"):
			t.Errorf("%s: a page cannot follow, or a cache keeps it: %v", test.name, test.got.header)
		}
	}
	if !slices.Equal(edges.wants, []edge.Want{{Conference: place}, {Conference: place, HLS: true}}) {
		t.Errorf("asked for %+v", edges.wants)
	}
	private := h.token(conference.RoleModerator, func(g *access.Grant) { g.Conference = other })
	if got := whep("/api/v1/conferences/"+other+"/whep", private); got.status != http.StatusCreated {
		t.Errorf("what is not public: got %d, want to stay", got.status)
	}
	edges.full = true
	if got := whep(api+"/whep", ""); got.status != http.StatusCreated {
		t.Errorf("no edge has room: got %d, want to stay", got.status)
	}
	edges.full = false
	h.close(place)
	if got := live("index.m3u8"); got.status == http.StatusTemporaryRedirect {
		t.Error("who wants the recording is sent to an edge, which has none")
	}
	page := h.do(request{method: "GET", path: "/c/" + place})
	policy := page.header.Get("Content-Security-Policy")
	for _, directive := range []string{"connect-src", "media-src"} {
		_, rest, _ := strings.Cut(policy, directive)
		if what, _, _ := strings.Cut(rest, ";"); !strings.Contains(what, hueEdge) {
			t.Errorf("a page may not follow (%s): %s", directive, policy)
		}
	}
}

// An edge is told what is open and public, and gets each size of it; nobody else is.
func TestP7_OriginServesEdges(t *testing.T) {
	t.Parallel()
	h, edges := newOrigin(t)
	body := toJSON(t, edge.Report{Run: "r", URL: hueEdge, Capacity: 10})
	report := func(token string) answer {
		return h.do(request{method: "POST", path: edge.Path, body: body, bearer: token, origin: "-"})
	}
	pull := func(id, rung, token string) answer {
		return h.do(request{
			method: "POST", path: "/api/v1/conferences/" + id + "/rungs/" + rung, body: offer, contentType: typeSDP, bearer: token, origin: "-",
		})
	}
	token := h.edgeToken("k")
	got := report(token)
	standing := fromJSON[edge.Standing](t, got.body)
	if got.status != http.StatusOK || len(standing.Conferences) != 1 || standing.Conferences[0].ID != place || standing.Now.IsZero() {
		t.Errorf("got %d: %s", got.status, got.body)
	}
	if len(edges.reports) != 1 || edges.reports[0].URL != hueEdge {
		t.Errorf("reported: %+v", edges.reports)
	}
	made := pull(place, "2", token)
	if made.status != http.StatusCreated || made.body != "v=0 answer" {
		t.Errorf("a size: got %d: %s", made.status, made.body)
	}
	if gone := h.do(request{method: "DELETE", path: made.header.Get("Location"), origin: "-"}); gone.status != http.StatusOK {
		t.Errorf("to end it: got %d", gone.status)
	}
	h.wantProblem(pull(other, "0", token), http.StatusForbidden, "access.denied")
	h.wantProblem(pull("none", "0", token), http.StatusNotFound, "conference.unknown")
	for name, wrong := range map[string]string{
		"nobody": "", "another installation's edge": h.edgeToken("x"), "the administrator": h.token(conference.RoleAdmin),
	} {
		if got := report(wrong); got.status != http.StatusUnauthorized {
			t.Errorf("%s reports: got %d", name, got.status)
		}
		if got := pull(place, "0", wrong); got.status != http.StatusUnauthorized {
			t.Errorf("%s pulls: got %d", name, got.status)
		}
	}
	for _, path := range []string{api + "/sessions", api + "/whep/ba-vi"} {
		if got := h.do(request{method: "GET", path: path, bearer: token}); got.status < 400 {
			t.Errorf("an edge's token opens %s", path)
		}
	}
	if strings.Contains(h.logs.String(), token) {
		t.Error("the token is in the log")
	}
}

// An edge shows what is its own and sends on what is the origin's; what must not go through
// it is refused.
func TestP7_EdgeServer(t *testing.T) {
	t.Parallel()
	_, shelf := withShelf(t)
	var cfg server.Config
	shelf(&cfg)
	why, logs := "", &buffer{}
	s := server.NewEdge(server.EdgeConfig{
		Logger: slog.New(slog.NewJSONHandler(logs, nil)), Now: time.Now, Media: newFakeMedia(), Livestream: cfg.Livestream,
		Limits: limits.New(limits.Config{Now: time.Now}), Origin: "https://origin.example.org", Why: func() string { return why },
		Conferences: func() []*conference.Info {
			return []*conference.Info{{ID: place, State: conference.StateOpen, Public: true}}
		},
	})
	h := &house{T: t, http: httptest.NewServer(s.Handler())}
	defer h.http.Close()
	h.http.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	elsewhere := "/api/v1/conferences/anywhere"
	socket := map[string]string{"Upgrade": "websocket", "Connection": "Upgrade"}
	for _, test := range []struct {
		request

		status int
		origin bool // sent there
	}{
		{request: request{method: "POST", path: api + "/whep", body: offer, contentType: typeSDP}, status: 201},
		{request: request{method: "OPTIONS", path: api + "/whep"}, status: 204},
		{request: request{method: "GET", path: "/live/" + place + "/index.m3u8"}, status: 200},
		{request: request{method: "GET", path: "/live/" + place + "/v0-7.m4s"}, status: 200},
		{request: request{method: "GET", path: "/live/" + place + "/recording.mp4"}, status: 307, origin: true},
		{request: request{method: "GET", path: "/live/anywhere/index.m3u8"}, status: 307, origin: true},
		{request: request{method: "POST", path: elsewhere + "/whep", body: offer, contentType: typeSDP}, status: 307, origin: true},
		{request: request{method: "GET", path: "/"}, status: 307, origin: true},
		{request: request{method: "GET", path: "/c/" + place + "?x=1"}, status: 307, origin: true},
		{request: request{method: "POST", path: api + "/questions", body: "{}"}, status: 421},
		{request: request{method: "POST", path: api + "/whip/ba-vi", body: offer, contentType: typeSDP, bearer: "secret"}, status: 421},
		{request: request{method: "POST", path: "/api/v1/session", body: `{"token":"secret"}`}, status: 421},
		{request: request{method: "GET", path: api + "/socket", header: socket}, status: 421},
		{request: request{method: "POST", path: edge.Path, body: "{}", bearer: "secret"}, status: 421},
		{request: request{method: "GET", path: "/healthz"}, status: 200},
	} {
		got := h.do(test.request)
		want := ""
		if test.origin {
			want = "https://origin.example.org" + test.path
		}
		at := got.header.Get("Location")
		if got.status != test.status || test.status == 307 && at != want {
			t.Errorf("%s %s: got %d to %q, want %d to %q", test.method, test.path, got.status, at, test.status, want)
		}
		if test.status == 421 {
			h.wantProblem(got, 421, "edge.elsewhere")
		}
		media := strings.HasPrefix(test.path, "/live/") || strings.HasSuffix(test.path, "/whep")
		if media && got.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s %s: a page of another site cannot read it", test.method, test.path)
		}
	}
	if got := h.do(request{method: "GET", path: "/readyz"}); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "starting") {
		t.Errorf("before the start: got %d: %s", got.status, got.body)
	}
	s.Started()
	if got := h.do(request{method: "GET", path: "/readyz"}); got.status != http.StatusOK {
		t.Errorf("ready: got %d: %s", got.status, got.body)
	}
	why = "gone"
	if got := h.do(request{method: "GET", path: "/readyz"}); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, `"origin":"gone"`) {
		t.Errorf("without an origin: got %d: %s", got.status, got.body)
	}
	if strings.Contains(logs.String(), "secret") {
		t.Errorf("what was sent astray is in the log: %s", logs.String())
	}
}
