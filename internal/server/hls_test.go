package server_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/livestream"
	"github.com/diemcau/diemcau/internal/server"
)

// shelf is a Livestream with three files.
type shelf struct {
	dir   string
	alarm string

	wanted []livestream.Awaited
}

func (s *shelf) Alarm() string { return s.alarm }

func (s *shelf) Room() (room, of int64) { return 1 << 40, 1 << 41 }

func (s *shelf) Recording(*conference.Info) *livestream.Recording { return nil }

func (s *shelf) Movie(*conference.Info, []livestream.Span) (*livestream.Movie, error) {
	return nil, conference.Refuse(conference.KindNotFound, "live.none", "")
}

func (s *shelf) Await(_ context.Context, _ *conference.Info, name string, want *livestream.Awaited) (*livestream.File, error) {
	if want != nil {
		s.wanted = append(s.wanted, *want)
	}
	switch name {
	case "index.m3u8":
		return &livestream.File{Type: "application/vnd.apple.mpegurl", ETag: `"1"`, Data: []byte("#EXTM3U\n"), MaxAge: 2 * time.Second}, nil
	case "v0-7.m4s":
		return &livestream.File{Type: "video/mp4", ETag: `"v0-7.m4s"`, Path: filepath.Join(s.dir, name), MaxAge: 8760 * time.Hour, Immutable: true}, nil
	case "v0-8.m4s":
		return &livestream.File{Path: filepath.Join(s.dir, name)}, nil
	case "v0.m3u8":
		return nil, conference.Refuse(conference.KindUnavailable, "live.not_yet", "")
	}
	return nil, conference.Refuse(conference.KindNotFound, "live.none", "")
}

func withShelf(t *testing.T) (*shelf, option) {
	t.Helper()
	s := &shelf{dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(s.dir, "v0-7.m4s"), []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, func(cfg *server.Config) { cfg.Livestream = s }
}

func TestHLS(t *testing.T) {
	t.Parallel()
	_, shelf := withShelf(t)
	h := newHouse(t, shelf)
	get := func(name string, header map[string]string) answer {
		return h.do(request{method: "GET", path: "/live/" + place + "/" + name, origin: "https://player.example", header: header})
	}
	index := get("index.m3u8", nil)
	if index.status != http.StatusOK || index.body != "#EXTM3U\n" {
		t.Fatalf("got %d %q", index.status, index.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/vnd.apple.mpegurl", "Cache-Control": "public, max-age=2", "Etag": `"1"`,
		"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "", "Set-Cookie": "", "Vary": "",
		"Cross-Origin-Resource-Policy": "cross-origin",
	} {
		if got := index.header.Get(name); got != want {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	if got := get("index.m3u8", map[string]string{"If-None-Match": `"1"`}); got.status != http.StatusNotModified {
		t.Errorf("a cache that has it gets %d, want 304", got.status)
	}
	segment := get("v0-7.m4s", nil)
	if segment.body != "0123456789" || segment.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || segment.header.Get("Content-Type") != "video/mp4" {
		t.Errorf("got %q, %v", segment.body, segment.header)
	}
	if part := get("v0-7.m4s", map[string]string{"Range": "bytes=2-4"}); part.status != http.StatusPartialContent || part.body != "234" {
		t.Errorf("a range: got %d %q", part.status, part.body)
	}
	if head := h.do(request{method: "HEAD", path: "/live/" + place + "/v0-7.m4s"}); head.status != http.StatusOK || head.body != "" || head.header.Get("Content-Length") != "10" {
		t.Errorf("HEAD: got %d %q %v", head.status, head.body, head.header)
	}
	if options := h.do(request{method: "OPTIONS", path: "/live/" + place + "/index.m3u8", origin: "https://player.example"}); options.status != http.StatusNoContent || options.header.Get("Access-Control-Allow-Methods") == "" {
		t.Errorf("OPTIONS: got %d %v", options.status, options.header)
	}
}

// What a player of parts waits for is handed on; what it cannot mean is refused.
func TestP4_HLSDirectives(t *testing.T) {
	t.Parallel()
	shelf, option := withShelf(t)
	h := newHouse(t, option)
	get := func(query string) answer {
		return h.do(request{method: "GET", path: "/live/" + place + "/index.m3u8" + query, origin: "https://player.example"})
	}
	for _, query := range []string{"", "?_HLS_msn=41", "?_HLS_msn=41&_HLS_part=3"} {
		if got := get(query); got.status != http.StatusOK {
			t.Errorf("%s: got %d", query, got.status)
		}
	}
	if want := []livestream.Awaited{{Sequence: 41, Part: -1}, {Sequence: 41, Part: 3}}; !slices.Equal(shelf.wanted, want) {
		t.Errorf("got %v, want %v", shelf.wanted, want)
	}
	for _, query := range []string{"?_HLS_part=3", "?_HLS_msn=-1", "?_HLS_msn=a", "?_HLS_msn=4&_HLS_part=70000"} {
		h.wantProblem(get(query), http.StatusBadRequest, "live.bad_directive")
	}
}

func TestHLS_refusals(t *testing.T) {
	t.Parallel()
	_, shelf := withShelf(t)
	h := newHouse(t, shelf)
	get := func(path string, r request) answer {
		r.method, r.path = "GET", path
		return h.do(r)
	}
	notYet := get("/live/"+place+"/v0.m3u8", request{origin: "https://player.example"})
	h.wantProblem(notYet, http.StatusServiceUnavailable, "live.not_yet")
	if notYet.header.Get("Retry-After") == "" || notYet.header.Get("Access-Control-Allow-Origin") != "*" || notYet.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %v", notYet.header)
	}
	h.wantProblem(get("/live/"+place+"/v9.m3u8", request{}), http.StatusNotFound, "live.none")
	h.wantProblem(get("/live/"+place+"/v0-8.m4s", request{}), http.StatusNotFound, "live.none")
	h.wantProblem(get("/live/nowhere/index.m3u8", request{}), http.StatusNotFound, "conference.unknown")
	h.wantProblem(h.do(request{method: "POST", path: "/live/" + place + "/index.m3u8"}), http.StatusMethodNotAllowed, "request.bad_method")

	// A conference that is not public: as WHEP.
	private := "/live/" + other + "/index.m3u8"
	theirs := func(g *access.Grant) { g.Conference = other }
	h.wantProblem(get(private, request{origin: "-"}), http.StatusUnauthorized, "session.unknown")
	h.wantProblem(get(private, request{bearer: h.token(conference.RoleScreen)}), http.StatusForbidden, "access.denied")
	shown := get(private, request{bearer: h.token(conference.RoleScreen, theirs), origin: "-"})
	if shown.status != http.StatusOK || shown.header.Get("Cache-Control") != "private, max-age=2" {
		t.Errorf("got %d, %q: nobody else's cache may keep it", shown.status, shown.header.Get("Cache-Control"))
	}

	without := newHouse(t)
	without.wantProblem(without.do(request{method: "GET", path: "/live/" + place + "/index.m3u8"}), http.StatusNotFound, "live.none")
}

func TestM11_HLSElsewhere(t *testing.T) {
	t.Parallel()
	_, shelf := withShelf(t)
	h := newHouse(t, shelf, elsewhere("https://b.example.org", nil))
	h.http.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	path := "/live/" + place + "/v0.m3u8"
	got := h.do(request{method: "GET", path: path, origin: "https://player.example"})
	if got.status != http.StatusTemporaryRedirect || got.header.Get("Location") != "https://b.example.org"+path || got.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("got %d %v", got.status, got.header)
	}
	if got := h.do(request{method: "GET", path: "/live/" + place + "/index.m3u8"}); got.status != http.StatusOK {
		t.Errorf("what is here is not shown: %d", got.status)
	}
}

// A recording that stopped is told, and the server stays ready: the programme goes on.
func TestP6_AlarmIsToldByReadyz(t *testing.T) {
	t.Parallel()
	files, shelf := withShelf(t)
	h := newHouse(t, shelf)
	if got := h.do(request{method: "GET", path: "/readyz"}); got.body != `{"status":"ready"}`+"\n" && got.body != `{"status":"ready"}` {
		t.Errorf("got %q", got.body)
	}
	files.alarm = "the disk is full"
	got := h.do(request{method: "GET", path: "/readyz"})
	if want := `{"status":"ready","warn":{"recording":"the disk is full"}}`; got.status != http.StatusOK || got.body != want && got.body != want+"\n" {
		t.Errorf("got %d %q, want %q", got.status, got.body, want)
	}
}
