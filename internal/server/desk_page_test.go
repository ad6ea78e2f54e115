package server_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/diemcau/diemcau/internal/server"
)

// TestDeskOffline: the desk's manifest and service worker are served as what they are, looked
// for anew each time, and the policy allows this origin's workers and manifest and no more.
func TestDeskOffline(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(cfg *server.Config) {
		pages := builtPages()
		pages["desk-sw.js"] = &fstest.MapFile{Data: []byte("addEventListener('fetch', () => {})")}
		pages["desk.webmanifest"] = &fstest.MapFile{Data: []byte("{}")}
		cfg.Pages = pages
	})
	for path, kind := range map[string]string{"/desk-sw.js": "text/javascript; charset=utf-8", "/desk.webmanifest": "application/manifest+json"} {
		got := h.want(h.do(request{method: "GET", path: path}), http.StatusOK)
		if got.header.Get("Content-Type") != kind || got.header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %v", path, got.header)
		}
		if got.header.Get("Service-Worker-Allowed") != "" {
			t.Errorf("%s may control more than its own scope", path)
		}
		policy := got.header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "script-src 'self';", "manifest-src 'self';", "worker-src 'self' blob:;"} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy lacks %q: %s", path, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: %s", path, policy)
		}
	}
}
