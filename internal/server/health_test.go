package server_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/internal/server"
)

type health struct {
	Status string            `json:"status"`
	Why    map[string]string `json:"why"`
}

func TestHealth_saysWhyNot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ask := func(path string) (int, health) {
		got := h.do(request{method: "GET", path: path})
		return got.status, fromJSON[health](t, got.body)
	}
	if status, got := ask("/readyz"); status != http.StatusOK || got.Status != "ready" || got.Why != nil {
		t.Errorf("got %d %+v", status, got)
	}
	h.media.unready(errTest)
	if status, got := ask("/readyz"); status != http.StatusServiceUnavailable || got.Why["media"] == "" || got.Why["log"] != "" {
		t.Errorf("media is not bound: got %d %+v", status, got)
	}
	h.media.unready(nil)
	h.server.Drain()
	if status, got := ask("/readyz"); status != http.StatusServiceUnavailable || got.Why["server"] != "draining" {
		t.Errorf("draining: got %d %+v", status, got)
	}
	if status, got := ask("/healthz"); status != http.StatusOK || got.Status != "alive" {
		t.Errorf("got %d %+v", status, got)
	}
}

func TestMetrics_countRequestsByRoute(t *testing.T) {
	t.Parallel()
	metrics := server.NewMetrics()
	metrics.Gauge("diemcau_test", "A gauge.", func() float64 { return 7 })
	h := newHouse(t, func(c *server.Config) { c.Metrics = metrics })
	h.do(request{method: "GET", path: "/c/dat-dai-2022"})
	h.do(request{method: "GET", path: "/c/thu-hai"})
	h.do(request{method: "GET", path: "/nowhere/at/all"})
	h.do(request{method: "BREW", path: "/"})
	scrape := httptest.NewServer(metrics.Handler())
	defer scrape.Close()
	response, err := scrape.Client().Do(get(t, scrape.URL+"/metrics"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text := readAll(t, response)
	for _, want := range []string{
		`diemcau_http_requests_total{method="GET",route="/c/:conference",status="200"} 2`,
		`diemcau_http_requests_total{method="GET",route="unknown",status="404"} 1`,
		`diemcau_http_requests_total{method="other",route="/",status="405"} 1`,
		"diemcau_test 7", "go_goroutines", "go_gc_heap_live_bytes", "process_open_fds",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if strings.Contains(text, "nowhere") {
		t.Error("an invented path has become a label")
	}
}

// TestLog_holdsNothingPersonal sends secrets and personal data every way in, and looks
// for them in everything that was logged at the finest level.
func TestLog_holdsNothingPersonal(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const phone, words, sdp = "0912345678", "canary-body-of-a-question", "v=0 canary-sdp"
	fields := question("canary-key-of-a-citizen", words+" "+phone)
	code := fromJSON[received](t, h.ask(fields).body).Code
	h.do(request{method: "POST", path: "/api/v1/questions/lookup?phone=" + phone, body: toJSON(t, map[string]string{"code": code})})
	h.do(request{method: "POST", path: "/api/v1/questions/lookup", body: words})
	token := h.token(conference.RoleVenue, func(g *access.Grant) { g.Person = "canary-person" })
	bad := "canary-token." + token
	h.do(request{method: "POST", path: "/api/v1/session", body: toJSON(t, map[string]string{"token": bad})})
	cookie := h.signIn(token)
	h.do(request{method: "GET", path: "/api/v1/session?token=" + token, cookies: []*http.Cookie{cookie}})
	made := h.whip("ba-vi", token, sdp)
	h.media.refuse(errTest)
	h.whip("ba-vi", token, sdp) // a fault of ours is logged, what was sent is not
	h.do(request{method: "GET", path: "/" + words + "?t=" + token})
	h.do(request{method: "GET", path: "/", header: map[string]string{"User-Agent": words, "Referer": "http://x/" + phone}})
	log := h.logs.String()
	if !strings.Contains(log, "request answered") || !strings.Contains(log, errTest.Error()) {
		t.Fatalf("nothing was logged: %s", log)
	}
	location := made.header.Get("Location")
	for name, canary := range map[string]string{
		"phone": phone, "words": words, "sdp": "canary-sdp", "token": token, "bad token": "canary-token", "cookie": cookie.Value,
		"key": "canary-key", "person": "canary-person", "code": code, "media session": location[strings.LastIndex(location, "/")+1:],
	} {
		if strings.Contains(log, canary) {
			t.Errorf("the log holds the %s", name)
		}
	}
}

func TestPanic_costsOneRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *server.Config) {
		c.Socket = func(http.ResponseWriter, *http.Request, conference.ID) error { panic("a fault") }
	})
	h.wantProblem(h.do(request{method: "GET", path: api + "/socket"}), http.StatusInternalServerError, "internal")
	if got := h.do(request{method: "GET", path: "/healthz"}); got.status != http.StatusOK {
		t.Errorf("afterwards: got %d", got.status)
	}
	if log := h.logs.String(); !strings.Contains(log, "request panicked") {
		t.Error("the panic is not in the log")
	}
}

func TestSocket_isHandedOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	got := h.do(request{method: "GET", path: api + "/socket"})
	h.wantProblem(got, http.StatusServiceUnavailable, "socket.full")
	if got.header.Get("X-Socket") != place || got.header.Get("Retry-After") != "10" {
		t.Errorf("got %v", got.header)
	}
	unknown := h.do(request{method: "GET", path: "/api/v1/conferences/nowhere/socket"})
	h.wantProblem(unknown, http.StatusNotFound, "conference.unknown")
}

// TestJ6_NothingIsUnknownBeforeTheLogIsOpen: who comes just after a start is told to come
// back, not that the conference, the question or the link does not exist.
func TestJ6_NothingIsUnknownBeforeTheLogIsOpen(t *testing.T) {
	t.Parallel()
	store, err := sqlitelog.Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	h := newHouse(t, func(cfg *server.Config) {
		cfg.Live = live.New(live.Config{Store: store, Logger: cfg.Logger, Now: time.Now, Secret: secret.New(make([]byte, 32))}) // never runs
	})
	for _, r := range []request{
		{method: "GET", path: "/api/v1/conferences"},
		{method: "GET", path: api + "/socket"},
		{method: "POST", path: api + "/questions", body: `{"idempotencyKey":"0123456789abcdef","body":"x"}`},
		{method: "POST", path: "/api/v1/questions/lookup", body: `{"code":"7KQ2M-9XWTB-H"}`},
		{method: "POST", path: "/api/v1/session", body: toJSON(t, map[string]string{"token": h.token(conference.RoleModerator)})},
		{method: "POST", path: api + "/whep", body: offer, contentType: typeSDP},
	} {
		got := h.do(r)
		h.wantProblem(got, http.StatusServiceUnavailable, "server.not_ready")
		if got.header.Get("Retry-After") == "" {
			t.Errorf("%s %s: no Retry-After", r.method, r.path)
		}
	}
}
