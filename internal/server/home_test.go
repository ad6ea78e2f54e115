package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/server"
)

// elsewhere lets another node have the media.
func elsewhere(origin string, err error) option {
	return func(cfg *server.Config) {
		cfg.MediaHome = func(conference.ID) (string, error) { return origin, err }
		cfg.Peers = func() []string { return []string{"https://b.example.org"} }
	}
}

func TestM11_MediaElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, elsewhere("https://b.example.org", nil))
	h.http.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	token := h.token(conference.RoleVenue)
	for path, got := range map[string]answer{
		api + "/whip/ba-vi": h.whip("ba-vi", token, offer),
		api + "/whep":       h.do(request{method: "POST", path: api + "/whep", body: offer, contentType: typeSDP, origin: "https://elsewhere.example"}),
	} {
		if got.status != http.StatusTemporaryRedirect || got.header.Get("Location") != "https://b.example.org"+path {
			t.Errorf("%s: got %d to %q, want 307 to the node that has the media", path, got.status, got.header.Get("Location"))
		}
		if got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: a page cannot follow, or a cache keeps it: %v", path, got.header)
		}
	}
	h.wantProblem(h.whip("ba-vi", "", offer), http.StatusUnauthorized, "session.unknown")
	page := h.do(request{method: "GET", path: "/c/" + place})
	if policy := page.header.Get("Content-Security-Policy"); !strings.Contains(policy, "https://b.example.org") {
		t.Errorf("a page may not follow to the other node: %s", policy)
	}
}

func TestM11_MediaNowhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t, elsewhere("", conference.Refuse(conference.KindUnavailable, "media.unavailable", "")))
	got := h.do(request{method: "POST", path: api + "/whep", body: offer, contentType: typeSDP})
	h.wantProblem(got, http.StatusServiceUnavailable, "media.unavailable")
	if got.header.Get("Retry-After") == "" {
		t.Error("does not say when to try again")
	}
}
