package signaling_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// harness is a hub behind a real HTTP server on loopback.
type harness struct {
	t      testing.TB
	hub    *signaling.Hub
	server *httptest.Server
	gate   *fakeGate
	log    *logBuffer
	cancel context.CancelFunc
	stop   func()        // waits
	pipe   *pipeListener // nil: real TCP
}

// pipeListener is a network in memory, so that a synctest bubble can hold both ends.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func (l *pipeListener) dial(context.Context, string, string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// logBuffer keeps what was logged.
type logBuffer struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// serve starts a hub for one conference and stops it with the test.
func serve(tb testing.TB, conf signaling.Conference, change ...func(*signaling.Config)) *harness {
	tb.Helper()
	return serveOn(tb, nil, conf, change...)
}

// bubble runs f with a hub inside a synctest bubble: time is free, nothing is left over.
func bubble(t *testing.T, conf func() signaling.Conference, check func(*testing.T, *harness), change ...func(*signaling.Config)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := serveOn(t, newPipeListener(), conf(), change...)
		defer h.stop()
		check(t, h)
	})
}

func serveOn(tb testing.TB, pipe *pipeListener, conf signaling.Conference, change ...func(*signaling.Config)) *harness {
	tb.Helper()
	h := newHarness(tb, pipe, conf, change...)
	h.start()
	return h
}

// newHarness makes a hub and its server; start starts them.
func newHarness(tb testing.TB, pipe *pipeListener, conf signaling.Conference, change ...func(*signaling.Config)) *harness {
	tb.Helper()
	h := &harness{t: tb, gate: newFakeGate(), log: &logBuffer{}, pipe: pipe}
	cfg := signaling.Config{
		Conference: func(id conference.ID) (signaling.Conference, error) {
			if id != fakeID {
				return nil, conference.Refuse(conference.KindNotFound, "conference.unknown", "")
			}
			return conf, nil
		},
		Gate:   h.gate,
		May:    access.May,
		Logger: slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:    time.Now,
	}
	for _, f := range change {
		f(&cfg)
	}
	h.hub = signaling.New(cfg)
	h.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h.hub.Serve(w, r, conference.ID(strings.Trim(r.URL.Path, "/")))
		if refusal, is := errors.AsType[*conference.Error](err); is { // the server answers with problem+json
			http.Error(w, refusal.Code, http.StatusTeapot)
		} else if err != nil {
			tb.Error(err)
		}
	}))
	if pipe != nil {
		_ = h.server.Listener.Close()
		h.server.Listener = pipe
	}
	return h
}

// start serves until the test ends or h.stop is called.
func (h *harness) start() {
	t := h.t
	t.Helper()
	h.server.Start()
	ctx, cancel := context.WithCancel(context.Background())
	h.cancel = cancel
	done := make(chan error, 1)
	go func() { done <- h.hub.Run(ctx) }()
	var once sync.Once
	h.stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-done:
				if err != nil {
					t.Errorf("hub ended with %v", err)
				}
			case <-time.After(patience):
				t.Error("hub did not stop")
			}
			h.server.Close()
		})
	}
	t.Cleanup(h.stop)
}

// address is where the conference's socket is.
func (h *harness) address() string {
	return "ws" + strings.TrimPrefix(h.server.URL, "http") + "/" + string(fakeID)
}

// peer is a client that checks the chain of cursors.
type peer struct {
	t       testing.TB
	ws      *websocket.Conn
	cursor  string
	welcome protocol.Welcome
	pending []protocol.ServerMessage
}

// dial opens a socket without hello. cookie is "name=value" or "".
func (h *harness) dial(cookie string) *peer {
	h.t.Helper()
	ws, response, err := h.tryDial(cookie, h.server.URL)
	if err != nil {
		h.t.Fatalf("dial: %v", err)
	}
	_ = response.Body.Close()
	h.t.Cleanup(func() { _ = ws.Close() })
	return &peer{t: h.t, ws: ws}
}

func (h *harness) tryDial(cookie, origin string) (*websocket.Conn, *http.Response, error) {
	header := http.Header{}
	if cookie != "" {
		header.Set("Cookie", cookie)
	}
	if origin != "" {
		header.Set("Origin", origin)
	}
	dialer := newDialer()
	if h.pipe != nil {
		dialer.NetDialContext = h.pipe.dial
	}
	return dialer.Dial(h.address(), header)
}

func newDialer() websocket.Dialer {
	return websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: patience}
}

// dialAt opens a socket without hello. cookie is "name=value" or "".
func dialAt(url, cookie string) (*websocket.Conn, error) {
	header := http.Header{}
	if cookie != "" {
		header.Set("Cookie", cookie)
		header.Set("Origin", strings.TrimSuffix("http"+strings.TrimPrefix(url, "ws"), "/"+string(fakeID)))
	}
	dialer := newDialer()
	ws, response, err := dialer.Dial(url, header)
	if err == nil {
		_ = response.Body.Close()
	}
	return ws, err
}

// join opens a socket for a role and takes welcome and snapshot.
func (h *harness) join(role conference.Role, venue conference.VenueID, cursor string) *peer {
	h.t.Helper()
	return h.comeBack(protocol.Hello{Role: role, Venue: string(venue), Cursor: cursor})
}

// comeBack is join with more to say in hello.
func (h *harness) comeBack(hello protocol.Hello) *peer {
	h.t.Helper()
	cookie := ""
	if role := hello.Role; role != conference.RoleCitizen && role != "" {
		name := "dc." + string(role)
		if role == conference.RoleVenue {
			name += "." + hello.Venue
		}
		cookie = name + "=" + h.gate.add(role, conference.VenueID(hello.Venue), "ref-"+string(role)+hello.Venue)
	}
	p := h.dial(cookie)
	hello.Protocols = []int{1}
	p.hello(hello)
	return p
}

func (p *peer) hello(hello protocol.Hello) {
	p.t.Helper()
	p.cursor = hello.Cursor
	p.send(protocol.ClientMessage{Type: "hello", Hello: &hello})
	p.welcome = *p.want("welcome").Welcome
}

// snapshot takes the snapshot that must follow welcome.
func (p *peer) snapshot() protocol.Snapshot {
	p.t.Helper()
	s := *p.want("snapshot").Snapshot
	p.cursor = s.Cursor
	return s
}

func (p *peer) send(v any) {
	p.t.Helper()
	p.raw(websocket.TextMessage, []byte(mustJSON(v)))
}

func (p *peer) raw(kind int, data []byte) {
	p.t.Helper()
	if err := p.ws.WriteMessage(kind, data); err != nil {
		p.t.Fatalf("write: %v", err)
	}
}

// read returns the next message and checks that the chain has no gap.
func (p *peer) read() (protocol.ServerMessage, error) {
	p.t.Helper()
	if len(p.pending) > 0 {
		m := p.pending[0]
		p.pending = p.pending[1:]
		return m, nil
	}
	_ = p.ws.SetReadDeadline(time.Now().Add(patience))
	kind, data, err := p.ws.ReadMessage()
	if err != nil {
		return protocol.ServerMessage{}, err
	}
	if kind != websocket.TextMessage {
		p.t.Fatalf("got a frame of kind %d", kind)
	}
	var m protocol.ServerMessage
	if err := json.Unmarshal(data, &m); err != nil {
		p.t.Fatalf("server sent %s: %v", data, err)
	}
	switch {
	case m.Events != nil:
		p.advance(m.Events.Prev, m.Events.Cursor)
	case m.Watermark != nil:
		p.advance(m.Watermark.Prev, m.Watermark.Cursor)
	}
	return m, nil
}

func (p *peer) advance(prev, cursor string) {
	p.t.Helper()
	if prev != p.cursor {
		p.t.Errorf("gap: client is at %q, message goes on from %q", p.cursor, prev)
	}
	p.cursor = cursor
}

// want returns the next message of a type; watermarks in between are fine.
func (p *peer) want(typ string) protocol.ServerMessage {
	p.t.Helper()
	for {
		m, err := p.read()
		if err != nil {
			p.t.Fatalf("waiting for %s: %v", typ, err)
		}
		if m.Type == typ {
			return m
		}
		if m.Type != "watermark" {
			p.t.Fatalf("got %s, want %s", mustJSON(m), typ)
		}
	}
}

// events reads until n events have come.
func (p *peer) events(n int) []protocol.Event {
	p.t.Helper()
	var out []protocol.Event
	for len(out) < n {
		out = append(out, p.want("events").Events.Events...)
	}
	return out
}

// reply reads until the reply to a command; what else comes is kept for later.
func (p *peer) reply(id string) protocol.Reply {
	p.t.Helper()
	var kept []protocol.ServerMessage
	for {
		m, err := p.read()
		if err != nil {
			p.t.Fatalf("waiting for the reply to %s: %v", id, err)
		}
		if m.Reply != nil && m.Reply.To == id {
			p.pending = append(kept, p.pending...)
			return *m.Reply
		}
		kept = append(kept, m)
	}
}

// command sends a command and returns its reply.
func (p *peer) command(id string, name protocol.CommandName, data any) protocol.Reply {
	p.t.Helper()
	p.send(protocol.ClientMessage{Type: "command", ID: id, Name: name, Data: json.RawMessage(mustJSON(data))})
	return p.reply(id)
}

// closed reads to the end and returns the bye (nil if none) and the close code.
func (p *peer) closed() (*protocol.Bye, int) {
	p.t.Helper()
	var bye *protocol.Bye
	for {
		m, err := p.read()
		if m.Bye != nil {
			bye = m.Bye
		}
		if closeErr, ok := errors.AsType[*websocket.CloseError](err); ok {
			return bye, closeErr.Code
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				return bye, 0
			}
			p.t.Fatalf("waiting for the close: %v", err)
		}
	}
}

// commandID returns a new command id.
func commandID() string {
	return "command-id-of-the-tests-" + time.Now().Format("150405.000000")[7:] + "-" + counter()
}

func counter() string {
	const digits = "0123456789abcdef"
	n := counted.Add(1)
	return string([]byte{digits[n>>12&15], digits[n>>8&15], digits[n>>4&15], digits[n&15]})
}

// counted makes command ids of one test run differ.
var counted atomic.Uint64

// everyRole joins as each role in turn, behind the table of rights and, again, behind one
// that lets everybody through: what holds there is the audience.
func everyRole(t *testing.T, conf signaling.Conference, each func(role conference.Role, p *peer)) {
	t.Helper()
	open := func(cfg *signaling.Config) { cfg.May = func(conference.Role, string) bool { return true } }
	for _, walls := range [][]func(*signaling.Config){nil, {open}} {
		h := serve(t, conf, walls...)
		for _, role := range append(access.Staff(), conference.RoleCitizen) {
			venue := map[bool]conference.VenueID{true: "phu-loc"}[role == conference.RoleVenue]
			p := h.join(role, venue, "")
			p.snapshot()
			each(role, p)
		}
	}
}

// wantGuessesCounted tries a command with a code that does not exist until it is told to wait.
func (p *peer) wantGuessesCounted(name protocol.CommandName) {
	p.t.Helper()
	const atOnce = 6 // with limits at a tenth
	for n := range atOnce + 1 {
		r := p.command(commandID(), name, protocol.QuestionCode{Code: "CODE-nothing"})
		if want := map[bool]string{true: "rate.limited", false: "question.unknown_code"}[n == atOnce]; r.Error == nil || r.Error.Code != want {
			p.t.Fatalf("guess %d: got %s, want %s", n, mustJSON(r), want)
		}
	}
}
