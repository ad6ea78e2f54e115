package home_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/home"
)

// TestM11_ManyConferencesFarFromTheStore: with many conferences and a slow store no lease
// lapses between two renewals, and all are given back in time.
func TestM11_ManyConferencesFarFromTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		s.far = 500 * time.Millisecond
		var all []home.Conference
		for i := range 60 {
			all = append(all, home.Conference{ID: conference.ID(fmt.Sprintf("c%d", i)), Closed: i >= 30})
		}
		logger := slog.New(slog.DiscardHandler)
		a := runAt(t, s, home.Node{Name: "a", Run: "a1"}, logger, all...)
		pass(10 * time.Second)
		b := runAt(t, s, home.Node{Name: "b", Run: "b1"}, logger, all...)
		pass(10 * time.Second)
		moves := map[conference.ID]<-chan struct{}{}
		for _, c := range all {
			var here bool
			if here, moves[c.ID] = a.Here(c.ID); !here {
				t.Fatalf("%s is not where it began", c.ID)
			}
			if holder, known := b.Holder(c.ID); !known || holder.Name != "a" {
				t.Errorf("b takes %+v for the home of %s", holder, c.ID)
			}
		}
		pass(time.Minute)
		for _, c := range all {
			select {
			case <-moves[c.ID]:
				t.Fatalf("the media of %s moved, and nobody had died", c.ID)
			default:
			}
		}
		a.stop()
		pass(10 * time.Second)
		for _, c := range all {
			if here, _ := b.Here(c.ID); !here {
				t.Errorf("%s was not given back", c.ID)
			}
		}
	})
}

// TestM11_ClosingKeepsTheHome: the lease of a conference that closes does not lapse before it
// becomes a longer one: who starts then takes nothing.
func TestM11_ClosingKeepsTheHome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		var closed atomic.Bool
		logger := slog.New(slog.DiscardHandler)
		a := runOf(t, s, home.Node{Name: "a", Run: "a1"}, logger, func() []home.Conference {
			return []home.Conference{{ID: hue, Closed: closed.Load()}}
		})
		pass(time.Minute)
		closed.Store(true)
		pass(10 * time.Second)
		b := runAt(t, s, home.Node{Name: "b", Run: "b1"}, logger, home.Conference{ID: hue, Closed: true})
		holds(t, b, false)
		holds(t, a, true)
	})
}

// TestM11_ClosedConferencesCostLittle: what is closed is looked at three times a minute by
// each node, and has a home all the same.
func TestM11_ClosedConferencesCostLittle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		closed := home.Conference{ID: hue, Closed: true}
		logger := slog.New(slog.DiscardHandler)
		a := runAt(t, s, home.Node{Name: "a", Run: "a1"}, logger, closed)
		b := runAt(t, s, home.Node{Name: "b", Run: "b1"}, logger, closed)
		before := s.looked("home/lease/hue")
		pass(10 * time.Minute)
		if got := s.looked("home/lease/hue") - before; got < 50 || got > 70 {
			t.Errorf("got %d looks in ten minutes by two nodes, want some 60", got)
		}
		holds(t, a, true)
		holds(t, b, false)
		a.kill()
		pass(2 * time.Minute)
		holds(t, b, true)
	})
}

// TestM11_TwinsAreTold: two nodes with one name, of a folder that was copied, are told in
// the log; a node that only starts again is not.
func TestM11_TwinsAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, nil))
		first := runAt(t, s, home.Node{Name: "a", Run: "a1", Public: "https://a"}, logger, home.Conference{ID: hue})
		first.kill()
		runAt(t, s, home.Node{Name: "a", Run: "a2", Public: "https://a"}, logger, home.Conference{ID: hue})
		pass(time.Minute)
		if strings.Contains(log.String(), "another node has this node's name") {
			t.Errorf("a restart is taken for a twin: %s", &log)
		}
		runAt(t, s, home.Node{Name: "a", Run: "a3", Public: "https://c"}, logger, home.Conference{ID: hue})
		pass(time.Minute)
		if !strings.Contains(log.String(), "level=ERROR msg=\"another node has this node's name") || !strings.Contains(log.String(), "other=https://c") {
			t.Errorf("twins are not told: %s", &log)
		}
	})
}

// TestM11_LoopbackIsTold: a node beside others whose address leads nowhere is told once.
func TestM11_LoopbackIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, nil))
		start := func(name, public, peer string) {
			t.Helper()
			runAt(t, s, home.Node{Name: name, Run: name + "1", Public: public, Peer: peer}, logger, home.Conference{ID: hue})
			pass(time.Minute)
		}
		const told = "cannot reach a node: start it with --public-url"
		start("a", "http://127.0.0.1:8080", "http://127.0.0.1:8080")
		if strings.Contains(log.String(), told) {
			t.Errorf("a node that is alone is told: %s", &log)
		}
		start("b", "https://b.example.org", "http://10.0.0.5:8080")
		if got := strings.Count(log.String(), told); got != 2 || strings.Count(log.String(), "node=a public=http://127.0.0.1:8080") != 2 {
			t.Errorf("got it %d times, want once by each node, about a: %s", got, &log)
		}
	})
}
