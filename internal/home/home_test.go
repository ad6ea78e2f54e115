package home_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/home"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const hue conference.ID = "hue"

// store is a small store in memory, counted by the bubble's clock.
type store struct {
	mu      sync.Mutex // guards all below
	entries map[string]entry
	readers map[chan []byte]bool
	away    bool
	far     time.Duration // a round trip
	looks   map[string]int
}

type entry struct {
	value []byte
	until time.Time
}

var errAway = errors.New("the store is away")

func newStore() *store {
	return &store{entries: map[string]entry{}, readers: map[chan []byte]bool{}, looks: map[string]int{}}
}

func (s *store) set(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

// lose forgets everything, as a replica does that was promoted too early.
func (s *store) lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.entries)
}

func (s *store) find(key string) []byte {
	if e := s.entries[key]; time.Now().Before(e.until) {
		return e.value
	}
	return nil
}

// travel takes a round trip's time.
func (s *store) travel() {
	if s.far > 0 {
		<-time.After(s.far)
	}
}

// looked is how often a key was to be changed.
func (s *store) looked(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looks[key]
}

func (s *store) Get(_ context.Context, key string) ([]byte, error) {
	s.travel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, errAway
	}
	return s.find(key), nil
}

func (s *store) CompareAndSet(_ context.Context, key string, old, value []byte, ttl time.Duration) (bool, error) {
	s.travel()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looks[key]++
	if s.away {
		return false, errAway
	}
	found := s.find(key)
	if (found == nil) != (old == nil) || !bytes.Equal(found, old) {
		return false, nil
	}
	delete(s.entries, key)
	if value != nil {
		s.entries[key] = entry{value, time.Now().Add(ttl)}
	}
	return true, nil
}

func (s *store) Publish(_ context.Context, _ string, payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for reader := range s.readers {
		reader <- payload
	}
	return nil
}

func (s *store) Subscribe(ctx context.Context, _ string) (<-chan []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reader := make(chan []byte, 256)
	s.readers[reader] = true
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.readers, reader)
	})
	return reader, nil
}

// node is a Keeper that runs; stop ends it well, kill leaves its lease behind.
type node struct {
	*home.Keeper

	stop func()
	kill func()
}

// dead is a store that a killed process no longer reaches.
type dead struct {
	*store

	mu   sync.Mutex // guards gone
	gone bool
}

func (d *dead) CompareAndSet(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error) {
	d.mu.Lock()
	gone := d.gone
	d.mu.Unlock()
	if gone {
		return false, errAway
	}
	return d.store.CompareAndSet(ctx, key, old, value, ttl)
}

func run(t *testing.T, s *store, name, process string) node {
	t.Helper()
	return runAt(t, s, home.Node{Name: name, Run: process, Public: "https://" + name}, slog.New(slog.DiscardHandler), home.Conference{ID: hue})
}

func runAt(t *testing.T, s *store, self home.Node, logger *slog.Logger, all ...home.Conference) node {
	t.Helper()
	return runOf(t, s, self, logger, func() []home.Conference { return all })
}

func runOf(t *testing.T, s *store, self home.Node, logger *slog.Logger, all func() []home.Conference) node {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reach := &dead{store: s}
	k := home.New(home.Config{
		Store: reach, Self: self, Conferences: all, Logger: logger,
	})
	ended := make(chan struct{})
	go func() { // ends with ctx
		defer close(ended)
		_ = k.Run(ctx)
	}()
	n := node{Keeper: k, stop: func() { cancel(); <-ended }}
	n.kill = func() {
		reach.mu.Lock()
		reach.gone = true
		reach.mu.Unlock()
		n.stop()
	}
	t.Cleanup(n.stop)
	synctest.Wait()
	return n
}

// pass lets time go by in the bubble, and everybody come to rest.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func holds(t *testing.T, n node, want bool) {
	t.Helper()
	if got, _ := n.Here(hue); got != want {
		t.Fatalf("holds the media: got %v, want %v", got, want)
	}
}

// takenAfter returns how long it takes until n holds the media.
func takenAfter(t *testing.T, n node) time.Duration {
	t.Helper()
	start := time.Now()
	for time.Since(start) < time.Minute {
		here, changed := n.Here(hue)
		if here {
			return time.Since(start)
		}
		select {
		case <-changed:
		case <-time.After(time.Minute):
		}
	}
	t.Fatal("nobody took the media over")
	return 0
}

func TestM11_OneHolder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		a := run(t, s, "a", "a1")
		b := run(t, s, "b", "b1")
		pass(time.Minute) // the bubble's time: renewals go on
		holds(t, a, true)
		holds(t, b, false)
		if holder, known := b.Holder(hue); !known || holder.Public != "https://a" {
			t.Fatalf("got holder %+v, %v; want a", holder, known)
		}
		if peers := b.Peers(); len(peers) != 1 || peers[0].Name != "a" {
			t.Fatalf("got peers %+v, want a", peers)
		}
	})
}

func TestM11_TakeoverAfterDeath(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		a, b := run(t, s, "a", "a1"), run(t, s, "b", "b1")
		a.kill()
		if took := takenAfter(t, b); took > 10*time.Second {
			t.Fatalf("took over after %v, want at most 10 s", took)
		}
		// The dead one comes back and finds its media elsewhere.
		holds(t, run(t, s, "a", "a2"), false)
	})
}

func TestM11_GivenBackIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		a, b := run(t, s, "a", "a1"), run(t, s, "b", "b1")
		a.stop()
		if took := takenAfter(t, b); took != 0 {
			t.Fatalf("took over after %v, want at once", took)
		}
	})
}

func TestM11_RestartTakesItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		a, b := run(t, s, "a", "a1"), run(t, s, "b", "b1")
		a.kill()
		again := run(t, s, "a", "a2") // within the lease of a1
		holds(t, again, true)
		pass(time.Minute)
		holds(t, again, true)
		holds(t, b, false)
	})
}

func TestM11_StoreAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		a, b := run(t, s, "a", "a1"), run(t, s, "b", "b1")
		s.set(true)
		pass(30 * time.Second) // longer than a lease
		holds(t, a, true)      // nobody can have taken it
		s.lose()               // as after a failover
		s.set(false)
		pass(30 * time.Second)
		holds(t, a, true)
		holds(t, b, false)
	})
}

func TestM11_Alone(t *testing.T) {
	t.Parallel()
	k := home.New(home.Config{Self: home.Node{Name: "a", Run: "a1"}, Logger: slog.New(slog.DiscardHandler)})
	if here, _ := k.Here(hue); !here {
		t.Fatal("a node without others does not hold its media")
	}
	if holder, known := k.Holder(hue); !known || holder.Run != "a1" {
		t.Fatalf("got %+v, %v", holder, known)
	}
}
