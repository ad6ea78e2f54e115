package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/demo"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/internal/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	place = "dat-dai-2022"
	other = "kin-2022" // a conference that is not public
	api   = "/api/v1/conferences/" + place
)

// house is a server in process: the real rules on a real log, media faked.
type house struct {
	*testing.T

	server *server.Server
	http   *httptest.Server
	live   *live.Node
	gate   *access.Gate
	media  *fakeMedia
	lines  *fakeLines
	logs   *buffer
	stop   func()
}

type option func(*server.Config)

func newHouse(t *testing.T, options ...option) *house {
	t.Helper()
	return newHouseIn(t, t.TempDir(), options...)
}

func newHouseIn(t *testing.T, dir string, options ...option) *house {
	t.Helper()
	logs := &buffer{}
	logger := slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	store, err := sqlitelog.Open(t.Context(), dir, logger)
	if err != nil {
		t.Fatal(err)
	}
	keys := secret.New(bytes.Repeat([]byte("k"), 32))
	h := &house{T: t, logs: logs, media: newFakeMedia(), lines: newFakeLines()}
	h.live = live.New(live.Config{Store: store, Secret: keys, Logger: logger, Now: time.Now})
	h.gate = access.New(access.Config{Ephemeral: store.Ephemeral(), Keys: keys, Now: time.Now})
	cfg := server.Config{
		Logger: logger, Now: time.Now, Gate: h.gate, Live: h.live, Media: h.media, Lines: h.lines, Pages: builtPages(),
		Socket: func(w http.ResponseWriter, _ *http.Request, id conference.ID) error {
			w.Header().Set("X-Socket", string(id))
			w.Header().Set("Retry-After", "10")
			return conference.Refuse(conference.KindUnavailable, "socket.full", "")
		},
		Metrics: server.NewMetrics(), ImportSecret: keys.Derive("import", 32),
	}
	for _, o := range options {
		o(&cfg)
	}
	if h.server, err = server.New(cfg); err != nil {
		t.Fatal(err)
	}
	h.server.Started()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	for _, run := range []func(context.Context) error{h.live.Run, h.server.Run} {
		wg.Go(func() { // ends with cancel
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	h.http = httptest.NewServer(h.server.Handler())
	h.stop = sync.OnceFunc(func() {
		h.http.Close()
		cancel()
		wg.Wait()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(h.stop)
	h.seed()
	return h
}

// seed waits for the log and makes the two conferences the tests play in.
func (h *house) seed() {
	h.Helper()
	admin := conference.Actor{Role: conference.RoleAdmin}
	for h.live.Ready(h.Context()) != nil {
		if h.Context().Err() != nil {
			h.Fatal("the log was never ready")
		}
	}
	closed := demo.Conference()
	closed.ID, closed.Public = other, false
	for _, info := range []conference.Info{demo.Conference(), closed} {
		if _, err := h.live.Conference(info.ID); err == nil {
			continue // the second house on the same folder
		}
		if err := h.live.Create(h.Context(), admin, info); err != nil {
			h.Fatal(err)
		}
		running, err := h.live.Conference(info.ID)
		if err != nil {
			h.Fatal(err)
		}
		if _, err := running.Do(h.Context(), conference.Command{ID: access.NewID(), Actor: admin, Body: conference.Open{}}); err != nil {
			h.Fatal(err)
		}
	}
}

// token signs a link of an hour for a role; its venue, if any, is Ba Vì.
func (h *house) token(role conference.Role, changes ...func(*access.Grant)) string {
	grant := access.Grant{
		ID: access.NewID(), Conference: place, Role: role, Person: "Nguyễn Văn A", Expires: time.Now().Add(time.Hour),
	}
	if role == conference.RoleVenue {
		grant.Venue = "ba-vi"
	}
	for _, change := range changes {
		change(&grant)
	}
	return h.gate.Sign(grant)
}

// request is one call; the zero value of a field leaves it out.
type request struct {
	method, path string
	body         string
	contentType  string // "" = application/json when there is a body; "-" = none
	bearer       string
	cookies      []*http.Cookie
	origin       string // "" = the server's own; "-" = none
	lang         string
	header       map[string]string
}

type answer struct {
	status  int
	header  http.Header
	body    string
	cookies []*http.Cookie
	problem server.Problem
}

func (h *house) do(r request) answer {
	h.Helper()
	call, err := http.NewRequestWithContext(h.Context(), r.method, h.http.URL+r.path, strings.NewReader(r.body))
	if err != nil {
		h.Fatal(err)
	}
	switch {
	case r.contentType != "" && r.contentType != "-":
		call.Header.Set("Content-Type", r.contentType)
	case r.body != "" && r.contentType == "":
		call.Header.Set("Content-Type", "application/json")
	}
	if r.bearer != "" {
		call.Header.Set("Authorization", "Bearer "+r.bearer)
	}
	switch r.origin {
	case "":
		call.Header.Set("Origin", h.http.URL)
	case "-":
	default:
		call.Header.Set("Origin", r.origin)
	}
	if r.lang != "" {
		call.Header.Set("Accept-Language", r.lang)
	}
	for name, value := range r.header {
		call.Header.Set(name, value)
	}
	for _, cookie := range r.cookies {
		call.AddCookie(cookie)
	}
	response, err := h.http.Client().Do(call)
	if err != nil {
		h.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		h.Fatal(err)
	}
	got := answer{status: response.StatusCode, header: response.Header, body: string(body), cookies: response.Cookies()}
	if r.method != http.MethodHead && strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") {
		if err := json.Unmarshal(body, &got.problem); err != nil {
			h.Fatalf("problem %q: %v", body, err)
		}
	}
	return got
}

// signIn redeems a token and returns the cookie.
func (h *house) signIn(token string) *http.Cookie {
	h.Helper()
	got := h.do(request{method: "POST", path: "/api/v1/session", body: toJSON(h, map[string]string{"token": token})})
	if got.status != http.StatusNoContent || len(got.cookies) != 1 {
		h.Fatalf("sign in: got %d with %d cookies: %s", got.status, len(got.cookies), got.body)
	}
	return got.cookies[0]
}

// wantProblem checks a refusal: status, code, and a sentence in the right language.
func (h *house) wantProblem(got answer, status int, code string) {
	h.Helper()
	if got.status != status || got.problem.Code != code || got.problem.Status != status {
		h.Errorf("got %d %s (%s), want %d %s", got.status, got.problem.Code, got.body, status, code)
		return
	}
	if got.problem.Title == "" || got.problem.Type != "urn:diemcau:"+code {
		h.Errorf("got problem %+v: no title, or another type", got.problem)
	}
}

func toJSON(tb testing.TB, value any) string {
	tb.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		tb.Fatal(err)
	}
	return string(raw)
}

func fromJSON[T any](tb testing.TB, text string) T {
	tb.Helper()
	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		tb.Fatalf("%q: %v", text, err)
	}
	return value
}

func builtPages() fstest.MapFS {
	pages := fstest.MapFS{
		"README.md":                {Data: []byte("note")},
		".vite/manifest.json":      {Data: []byte("{}")},
		"assets/venue-B1x2Y3z4.js": {Data: []byte(strings.Repeat("export const a = 1;\n", 100))},
		"assets/boot.js":           {Data: []byte("boot()")},
		"icon.svg":                 {Data: []byte("<svg/>")},
	}
	for _, name := range []string{"index", "conference", "q", "venue", "moderate", "stage", "screen", "desk", "answer", "admin"} {
		pages[name+".html"] = &fstest.MapFile{Data: []byte("<!doctype html><title>" + name + "</title>")}
	}
	return pages
}

// buffer is where the log goes.
type buffer struct {
	textMu sync.Mutex // guards text
	text   bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.textMu.Lock()
	defer b.textMu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.textMu.Lock()
	defer b.textMu.Unlock()
	return b.text.String()
}

// fakeMedia answers offers as the media plane would.
type fakeMedia struct {
	refusalMu sync.Mutex // guards what follows
	refusal   error
	notReady  error
	made      []*fakeSession
	viewers   []netip.Prefix // where they came from
}

func newFakeMedia() *fakeMedia { return &fakeMedia{} }

func (m *fakeMedia) refuse(err error) {
	m.refusalMu.Lock()
	defer m.refusalMu.Unlock()
	m.refusal = err
}

// sessions returns what was made since the last call of forget.
func (m *fakeMedia) sessions() []*fakeSession {
	m.refusalMu.Lock()
	defer m.refusalMu.Unlock()
	return m.made
}

func (m *fakeMedia) forget() {
	m.refusalMu.Lock()
	defer m.refusalMu.Unlock()
	m.made = nil
}

func (m *fakeMedia) Publish(_ context.Context, _ *conference.Info, venue conference.VenueID, offer string) (server.MediaSession, string, error) {
	return m.make(venue, offer)
}

func (m *fakeMedia) Watch(_ context.Context, _ *conference.Info, at server.Viewing, offer string) (server.MediaSession, string, error) {
	m.refusalMu.Lock()
	m.viewers = append(m.viewers, at.From)
	m.refusalMu.Unlock()
	return m.make(at.Venue, offer)
}

func (m *fakeMedia) make(venue conference.VenueID, offer string) (server.MediaSession, string, error) {
	m.refusalMu.Lock()
	defer m.refusalMu.Unlock()
	if m.refusal != nil {
		return nil, "", m.refusal
	}
	if !strings.HasPrefix(offer, "v=0") {
		return nil, "", conference.Refuse(conference.KindInvalid, "media.bad_sdp", "no v=0")
	}
	session := &fakeSession{id: access.NewID(), etag: "1", venue: venue, done: make(chan struct{})}
	m.made = append(m.made, session)
	return session, "v=0 answer", nil
}

func (m *fakeMedia) Ready() error {
	m.refusalMu.Lock()
	defer m.refusalMu.Unlock()
	return m.notReady
}

type fakeSession struct {
	id, etag string
	venue    conference.VenueID
	done     chan struct{}
	once     sync.Once
}

func (s *fakeSession) ID() string            { return s.id }
func (s *fakeSession) ETag() string          { return s.etag }
func (s *fakeSession) Close()                { s.once.Do(func() { close(s.done) }) }
func (s *fakeSession) Done() <-chan struct{} { return s.done }

func (s *fakeSession) Patch(_ context.Context, fragment, ifMatch string) (string, error) {
	switch {
	case ifMatch != `"`+s.etag+`"` && ifMatch != "*":
		return "", conference.Refuse(conference.KindConflict, "media.etag_mismatch", "")
	case strings.Contains(fragment, "a=ice-ufrag"):
		s.etag += "1"
		return "a=ice-ufrag:new", nil
	}
	return "", nil
}

var errTest = errors.New("the disk is full")

// secretOf returns the keys of another installation.
func secretOf(letter string) *secret.Keys { return secret.New(bytes.Repeat([]byte(letter), 32)) }

func (m *fakeMedia) unready(err error) {
	m.refusalMu.Lock()
	defer m.refusalMu.Unlock()
	m.notReady = err
}

// newRecorder has a handler answer a request that seems to come from an address.
func newRecorder(t *testing.T, handler http.Handler, from, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://hop.example.vn/", http.NoBody)
	r.URL.Path, r.RemoteAddr = path, from
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}
