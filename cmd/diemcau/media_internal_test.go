package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/home"
	"github.com/diemcau/diemcau/internal/liaison"
	"github.com/diemcau/diemcau/signaling"
	"github.com/diemcau/diemcau/signaling/protocol"
)

// shelf is a store in memory that forgets nothing by itself.
type shelf struct {
	mu      sync.Mutex // guards entries
	entries map[string][]byte
}

func (s *shelf) Get(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries[key], nil
}

func (s *shelf) CompareAndSet(_ context.Context, key string, old, value []byte, _ time.Duration) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !bytes.Equal(s.entries[key], old) {
		return false, nil
	}
	s.entries[key] = value
	return true, nil
}

func (s *shelf) Publish(context.Context, string, []byte) error { return nil }

func (s *shelf) Subscribe(context.Context, string) (<-chan []byte, error) { return nil, nil }

// lease says who holds the media of the conference.
func (s *shelf) lease(t *testing.T, holder home.Node) {
	t.Helper()
	words, err := json.Marshal(holder)
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries["home/lease/hue"] = words
}

// far is a session on another node.
type far struct {
	parked chan struct{}
	done   chan struct{}
}

func (f *far) Restart(context.Context, string) (string, error) { return "", nil }
func (f *far) Slots() (protocol.Slots, <-chan struct{})        { return protocol.Slots{}, nil }
func (f *far) Tiles([]conference.VenueID)                      {}
func (f *far) Talk(context.Context, conference.VenueID) error  { return nil }
func (f *far) Look([]protocol.SlotLook)                        {}
func (f *far) Token() string                                   { return "token" }
func (f *far) Park()                                           { close(f.parked) }
func (f *far) Close()                                          {}
func (f *far) Done() <-chan struct{}                           { return f.done }

// other is a node that takes whoever comes, once.
type other struct {
	home.Node

	session *far
	asked   chan struct{} // receives when somebody comes
	answer  chan struct{} // closed when it may answer
}

func newOther(t *testing.T, name string, store liaison.Store) *other {
	t.Helper()
	o := &other{session: &far{parked: make(chan struct{}), done: make(chan struct{})}, asked: make(chan struct{}, 1), answer: make(chan struct{})}
	server := httptest.NewServer(liaison.NewHandler(liaison.Config{
		Join: func(context.Context, conference.ID, conference.Actor, protocol.MediaOffer) (signaling.MediaSession, string, error) {
			o.asked <- struct{}{}
			<-o.answer
			return o.session, "answer of " + name, nil
		},
		ICEServers: func(string) []protocol.ICEServer { return nil },
		Key:        make([]byte, 32), Store: store, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	}))
	t.Cleanup(server.Close)
	o.Node = home.Node{Name: name, Run: name + "1", Public: server.URL, Peer: server.URL}
	return o
}

// newPages runs the pages' way to media on a node that holds none.
func newPages(t *testing.T, store *shelf) joins {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	j := joins{liaison: liaison.NewClient(make([]byte, 32), time.Now, logger), home: home.New(home.Config{
		Store: store, Self: home.Node{Name: "b", Run: "b1"}, Logger: logger,
		Conferences: func() []home.Conference { return []home.Conference{{ID: "hue"}} },
	})}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	for _, run := range []func(context.Context) error{j.liaison.Run, j.home.Run} {
		wg.Go(func() { _ = run(ctx) }) // ends with cancel
	}
	t.Cleanup(func() { cancel(); wg.Wait() })
	return j
}

// held waits until the node believes that another one holds the media.
func held(t *testing.T, j joins, holder home.Node) {
	t.Helper()
	for {
		_, moved := j.home.Here("hue")
		if now, known := j.home.Holder("hue"); known && now == holder {
			return
		}
		ends(t, "the former home", moved)
	}
}

func ends(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(time.Minute): // far beyond what a busy machine needs
		t.Fatalf("%s: waited in vain", what)
	}
}

// TestM11_PagesFollowTheMedia: A has lost the store, goes on, and ends nobody's session.
// Whoever is on it through this node is sent to the new home all the same, also who was
// being let in just then.
func TestM11_PagesFollowTheMedia(t *testing.T) {
	t.Parallel()
	store := &shelf{entries: map[string][]byte{}}
	a, c := newOther(t, "a", store), newOther(t, "c", store)
	store.lease(t, a.Node)
	pages := newPages(t, store)
	held(t, pages, a.Node)
	actor := conference.Actor{Role: conference.RoleVenue, Venue: "phu-loc", Session: "s"}
	type joining struct {
		session signaling.MediaSession
		answer  string
		err     error
	}
	joined := make(chan joining, 1)
	go func() { // ends with its answer
		session, answer, err := pages.Join(t.Context(), "hue", actor, protocol.MediaOffer{SDP: "offer"})
		joined <- joining{session, answer, err}
	}()
	ends(t, "the offer at a", a.asked)
	store.lease(t, c.Node) // as when c took a's lapsed lease
	held(t, pages, c.Node)
	pages.Settle("hue")
	close(a.answer)
	close(c.answer)
	got := <-joined
	if got.err != nil || got.answer != "answer of c" {
		t.Fatalf("got %q, %v; want the new home's answer", got.answer, got.err)
	}
	ends(t, "the session a has let in", a.session.parked)
	pages.Settle("hue")
	select {
	case <-got.session.Done():
		t.Fatal("a session at the home was ended")
	case <-c.session.parked:
		t.Fatal("a session at the home was let go")
	default:
	}
	store.lease(t, a.Node)
	held(t, pages, a.Node)
	pages.Settle("hue")
	ends(t, "a session at the former home", got.session.Done())
}

// TestM11_ACopiedFolderIsAnotherNode: a node has its name again after a restart; one that was
// copied with its folder has another.
func TestM11_ACopiedFolderIsAnotherNode(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	name := func(folder string, self home.Node) string {
		t.Helper()
		a := &app{flags: &serveCmd{place: place{Data: folder}}, bound: sockets{plain: listener}}
		name, err := a.nodeName(self)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	folder := t.TempDir()
	self := home.Node{Run: "1", Public: "https://a.example.org", Peer: "http://10.0.0.5:8080"}
	first := name(folder, self)
	self.Run = "2"
	if again := name(folder, self); again != first {
		t.Errorf("got %q after a restart, want %q", again, first)
	}
	for what, other := range map[string]string{
		"other public address": name(folder, home.Node{Public: "https://b.example.org", Peer: self.Peer}),
		"other inner address":  name(folder, home.Node{Public: self.Public, Peer: "http://10.0.0.6:8080"}),
		"other folder":         name(t.TempDir(), self),
	} {
		if other == first {
			t.Errorf("%s: got the same name %q", what, other)
		}
	}
}
