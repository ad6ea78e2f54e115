package liaison_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/liaison"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a session of the node that has the media.
type fake struct {
	mu     sync.Mutex // guards slots, change, tiles
	slots  []protocol.Slot
	looks  []protocol.SlotLook
	talks  conference.VenueID
	change chan struct{}
	tiles  []conference.VenueID
	chosen chan struct{}
	once   sync.Once

	replaced atomic.Bool
	parked   chan struct{}
	done     chan struct{}
}

func newFake() *fake {
	return &fake{change: make(chan struct{}), chosen: make(chan struct{}, 1), parked: make(chan struct{}, 8), done: make(chan struct{})}
}

func (f *fake) Restart(_ context.Context, offer string) (string, error) {
	if offer == "bad" {
		return "", conference.Refuse(conference.KindInvalid, "media.bad_sdp", "an m-line without mid")
	}
	return "again " + offer, nil
}

func (f *fake) Slots() (protocol.Slots, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return protocol.Slots{Slots: slices.Clone(f.slots), Send: []string{"l"}}, f.change
}

func (f *fake) Look(slots []protocol.SlotLook) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looks = slots
}

func (f *fake) Talk(_ context.Context, venue conference.VenueID) error {
	if venue == "nobody" {
		return conference.Refuse(conference.KindUnavailable, "media.no_talkback", "")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.talks = venue
	return nil
}

func (f *fake) show(slots ...protocol.Slot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.slots = slots
	close(f.change)
	f.change = make(chan struct{})
}

func (f *fake) Tiles(venues []conference.VenueID) {
	f.mu.Lock()
	f.tiles = venues
	f.mu.Unlock()
	f.chosen <- struct{}{}
}

func (f *fake) Token() string         { return "token" }
func (f *fake) Park()                 { f.parked <- struct{}{} }
func (f *fake) Close()                { f.once.Do(func() { close(f.done) }) }
func (f *fake) Replaced() bool        { return f.replaced.Load() }
func (f *fake) Done() <-chan struct{} { return f.done }

// words are what is written to a log.
type words struct {
	mu  sync.Mutex // guards all
	all strings.Builder
}

func (w *words) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.Write(line)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

// nonces remembers them.
type nonces struct {
	mu   sync.Mutex // guards seen
	seen map[string]bool
	err  error
}

func (n *nonces) CompareAndSet(_ context.Context, key string, _, _ []byte, _ time.Duration) (bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil || n.seen[key] {
		return false, n.err
	}
	if n.seen == nil {
		n.seen = map[string]bool{}
	}
	n.seen[key] = true
	return true, nil
}

// nodes are a node that has the media and another one's client.
type nodes struct {
	*httptest.Server

	client *liaison.Client
	media  *fake
	log    *words       // of the client
	given  atomic.Int64 // credentials for relays, so far
	asked  conference.Actor
	token  string // that came with the offer
	refuse error
}

func key() []byte { return []byte("0123456789abcdef0123456789abcdef") }

func start(t *testing.T) *nodes {
	t.Helper()
	log := &words{}
	n := &nodes{media: newFake(), log: log, client: liaison.NewClient(key(), time.Now, slog.New(slog.NewTextHandler(log, nil)))}
	n.Server = httptest.NewServer(liaison.NewHandler(liaison.Config{
		Join: func(_ context.Context, id conference.ID, actor conference.Actor, offer protocol.MediaOffer) (signaling.MediaSession, string, error) {
			if n.refuse != nil {
				return nil, "", n.refuse
			}
			n.asked, n.token = actor, offer.MediaToken
			return n.media, "answer to " + string(id) + " " + offer.SDP, nil
		},
		Resume: func(_ context.Context, _ conference.ID, actor conference.Actor, token string) (signaling.MediaSession, error) {
			if token != n.media.Token() {
				return nil, conference.Refuse(conference.KindNotFound, "media.unknown_session", "")
			}
			n.asked = actor
			return n.media, nil
		},
		ICEServers: func(session string) []protocol.ICEServer {
			return []protocol.ICEServer{{URLs: []string{"turns:a.example.org:443?transport=tcp"}, Username: fmt.Sprintf("%d:%s", n.given.Add(1), session)}}
		},
		Key: key(), Store: &nonces{}, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	}))
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan struct{})
	go func() { // ends with ctx
		defer close(ended)
		_ = n.client.Run(ctx)
	}()
	t.Cleanup(n.Close)
	t.Cleanup(func() { cancel(); <-ended })
	return n
}

func (n *nodes) join(t *testing.T) signaling.MediaSession {
	t.Helper()
	actor := conference.Actor{Role: conference.RoleVenue, Venue: "phu-loc", Session: "s1"}
	session, answer, err := n.client.Join(t.Context(), n.URL, "hue", actor, protocol.MediaOffer{SDP: "offer", MediaToken: "before"})
	if err != nil || answer != "answer to hue offer" {
		t.Fatalf("got answer %q, %v", answer, err)
	}
	return session
}

func within(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(30 * time.Second): // far beyond what a busy machine needs
		t.Fatalf("%s: waited in vain", what)
	}
}

// slotsOf waits until the session tells as many slots.
func slotsOf(t *testing.T, session signaling.MediaSession, count int) []protocol.Slot {
	t.Helper()
	for {
		slots, changed := session.Slots()
		if len(slots.Slots) == count {
			if count > 0 && !slices.Equal(slots.Send, []string{"l"}) {
				t.Errorf("the layers that are wanted are %v, want [l]", slots.Send)
			}
			return slots.Slots
		}
		within(t, "slots", changed)
	}
}

func TestM11_RelayedSession(t *testing.T) {
	t.Parallel()
	n := start(t)
	session := n.join(t)
	if want := (conference.Actor{Role: conference.RoleVenue, Venue: "phu-loc", Session: "s1"}); n.asked != want {
		t.Errorf("got %+v, want %+v", n.asked, want)
	}
	with, is := session.(interface{ ICEServers() []protocol.ICEServer })
	if !is || len(with.ICEServers()) != 1 || with.ICEServers()[0].Username != "1:hue/s1" {
		t.Error("a page is not told what relays media to the other node")
	}
	want := []protocol.Slot{{MID: "2", Kind: "programme", Venue: "city-hall"}}
	n.media.show(want...)
	if diff := cmp.Diff(want, slotsOf(t, session, 1)); diff != "" {
		t.Errorf("slots (-want +got):\n%s", diff)
	}
	if answer, err := session.Restart(t.Context(), "new"); err != nil || answer != "again new" {
		t.Errorf("restart: got %q, %v", answer, err)
	}
	if got := with.ICEServers(); len(got) != 1 || got[0].Username != "2:hue/s1" {
		t.Errorf("got %v after a restart, want credentials that are new", got)
	}
	_, err := session.Restart(t.Context(), "bad")
	var refusal *conference.Error
	if !errors.As(err, &refusal) || *refusal != *conference.Refuse(conference.KindInvalid, "media.bad_sdp", "an m-line without mid") {
		t.Errorf("got %v, want the other node's refusal", err)
	}
	session.Look([]protocol.SlotLook{{MID: "2", Height: 90, Hidden: true}})
	if diff := cmp.Diff([]protocol.SlotLook{{MID: "2", Height: 90, Hidden: true}}, n.media.looks); diff != "" {
		t.Errorf("looks (-want +got):\n%s", diff)
	}
	if err := session.Talk(t.Context(), "nobody"); !errors.As(err, &refusal) || refusal.Code != "media.no_talkback" {
		t.Errorf("got %v, want the other node's refusal", err)
	}
	if err := session.Talk(t.Context(), "hue"); err != nil || n.media.talks != "hue" {
		t.Errorf("got %v, talks to %q", err, n.media.talks)
	}
	session.Tiles([]conference.VenueID{"a", "b"})
	within(t, "tiles", n.media.chosen)
	n.media.mu.Lock()
	defer n.media.mu.Unlock()
	if diff := cmp.Diff([]conference.VenueID{"a", "b"}, n.media.tiles); diff != "" {
		t.Errorf("tiles (-want +got):\n%s", diff)
	}
}

func TestM11_RelayEndsOnBothSides(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*nodes, signaling.MediaSession){
		"the page leaves": func(_ *nodes, s signaling.MediaSession) { s.Close() },
		"the media end":   func(n *nodes, _ signaling.MediaSession) { n.media.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := start(t)
			session := n.join(t)
			n.media.replaced.Store(name == "the media end")
			end(n, session)
			within(t, "the page's side", session.Done())
			within(t, "the media's side", n.media.done)
			if got, want := signaling.Replaced(session), name == "the media end"; got != want {
				t.Errorf("replaced by another page: got %v, want %v", got, want)
			}
			if _, err := session.Restart(t.Context(), "new"); !errors.Is(err, &conference.Error{Code: "media.unknown_session"}) {
				t.Errorf("got %v after the end, want media.unknown_session", err)
			}
		})
	}
}

// TestM7_RelayedPageComesBack: a page whose socket, or whose line between the nodes, broke
// comes back to its session through another node.
func TestM7_RelayedPageComesBack(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*nodes, signaling.MediaSession){
		"the socket breaks":          func(_ *nodes, s signaling.MediaSession) { s.Park() },
		"the line between the nodes": func(n *nodes, _ signaling.MediaSession) { n.CloseClientConnections() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := start(t)
			session := n.join(t)
			if n.token != "before" {
				t.Errorf("got %q as the token of the session before", n.token)
			}
			lose(n, session)
			within(t, "the page's side", session.Done())
			within(t, "parked", n.media.parked)
			actor := conference.Actor{Role: conference.RoleVenue, Venue: "phu-loc", Session: "s2"}
			if _, err := n.client.Resume(t.Context(), n.URL, "hue", actor, "another"); !errors.Is(err, &conference.Error{Code: "media.unknown_session"}) {
				t.Errorf("got %v for another token, want media.unknown_session", err)
			}
			again, err := n.client.Resume(t.Context(), n.URL, "hue", actor, session.Token())
			if err != nil || n.asked != actor || again.Token() != "token" {
				t.Fatalf("got %v as %+v", err, n.asked)
			}
			n.media.show(protocol.Slot{MID: "2", Kind: "programme", Venue: "city-hall"})
			slotsOf(t, again, 1)
			again.Close()
			within(t, "the page leaves", n.media.done)
		})
	}
}

func TestM11_RelayRefuses(t *testing.T) {
	t.Parallel()
	n := start(t)
	n.refuse = conference.Refuse(conference.KindInvalid, "media.no_h264", "m-line 1")
	if _, _, err := n.client.Join(t.Context(), n.URL, "hue", conference.Actor{}, protocol.MediaOffer{SDP: "offer"}); !errors.Is(err, &conference.Error{Code: "media.no_h264"}) {
		t.Errorf("got %v, want the other node's refusal", err)
	}
	n.refuse = errors.New("canary")
	if _, _, err := n.client.Join(t.Context(), n.URL, "hue", conference.Actor{}, protocol.MediaOffer{SDP: "offer"}); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v, want an internal refusal without details", err)
	}
	if _, _, err := n.client.Join(t.Context(), "http://127.0.0.1:1", "hue", conference.Actor{}, protocol.MediaOffer{SDP: "offer"}); !errors.Is(err, &conference.Error{Code: "media.unavailable"}) {
		t.Errorf("got %v from a node that is not there, want media.unavailable", err)
	} else if strings.Contains(err.Error(), "127.0.0.1") || !strings.Contains(n.log.String(), "127.0.0.1:1") {
		t.Errorf("got %v, logged %q; want the address in the log alone", err, n.log)
	}
	stranger := liaison.NewClient([]byte("another installation's key, 32 b"), time.Now, slog.New(slog.DiscardHandler))
	if _, _, err := stranger.Join(t.Context(), n.URL, "hue", conference.Actor{}, protocol.MediaOffer{SDP: "offer"}); !errors.Is(err, &conference.Error{Code: "access.denied"}) {
		t.Errorf("got %v with another key, want access.denied", err)
	}
	late := liaison.NewClient(key(), func() time.Time { return time.Now().Add(-time.Minute) }, slog.New(slog.DiscardHandler))
	if _, _, err := late.Join(t.Context(), n.URL, "hue", conference.Actor{}, protocol.MediaOffer{SDP: "offer"}); !errors.Is(err, &conference.Error{Code: "access.denied"}) {
		t.Errorf("got %v with an old signature, want access.denied", err)
	}
}

// TestM11_RelayTakesARequestOnce: whoever overhears a request cannot send it again, nor
// another one with its signature.
func TestM11_RelayTakesARequestOnce(t *testing.T) {
	t.Parallel()
	n := start(t)
	n.refuse = conference.Refuse(conference.KindUnavailable, "media.full", "") // whoever is let in gets this
	var heard *http.Request
	var words string
	spy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := new(strings.Builder)
		buffer := make([]byte, 4096)
		for {
			k, err := r.Body.Read(buffer)
			body.Write(buffer[:k])
			if err != nil {
				break
			}
		}
		heard, words = r.Clone(context.WithoutCancel(r.Context())), body.String()
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(spy.Close)
	if _, _, err := n.client.Join(t.Context(), spy.URL, "hue", conference.Actor{}, protocol.MediaOffer{SDP: "offer"}); err == nil {
		t.Fatal("the spy joined nobody")
	}
	send := func(path, body string) string {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, n.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", heard.Header.Get("Authorization"))
		response, err := n.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		answer := make([]byte, 4096)
		k, _ := response.Body.Read(answer)
		return string(answer[:k])
	}
	for name, try := range map[string]struct{ path, body, want string }{
		"other words":   {liaison.Path, words + " ", "access.denied"},
		"other address": {liaison.Path + "/x/tiles", words, "access.denied"},
	} {
		if got := send(try.path, try.body); !strings.Contains(got, try.want) {
			t.Errorf("%s: got %s, want %s", name, got, try.want)
		}
	}
	if got := send(liaison.Path, words); !strings.Contains(got, "media.full") {
		t.Errorf("as it was: got %s, want it taken", got)
	}
	if got := send(liaison.Path, words); !strings.Contains(got, "access.denied") {
		t.Errorf("a second time: got %s, want access.denied", got)
	}
}
