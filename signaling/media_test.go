package signaling_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// fakeMedia keeps the sessions it made.
type fakeMedia struct {
	mu       sync.Mutex // guards all below
	sessions []*fakeSession
	err      error
	moving   chan *waiting // nil: joins do not wait for the media's next home
}

// waiting is a join that waits until the test has let it go on.
type waiting struct {
	gone <-chan struct{} // closed when nobody waits for its answer any more
	on   chan struct{}
}

func (m *fakeMedia) Join(ctx context.Context, id conference.ID, actor conference.Actor, offer protocol.MediaOffer) (signaling.MediaSession, string, error) {
	if m.moving != nil {
		w := &waiting{gone: ctx.Done(), on: make(chan struct{})}
		m.moving <- w
		select {
		case <-w.on:
		case <-time.After(2 * patience): // the test has failed
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return nil, "", m.err
	}
	s := &fakeSession{
		token: fmt.Sprintf("token-%d", len(m.sessions)), owner: actor.Session, before: offer.MediaToken,
		changed: make(chan struct{}), done: make(chan struct{}),
	}
	m.sessions = append(m.sessions, s)
	return s, "answer to " + offer.SDP + " of " + string(id) + "/" + string(actor.Venue), nil
}

func (m *fakeMedia) Resume(_ context.Context, _ conference.ID, actor conference.Actor, token string) (signaling.MediaSession, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.sessions {
		if s.token == token && s.owner == actor.Session && !s.over() {
			s.parked.Store(false)
			return s, nil
		}
	}
	return nil, conference.Refuse(conference.KindNotFound, "media.unknown_session", "")
}

func (m *fakeMedia) Revoke(session string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.sessions {
		if s.owner == session {
			s.Close()
		}
	}
}

func (m *fakeMedia) session(i int) *fakeSession {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sessions[i]
}

type fakeSession struct {
	token, owner, before string
	parked               atomic.Bool

	mu      sync.Mutex // guards all below
	slots   []protocol.Slot
	changed chan struct{}
	done    chan struct{}
	tiles   []conference.VenueID
	looks   []protocol.SlotLook
	talks   conference.VenueID
	closed  bool

	replaced atomic.Bool
}

func (s *fakeSession) Restart(_ context.Context, offer string) (string, error) {
	return "restarted " + offer, nil
}

func (s *fakeSession) Slots() (protocol.Slots, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return protocol.Slots{Slots: s.slots}, s.changed
}

func (s *fakeSession) Look(slots []protocol.SlotLook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks = slots
}

func (s *fakeSession) Talk(_ context.Context, venue conference.VenueID) error {
	if venue == "nobody" {
		return conference.Refuse(conference.KindUnavailable, "media.no_talkback", "")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.talks = venue
	return nil
}

func (s *fakeSession) show(slots ...protocol.Slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slots = slots
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *fakeSession) Tiles(venues []conference.VenueID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tiles = venues
}

func (s *fakeSession) Token() string { return s.token }

func (s *fakeSession) Park() { s.parked.Store(true) }

func (s *fakeSession) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func (s *fakeSession) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
}

func (s *fakeSession) Done() <-chan struct{} { return s.done }

func (s *fakeSession) Replaced() bool { return s.replaced.Load() }

// within waits until ok, looking again and again; for what nobody announces.
func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

func withMedia(m signaling.Media) func(*signaling.Config) {
	return func(c *signaling.Config) { c.Media = m }
}

func TestMedia_joinSlotsRestartLeave(t *testing.T) {
	t.Parallel()
	media := &fakeMedia{}
	h := serve(t, newFakeConference(), withMedia(media))
	p := h.join(conference.RoleStage, "", "")
	p.snapshot()
	if p.welcome.Media {
		t.Error("a first socket has media")
	}
	if r := p.command(commandID(), "media.restart", protocol.MediaOffer{SDP: "o"}); r.Error == nil || r.Error.Code != "media.unknown_session" {
		t.Errorf("restart before join: %s", mustJSON(r))
	}
	if r := p.command(commandID(), "media.join", protocol.MediaOffer{SDP: "o"}); r.OK == nil || r.OK.SDP != "answer to o of hue/" {
		t.Errorf("got %s", mustJSON(r))
	}
	if s := p.want("slots").Slots; s.Slots == nil || len(s.Slots) != 0 || s.Ended {
		t.Errorf("got %+v, want an empty list", s)
	}
	media.session(0).show(protocol.Slot{MID: "3", Kind: protocol.SlotTile, Venue: "phu-loc"})
	if s := p.want("slots").Slots; len(s.Slots) != 1 || s.Slots[0].Venue != "phu-loc" {
		t.Errorf("got %+v", s)
	}
	if r := p.command(commandID(), "media.tiles", protocol.MediaTiles{Venues: []string{"a", "b"}}); r.OK == nil || len(media.session(0).tiles) != 2 {
		t.Errorf("got %s, tiles %v", mustJSON(r), media.session(0).tiles)
	}
	if r := p.command(commandID(), "media.talk", protocol.MediaTalk{Venue: "nobody"}); r.Error == nil || r.Error.Code != "media.no_talkback" || r.Error.Message == "" {
		t.Errorf("got %s", mustJSON(r))
	}
	if r := p.command(commandID(), "media.talk", protocol.MediaTalk{Venue: "hue"}); r.OK == nil || media.session(0).talks != "hue" {
		t.Errorf("got %s, talks to %q", mustJSON(r), media.session(0).talks)
	}
	if r := p.command(commandID(), "media.look", protocol.MediaLook{Slots: []protocol.SlotLook{{MID: "2", Height: 90}}}); r.OK == nil || len(media.session(0).looks) != 1 {
		t.Errorf("look: got %+v", r)
	}
	if r := p.command(commandID(), "media.look", protocol.MediaLook{Slots: make([]protocol.SlotLook, 65)}); r.Error == nil {
		t.Error("65 slots were taken")
	}
	if r := p.command(commandID(), "media.tiles", protocol.MediaTiles{Venues: make([]string, 65)}); r.Error == nil {
		t.Errorf("got %s", mustJSON(r))
	}
	if r := p.command(commandID(), "media.restart", protocol.MediaOffer{SDP: "again"}); r.OK == nil || r.OK.SDP != "restarted again" {
		t.Errorf("got %s", mustJSON(r))
	}
	// A second join replaces the first, without telling of its end.
	if r := p.command(commandID(), "media.join", protocol.MediaOffer{SDP: "2"}); r.OK == nil {
		t.Errorf("got %s", mustJSON(r))
	}
	<-media.session(0).Done()
	if s := p.want("slots").Slots; s.Ended {
		t.Error("the end of the replaced session was told")
	}
	// The plane ends the session: another page of the venue joined.
	media.session(1).replaced.Store(true)
	media.session(1).Close()
	if s := p.want("slots").Slots; !s.Ended || !s.Replaced || len(s.Slots) != 0 {
		t.Errorf("got %+v, want ended and replaced", s)
	}
	if r := p.command(commandID(), "media.join", protocol.MediaOffer{SDP: "3"}); r.OK == nil {
		t.Errorf("got %s", mustJSON(r))
	}
	p.want("slots")
	if r := p.command(commandID(), "media.leave", nil); r.OK == nil {
		t.Errorf("got %s", mustJSON(r))
	}
	<-media.session(2).Done()
	media.mu.Lock()
	media.err = conference.Refuse(conference.KindInvalid, "media.bad_sdp", "line 3")
	media.mu.Unlock()
	if r := p.command(commandID(), "media.join", protocol.MediaOffer{SDP: "broken"}); r.Error == nil || r.Error.Code != "media.bad_sdp" {
		t.Errorf("got %s", mustJSON(r))
	}
}

func TestMedia_notBuilt(t *testing.T) {
	t.Parallel()
	h := serve(t, newFakeConference())
	p := h.join(conference.RoleStage, "", "")
	p.snapshot()
	if r := p.command(commandID(), "media.join", protocol.MediaOffer{SDP: "o"}); r.Error == nil || r.Error.Code != "media.unavailable" || r.Error.RetryAfterMs == 0 {
		t.Errorf("got %s", mustJSON(r))
	}
}

// TestM7_MediaOutlivesABrokenSocket: a cut socket keeps the picture for the page that comes
// back with the token, and for nobody else; a page that went away and a revoked session do not.
func TestM7_MediaOutlivesABrokenSocket(t *testing.T) {
	t.Parallel()
	media := &fakeMedia{}
	h := serve(t, newFakeConference(), withMedia(media))
	join := func(role conference.Role, venue, token string) *peer {
		t.Helper()
		p := h.comeBack(protocol.Hello{Role: role, Venue: venue, MediaToken: token})
		p.snapshot()
		return p
	}
	p := join(conference.RoleVenue, "phu-loc", "")
	r := p.command(commandID(), "media.join", protocol.MediaOffer{SDP: "o"})
	if r.OK == nil || r.OK.MediaToken != "token-0" || p.welcome.Media {
		t.Fatalf("got %s, want a token", mustJSON(r))
	}
	p.want("slots")
	cut := func() {
		t.Helper()
		_ = p.ws.Close()
		within(t, "the media is parked", func() bool { return media.session(0).parked.Load() })
	}
	cut()
	media.session(0).show(protocol.Slot{MID: "4", Kind: protocol.SlotVoice, Venue: "main"})
	for name, other := range map[string]*peer{
		"without a token":      join(conference.RoleVenue, "phu-loc", ""),
		"another token":        join(conference.RoleVenue, "phu-loc", "token-1"),
		"another venue's page": join(conference.RoleVenue, "a-luoi", "token-0"),
		"the stage":            join(conference.RoleStage, "", "token-0"),
		"a citizen":            join("", "", "token-0"),
	} {
		if other.welcome.Media {
			t.Errorf("%s: has the page's media", name)
		}
		_ = other.ws.Close()
	}
	p = join(conference.RoleVenue, "phu-loc", "token-0")
	if !p.welcome.Media {
		t.Fatal("media did not outlive the socket")
	}
	if s := p.want("slots").Slots; len(s.Slots) != 1 {
		t.Errorf("got %+v", s)
	}
	if r := p.command(commandID(), "media.restart", protocol.MediaOffer{SDP: "x"}); r.OK == nil {
		t.Errorf("got %s", mustJSON(r))
	}
	cut()
	p = join(conference.RoleVenue, "phu-loc", "")
	if r := p.command(commandID(), "media.join", protocol.MediaOffer{SDP: "o", MediaToken: "token-0"}); r.OK == nil || media.session(1).before != "token-0" {
		t.Errorf("got %s, and the plane is not told whose place it is", mustJSON(r))
	}
	p.want("slots")
	p.command(commandID(), "media.join", protocol.MediaOffer{SDP: "o"}) // gave up what it had
	if got := media.session(2).before; got != "token-1" {
		t.Errorf("got token %q for the place of a page that joins again, want its own", got)
	}
	<-media.session(1).Done()
	p.want("slots")
	frame := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
	if err := p.ws.WriteControl(websocket.CloseMessage, frame, time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	p.closed()
	<-media.session(2).Done()

	p = join(conference.RoleVenue, "phu-loc", "")
	p.command(commandID(), "media.join", protocol.MediaOffer{SDP: "o"})
	_ = p.ws.Close()
	within(t, "the media is parked", func() bool { return media.session(3).parked.Load() })
	h.gate.revoked <- "ref-venuephu-loc"
	<-media.session(3).Done() // without a socket too
	p = join(conference.RoleVenue, "phu-loc", "")
	p.command(commandID(), "media.join", protocol.MediaOffer{SDP: "o"})
	h.gate.revoked <- "ref-venuephu-loc"
	if _, code := p.closed(); code != protocol.CloseRevoked {
		t.Errorf("got code %d", code)
	}
	<-media.session(4).Done()
}

// fakeRelay tells an address and credentials that can be told apart.
type fakeRelay struct{}

func (fakeRelay) URL(r *http.Request) string { return "turns:" + r.Host }

func (fakeRelay) Credentials(session string) (username, credential string) {
	return "name of " + session, "secret"
}

// Every answer comes with what relays media where only TLS gets through.
func TestM6_AnswersCarryTheRelay(t *testing.T) {
	t.Parallel()
	h := serve(t, newFakeConference(), withMedia(&fakeMedia{}), func(c *signaling.Config) { c.Relay = fakeRelay{} })
	p := h.join(conference.RoleStage, "", "")
	for _, name := range []protocol.CommandName{"media.join", "media.restart"} {
		r := p.command(commandID(), name, protocol.MediaOffer{SDP: "o"})
		if r.OK == nil || len(r.OK.ICEServers) != 1 {
			t.Fatalf("%s: got %s, want a server", name, mustJSON(r))
		}
		got := r.OK.ICEServers[0]
		if !strings.HasPrefix(got.URLs[0], "turns:127.0.0.1:") || !strings.HasPrefix(got.Username, "name of hue/") || got.Credential != "secret" {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// TestM11_AJoinEndsWithItsSocket: a page waits for media that are changing their home, and
// makes its socket anew meanwhile. What it asked for on the old one is called off, and a
// session that is made all the same is ended, not kept for it.
func TestM11_AJoinEndsWithItsSocket(t *testing.T) {
	t.Parallel()
	media := &fakeMedia{moving: make(chan *waiting)}
	h := serve(t, newFakeConference(), withMedia(media))
	p := h.join(conference.RoleVenue, "phu-loc", "")
	p.snapshot()
	join := func(sdp string) (string, *waiting) {
		t.Helper()
		id := commandID()
		p.send(protocol.ClientMessage{Type: "command", ID: id, Name: "media.join", Data: json.RawMessage(mustJSON(protocol.MediaOffer{SDP: sdp}))})
		return id, <-media.moving
	}
	_, first := join("1")
	_ = p.ws.Close()
	gone(t, "the join of a socket that broke", first.gone)
	close(first.on)
	within(t, "a session", func() bool { media.mu.Lock(); defer media.mu.Unlock(); return len(media.sessions) == 1 })
	gone(t, "the session of a socket that broke", media.session(0).Done())

	// On one socket the latest join counts, and a page that leaves joins nothing.
	p = h.join(conference.RoleVenue, "phu-loc", "")
	p.snapshot()
	secondID, second := join("2")
	thirdID, third := join("3")
	gone(t, "the join before another one", second.gone)
	close(third.on)
	if r := p.reply(thirdID); r.OK == nil {
		t.Fatalf("got %s", mustJSON(r))
	}
	close(second.on)
	if r := p.reply(secondID); r.Error == nil || r.Error.Code != "media.unavailable" {
		t.Errorf("got %s for a join that was given up", mustJSON(r))
	}
	gone(t, "the session nobody waits for", media.session(2).Done())
	if media.session(1).over() {
		t.Error("the page's session was ended by one it had given up")
	}
	_, fourth := join("4")
	p.send(protocol.ClientMessage{Type: "command", ID: commandID(), Name: "media.leave"})
	gone(t, "the join of a page that left", fourth.gone)
	close(fourth.on)
}

// gone waits for what must end.
func gone(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s goes on", what)
	}
}
