package signaling_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/internal/access"
	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/moderation"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

func helloText(change func(*protocol.Hello)) []byte {
	hello := protocol.Hello{Protocols: []int{1}}
	change(&hello)
	return []byte(mustJSON(protocol.ClientMessage{Type: "hello", Hello: &hello}))
}

func citizenHello() []byte { return helloText(func(*protocol.Hello) {}) }

// TestJ9_BadFirstMessages: what is no hello, or asks for what nobody gave, is told so by
// a bye and a close code, and disturbs nobody.
//
//nolint:paralleltest // the cases share one hub, one after the other
func TestJ9_BadFirstMessages(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	h := serve(t, conf)
	other := h.join(conference.RoleCitizen, "", "")
	other.snapshot()
	venue := "dc.venue.phu-loc=" + h.gate.add(conference.RoleVenue, "phu-loc", "v1")
	two := venue + "; dc.venue.main=" + h.gate.add(conference.RoleVenue, "main", "v2")
	elsewhere := "dc.moderator=cookie-elsewhere"
	h.gate.sessions["cookie-elsewhere"] = access.Session{Ref: "e", Conference: "other", Role: conference.RoleModerator}

	for _, tt := range []struct {
		name, cookie string
		kind         int
		data         []byte
		code         int
		reason       string
	}{
		{"not JSON", "", websocket.TextMessage, []byte("hello"), protocol.CloseBadMessage, "bad_message"},
		{"empty", "", websocket.TextMessage, nil, protocol.CloseBadMessage, "bad_message"},
		{"array", "", websocket.TextMessage, []byte("[]"), protocol.CloseBadMessage, "bad_message"},
		{"deep", "", websocket.TextMessage, bytes.Repeat([]byte("["), 60_000), protocol.CloseBadMessage, "bad_message"},
		{"no UTF-8", "", websocket.TextMessage, []byte("{\"type\":\"hello\",\"hello\":{\"protocols\":[1],\"venue\":\"\xff\"}}"), protocol.CloseBadMessage, "bad_message"},
		{"no hello", "", websocket.TextMessage, []byte(`{"type":"hello"}`), protocol.CloseBadMessage, "bad_message"},
		{"huge number", "", websocket.TextMessage, []byte(`{"type":"hello","hello":{"protocols":[1e999]}}`), protocol.CloseBadMessage, "bad_message"},
		{"command first", "", websocket.TextMessage, []byte(`{"type":"command"}`), protocol.CloseBadMessage, "bad_message"},
		{"binary", "", websocket.BinaryMessage, citizenHello(), protocol.CloseBadMessage, "bad_message"},
		{"one megabyte", "", websocket.TextMessage, bytes.Repeat([]byte("x"), 1<<20), protocol.CloseBadMessage, "bad_message"},
		{"protocol of tomorrow", "", websocket.TextMessage, helloText(func(h *protocol.Hello) { h.Protocols = []int{2} }), protocol.CloseNoProtocol, "no_protocol"},
		{"moderator without cookie", "", websocket.TextMessage, helloText(func(h *protocol.Hello) { h.Role = "moderator" }), protocol.CloseNotSignedIn, "not_signed_in"},
		{"unknown role", venue, websocket.TextMessage, helloText(func(h *protocol.Hello) { h.Role = "king" }), protocol.CloseNotSignedIn, "not_signed_in"},
		{"the system", venue, websocket.TextMessage, helloText(func(h *protocol.Hello) { h.Role = "system" }), protocol.CloseNotSignedIn, "not_signed_in"},
		{"another role's cookie", venue, websocket.TextMessage, helloText(func(h *protocol.Hello) { h.Role = "stage" }), protocol.CloseNotSignedIn, "not_signed_in"},
		{"another venue's cookie", venue, websocket.TextMessage, helloText(func(h *protocol.Hello) { h.Role, h.Venue = "venue", "main" }), protocol.CloseNotSignedIn, "not_signed_in"},
		{"two venues, none named", two, websocket.TextMessage, helloText(func(h *protocol.Hello) { h.Role = "venue" }), protocol.CloseNotSignedIn, "not_signed_in"},
		{"another conference's cookie", elsewhere, websocket.TextMessage, helloText(func(h *protocol.Hello) { h.Role = "moderator" }), protocol.CloseNotSignedIn, "not_signed_in"},
		{"an unknown cookie", "dc.stage=no-such", websocket.TextMessage, helloText(func(h *protocol.Hello) { h.Role = "stage" }), protocol.CloseNotSignedIn, "not_signed_in"},
		{"a cookie under a foreign name", strings.Replace(venue, "dc.venue.phu-loc", "dc.stage", 1), websocket.TextMessage, helloText(func(h *protocol.Hello) { h.Role = "stage" }), protocol.CloseNotSignedIn, "not_signed_in"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := h.dial(tt.cookie)
			p.t = t
			p.raw(tt.kind, tt.data)
			bye, code := p.closed()
			if code != tt.code || bye == nil || bye.Reason != tt.reason {
				t.Errorf("got %+v and code %d, want %s and %d", bye, code, tt.reason, tt.code)
			}
		})
	}
	conf.put("q1", moderation.StateApproved, "x")
	other.events(1)
	if strings.Contains(h.log.String(), "cookie-") {
		t.Errorf("the log holds a cookie: %s", h.log)
	}
}

func TestHub_oneVenueCookieNeedsNoName(t *testing.T) {
	t.Parallel()
	h := serve(t, newFakeConference())
	p := h.dial("dc.venue.phu-loc=" + h.gate.add(conference.RoleVenue, "phu-loc", "v1"))
	p.hello(protocol.Hello{Protocols: []int{3, 1}, Role: conference.RoleVenue})
	if p.welcome.Venue != "phu-loc" || p.welcome.Protocol != 1 {
		t.Errorf("got %+v", p.welcome)
	}
}

// TestHub_anAdministratorOfAllIsOneOfThis: whose session is of no conference opens the page
// of each.
func TestHub_anAdministratorOfAllIsOneOfThis(t *testing.T) {
	t.Parallel()
	h := serve(t, newFakeConference())
	h.gate.sessions["cookie-of-all"] = access.Session{Ref: "all", Role: conference.RoleAdmin}
	p := h.dial("dc.admin=cookie-of-all")
	p.hello(protocol.Hello{Protocols: []int{1}, Role: conference.RoleAdmin})
	if p.welcome.Role != conference.RoleAdmin {
		t.Errorf("got %+v", p.welcome)
	}
}

// TestJ9_BadLaterMessages: bad commands are answered, one unknown type is passed over,
// a second and all that is no message of the protocol ends the socket.
//
//nolint:paralleltest // the cases share one hub, one after the other
func TestJ9_BadLaterMessages(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	h := serve(t, conf)
	id := commandID()
	command := func(name protocol.CommandName, data string) []byte {
		return []byte(mustJSON(protocol.ClientMessage{Type: "command", ID: id, Name: name, Data: json.RawMessage(data)}))
	}
	long := `{"idempotencyKey":"0123456789abcdef","topic":"land","body":"` + strings.Repeat("ữ", 10_000) + `"}`
	for _, tt := range []struct {
		name string
		data []byte
		code string
	}{
		{"unknown command", command("question.eat", `{}`), "command.unknown"},
		{"no name", command("", `{}`), "command.unknown"},
		{"role may not", command("question.approve", `{"id":"x"}`), "access.denied"},
		{"system's command", command("venue.connect", `{}`), "command.unknown"},
		{"body of another kind", command("question.submit", `[1]`), "command.bad_body"},
		{"field of another kind", command("question.submit", `{"body":7}`), "command.bad_body"},
		{"question of 10,000 characters", command("question.submit", long), "question.too_long"},
		{"large command", command("question.withdraw", `{"code":"`+strings.Repeat("x", 9000)+`"}`), "command.too_large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, lang := range []protocol.Lang{"vi", "en"} {
				p := h.dial("")
				p.t = t
				p.hello(protocol.Hello{Protocols: []int{1}, Lang: lang})
				p.snapshot()
				p.raw(websocket.TextMessage, tt.data)
				r := p.reply(id)
				if r.OK != nil || r.Error == nil || r.Error.Code != tt.code || r.Error.Message == "" {
					t.Fatalf("got %s, want %s", mustJSON(r), tt.code)
				}
				if vi := strings.ContainsAny(r.Error.Message, "ạệợữộấầ"); vi != (lang == "vi") {
					t.Errorf("%s: message is %q", lang, r.Error.Message)
				}
				_ = p.ws.Close()
			}
		})
	}
	t.Run("short command id", func(t *testing.T) {
		p := h.join(conference.RoleCitizen, "", "")
		p.t = t
		p.snapshot()
		if r := p.command("short", "question.submit", nil); r.Error == nil || r.Error.Code != "command.bad_id" {
			t.Errorf("got %s", mustJSON(r))
		}
	})
	t.Run("unknown type once, then twice", func(t *testing.T) {
		p := h.join(conference.RoleCitizen, "", "")
		p.t = t
		p.snapshot()
		p.raw(websocket.TextMessage, []byte(`{"type":"dance","steps":3}`))
		if r := p.command(id, "question.submit", protocol.QuestionSubmit{}); r.OK == nil {
			t.Errorf("got %s", mustJSON(r))
		}
		p.raw(websocket.TextMessage, []byte(`{"type":"dance"}`))
		if bye, code := p.closed(); code != protocol.CloseBadMessage || bye == nil {
			t.Errorf("got %+v, %d", bye, code)
		}
	})
	t.Run("not JSON", func(t *testing.T) {
		p := h.join(conference.RoleCitizen, "", "")
		p.t = t
		p.snapshot()
		p.raw(websocket.TextMessage, []byte(`{"type":"command",`))
		if bye, code := p.closed(); code != protocol.CloseBadMessage || bye == nil {
			t.Errorf("got %+v, %d", bye, code)
		}
	})
	t.Run("too many messages", func(t *testing.T) {
		p := h.join(conference.RoleCitizen, "", "")
		p.t = t
		p.snapshot()
		for range 60 {
			if p.ws.WriteMessage(websocket.TextMessage, command("question.submit", `{}`)) != nil {
				break // closed already
			}
		}
		bye, code := p.closed()
		if code != protocol.CloseRateLimited || bye == nil || bye.RetryAfterMs != 10_000 {
			t.Errorf("got %+v, %d", bye, code)
		}
	})
	t.Run("too many pings", func(t *testing.T) {
		p := h.join(conference.RoleCitizen, "", "")
		p.t = t
		p.snapshot()
		for range 300 {
			if p.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(patience)) != nil {
				break // closed already
			}
		}
		m, err := p.read() // not closed() at once: without the limit nothing would end it
		if err != nil || m.Bye == nil || m.Bye.RetryAfterMs != 10_000 {
			t.Fatalf("got %s, %v, want the bye", mustJSON(m), err)
		}
		if _, code := p.closed(); code != protocol.CloseRateLimited {
			t.Errorf("got code %d", code)
		}
	})
}

// TestJ9_ForeignOrigin: with a cookie or an Origin the Origin must be the page's own;
// without both it is a program, and a citizen.
//
//nolint:paralleltest // the cases share one hub, one after the other
func TestJ9_ForeignOrigin(t *testing.T) {
	t.Parallel()
	h := serve(t, newFakeConference(), func(c *signaling.Config) { c.Origins = []string{"https://front.example"} })
	cookie := "dc.moderator=" + h.gate.add(conference.RoleModerator, "", "m")
	own := h.server.URL
	for _, tt := range []struct {
		name, cookie, origin string
		welcome              bool
	}{
		{"own", cookie, own, true},
		{"own, citizen", "", own, true},
		{"program", "", "", true},
		{"listed", cookie, "https://front.example", true},
		{"other site", cookie, "https://evil.example", false},
		{"other site, citizen", "", "https://evil.example", false},
		{"other scheme", cookie, strings.Replace(own, "http", "https", 1), false},
		{"other port", cookie, own + "1", false},
		{"path behind", cookie, own + "/", false},
		{"null", cookie, "null", false},
		{"cookie without origin", cookie, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ws, response, err := h.tryDial(tt.cookie, tt.origin)
			if response == nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			if got := err == nil; got != tt.welcome {
				t.Errorf("got in: %t, want %t", got, tt.welcome)
			}
			if err == nil {
				_ = ws.Close()
			} else if code := refusal(t, response); code != "socket.foreign_origin" {
				t.Errorf("got %q", code)
			}
		})
	}
	t.Run("a program is nobody but a citizen", func(t *testing.T) {
		ws, response, err := h.tryDial("", "")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		defer func() { _ = ws.Close() }()
		p := &peer{t: t, ws: ws}
		p.raw(websocket.TextMessage, helloText(func(h *protocol.Hello) { h.Role = "moderator" }))
		if _, code := p.closed(); code != protocol.CloseNotSignedIn {
			t.Errorf("got code %d", code)
		}
	})
}

// refusal reads the code that Serve refused with.
func refusal(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(body))
}

func TestHub_refusesBeforeTheUpgrade(t *testing.T) {
	t.Parallel()
	h := serve(t, newFakeConference(), func(c *signaling.Config) { c.MaxSockets = 1 })
	get := func(path string) string {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.server.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := h.server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		return refusal(t, response)
	}
	if code := get("/nowhere"); code != "conference.unknown" {
		t.Errorf("got %q", code)
	}
	if code := get("/hue"); code != "socket.bad_handshake" {
		t.Errorf("got %q", code)
	}
	p := h.join(conference.RoleCitizen, "", "")
	p.snapshot()
	if code := get("/hue"); code != "socket.full" {
		t.Errorf("got %q", code)
	}
	_, response, err := h.tryDial("", h.server.URL)
	if err == nil || response == nil {
		t.Fatalf("got %v and %v", response, err)
	}
	_ = response.Body.Close()
	if response.Header.Get("Retry-After") == "" {
		t.Errorf("got %v", response.Header)
	}
}

func TestHub_withoutSubprotocol(t *testing.T) {
	t.Parallel()
	h := serve(t, newFakeConference())
	ws, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.server.URL, "http")+"/hue", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	defer func() { _ = ws.Close() }()
	p := &peer{t: t, ws: ws}
	if bye, code := p.closed(); code != protocol.CloseNoProtocol || bye.Reason != "no_protocol" {
		t.Errorf("got %+v, %d", bye, code)
	}
}

// TestHub_panicCostsOneSocket: a fault in one command closes that socket, is logged
// once, and nobody else notices.
func TestHub_panicCostsOneSocket(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	h := serve(t, conf)
	conf.handle(func(context.Context, conference.Command) (live.Outcome, error) { panic("boom") })
	one, other := h.join(conference.RoleCitizen, "", ""), h.join(conference.RoleCitizen, "", "")
	one.snapshot()
	other.snapshot()
	one.send(protocol.ClientMessage{Type: "command", ID: commandID(), Name: "question.submit"})
	if bye, code := one.closed(); code != protocol.CloseInternal || bye.Reason != "internal" {
		t.Errorf("got %+v, %d", bye, code)
	}
	conf.put("q1", moderation.StateApproved, "x")
	other.events(1)
	if n := strings.Count(h.log.String(), "panic in a socket"); n != 1 {
		t.Errorf("logged %d times: %s", n, h.log)
	}
}

func TestHub_faultsAndUnknownOutcomes(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	conf.put("q1", moderation.StateApproved, "x")
	h := serve(t, conf)
	p := h.join(conference.RoleModerator, "", "")
	p.snapshot()
	for _, tt := range []struct {
		name     string
		err      error
		kind     conference.Kind
		code     string
		retry    bool
		question bool
	}{
		{"fault", errors.New("disk on fire"), "internal", "internal", false, false},
		{"pending", conference.Refuse(conference.KindPending, "log.pending", ""), "pending", "log.pending", true, false},
		{"time-out", context.DeadlineExceeded, "pending", "log.pending", true, false},
		{"unavailable", conference.Refuse(conference.KindUnavailable, "log.unavailable", ""), "unavailable", "log.unavailable", true, false},
		{"lost race", conference.Refuse(conference.KindConflict, "question.already_approved", ""), "conflict", "question.already_approved", false, true},
	} {
		conf.handle(func(context.Context, conference.Command) (live.Outcome, error) { return live.Outcome{}, tt.err })
		r := p.command(commandID(), "question.approve", protocol.QuestionApprove{ID: "q1"})
		e := r.Error
		if e == nil || e.Kind != tt.kind || e.Code != tt.code || (e.RetryAfterMs > 0) != tt.retry || (e.Question != nil) != tt.question {
			t.Errorf("%s: got %s", tt.name, mustJSON(r))
		}
		if e != nil && strings.Contains(e.Message, "fire") {
			t.Errorf("%s: the fault is told to the page", tt.name)
		}
	}
}

// broken panics once while the room reads it.
type broken struct {
	*fakeConference
	once chan struct{}
}

func (b *broken) Since(after uint64) ([]live.Change, <-chan struct{}, error) {
	changes, more, err := b.fakeConference.Since(after)
	if len(changes) > 0 {
		select {
		case <-b.once:
			panic("boom")
		default:
		}
	}
	return changes, more, err
}

// TestHub_panicInTheRoom: a fault in the fan-out sends the pages of the conference away
// for a moment; they come back and have lost nothing.
func TestHub_panicInTheRoom(t *testing.T) {
	t.Parallel()
	conf := &broken{fakeConference: newFakeConference(), once: make(chan struct{}, 1)}
	h := serve(t, conf)
	p := h.join(conference.RoleCitizen, "", "")
	p.snapshot()
	conf.once <- struct{}{}
	conf.put("q1", moderation.StateApproved, "x")
	if bye, code := p.closed(); code != protocol.CloseInternal || bye.Reason != "internal" {
		t.Errorf("got %+v, %d", bye, code)
	}
	p = h.join(conference.RoleCitizen, "", p.cursor)
	if !p.welcome.Resumed {
		t.Error("not resumed")
	}
	p.events(1)
	if n := strings.Count(h.log.String(), "panic in a room"); n != 1 {
		t.Errorf("logged %d times", n)
	}
}

// TestJ9_NothingPersonalIsLogged: neither codes nor texts nor cookies reach the log,
// whatever goes wrong.
func TestJ9_NothingPersonalIsLogged(t *testing.T) {
	t.Parallel()
	conf := newFakeConference()
	conf.put("q1", moderation.StateApproved, "CANARY-text")
	h := serve(t, conf)
	conf.handle(func(context.Context, conference.Command) (live.Outcome, error) {
		return live.Outcome{}, errors.New("disk on fire")
	})
	p := h.join(conference.RoleModerator, "", "")
	p.snapshot()
	p.command(commandID(), "question.approve", protocol.QuestionApprove{ID: "q1", Short: "CANARY-short"})
	p.send(protocol.ClientMessage{Type: "follow", ID: "f1", Code: "CANARY-code"})
	p.reply("f1")
	p.raw(websocket.TextMessage, []byte(`{"type":"CANARY-type"}`))
	p.raw(websocket.TextMessage, []byte(`CANARY-garbage`))
	p.closed()
	h.stop()
	text := h.log.String()
	if !strings.Contains(text, "disk on fire") {
		t.Errorf("the fault was not logged: %s", text)
	}
	for _, secret := range []string{"CANARY", "cookie-", "Nguyễn"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds %s: %s", secret, text)
		}
	}
}
