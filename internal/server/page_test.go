package server_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/diemcau/diemcau/internal/server"
)

func TestPages_areShellsForEverybody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for path, title := range map[string]string{
		"/": "index", "/c/dat-dai-2022": "conference", "/c/unknown": "conference", "/q": "q", "/venue": "venue",
		"/moderate": "moderate", "/stage": "stage", "/screen": "screen", "/desk": "desk", "/answer": "answer", "/admin": "admin",
	} {
		for _, method := range []string{"GET", "HEAD"} {
			got := h.do(request{method: method, path: path})
			if got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
				t.Errorf("%s %s: got %d %s", method, path, got.status, got.header.Get("Content-Type"))
			}
			if method == "GET" && !strings.Contains(got.body, "<title>"+title+"</title>") {
				t.Errorf("%s: got %q, want the page %s", path, got.body, title)
			}
			if got.header.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s: got Cache-Control %q", path, got.header.Get("Cache-Control"))
			}
		}
	}
}

func TestPages_securityHeadersOnEverything(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, path := range []string{"/", "/venue", "/nowhere", "/api/v1/conferences", "/api/v1/nowhere", "/healthz", "/assets/boot.js"} {
		got := h.do(request{method: "GET", path: path})
		policy := got.header.Get("Content-Security-Policy")
		for _, want := range []string{
			"default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self'",
			"img-src 'self' data: blob:", "media-src 'self' blob:", "frame-ancestors 'none'", "base-uri 'none'",
		} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %q lacks %q", path, policy, want)
			}
		}
		for _, banned := range []string{"unsafe", "*", "http:"} {
			if strings.Contains(policy, banned) {
				t.Errorf("%s: policy %q holds %q", path, policy, banned)
			}
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Strict-Transport-Security": "",
		} {
			if got := got.header.Get(name); got != want {
				t.Errorf("%s: got %s %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestPages_policyIgnoresAStrangeHost(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	call, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.http.URL+"/", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	call.Host = "a; script-src *"
	response, err := h.http.Client().Do(call)
	if err != nil {
		return // such a host does not even leave the client
	}
	defer response.Body.Close()
	if policy := response.Header.Get("Content-Security-Policy"); strings.Contains(policy, "*") {
		t.Errorf("got policy %q", policy)
	}
}

func TestAssets_hashedAreKeptForEver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	hashed := h.do(request{method: "GET", path: "/assets/venue-B1x2Y3z4.js", header: map[string]string{"Accept-Encoding": "gzip"}})
	if got, want := hashed.header.Get("Cache-Control"), "public, max-age=31536000, immutable"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := hashed.header.Get("Content-Encoding"); got != "gzip" {
		t.Errorf("got encoding %q, want gzip", got)
	}
	plain := h.do(request{method: "GET", path: "/assets/venue-B1x2Y3z4.js", header: map[string]string{"Accept-Encoding": "identity"}})
	if plain.header.Get("Content-Encoding") != "" || len(plain.body) <= len(hashed.body) {
		t.Errorf("got %d plain bytes, %d compressed", len(plain.body), len(hashed.body))
	}
	if got := h.do(request{method: "GET", path: "/assets/boot.js"}).header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("a file without a hash: got %q, want no-cache", got)
	}
	again := h.do(request{method: "GET", path: "/assets/boot.js", header: map[string]string{
		"If-None-Match": h.do(request{method: "GET", path: "/assets/boot.js"}).header.Get("ETag"),
	}})
	if again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("got %d with %d bytes, want 304", again.status, len(again.body))
	}
	if got := h.do(request{method: "GET", path: "/icon.svg"}); got.status != http.StatusOK || got.header.Get("Content-Type") != "image/svg+xml" {
		t.Errorf("a file in the root: got %d %s", got.status, got.header.Get("Content-Type"))
	}
}

func TestPages_nothingElseIsServed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, path := range []string{
		"/nowhere", "/README.md", "/.vite/manifest.json", "/venue.html", "/assets/", "/assets/../README.md",
		"/assets/%2e%2e/README.md", "/c/", "/c/a/b", "/c/Đất", "/ca", "/ca.crt", "/metrics", "/debug/pprof/", "/data/secret",
	} {
		got := h.do(request{method: "GET", path: path, header: map[string]string{"Accept": "text/html"}})
		if got.status != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, got.status)
		}
	}
	page := h.do(request{method: "GET", path: "/nowhere", header: map[string]string{"Accept": "text/html"}})
	for _, want := range []string{"Không có trang này", "There is no such page"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	h.wantProblem(h.do(request{method: "GET", path: "/nowhere"}), http.StatusNotFound, "request.not_found")
	h.wantProblem(h.do(request{method: "GET", path: "/api/v1/nowhere"}), http.StatusNotFound, "request.not_found")
	h.wantProblem(h.do(request{method: "DELETE", path: "/api/v1/conferences"}), http.StatusMethodNotAllowed, "request.bad_method")
}

func TestPages_unbuiltSaysHowToBuildThem(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *server.Config) { c.Pages = fstest.MapFS{"README.md": {Data: []byte("note")}} })
	for _, path := range []string{"/", "/venue", "/c/dat-dai-2022"} {
		got := h.do(request{method: "GET", path: path})
		if got.status != http.StatusOK || !strings.Contains(got.body, "make build") || !strings.Contains(got.body, "Node") {
			t.Errorf("%s: got %d %q", path, got.status, got.body)
		}
	}
	if got := h.do(request{method: "GET", path: "/plain.css"}); got.status != http.StatusOK {
		t.Errorf("its style: got %d", got.status)
	}
}

func TestCA_isOfferedWhenThereIsOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(c *server.Config) {
		c.CACert = []byte("-----BEGIN CERTIFICATE-----")
		c.Origins = func() []string { return []string{"https://192.168.1.5:8443"} }
	})
	got := h.do(request{method: "GET", path: "/ca.crt"})
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/x-x509-ca-cert" {
		t.Errorf("got %d %s", got.status, got.header.Get("Content-Type"))
	}
	if got := h.do(request{method: "GET", path: "/ca"}); !strings.Contains(got.body, "/ca.crt") {
		t.Errorf("the page does not lead to the certificate: %q", got.body)
	}
	origins := fromJSON[struct {
		HTTPS []string `json:"https"`
		CA    bool     `json:"ca"`
	}](t, h.do(request{method: "GET", path: "/api/v1/origins"}).body)
	if len(origins.HTTPS) != 1 || !origins.CA {
		t.Errorf("got %+v", origins)
	}
}
