package live_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/secret"
	"github.com/diemcau/diemcau/moderation"
)

// Who acts in the tests.
var (
	admin   = conference.Actor{Role: conference.RoleAdmin, Session: "admin-1", Person: "Quản trị"}
	citizen = conference.Actor{Role: conference.RoleCitizen}
	lan     = conference.Actor{Role: conference.RoleModerator, Session: "mod-lan", Person: "Lan"}
	minh    = conference.Actor{Role: conference.RoleModerator, Session: "mod-minh", Person: "Minh"}
	stage   = conference.Actor{Role: conference.RoleStage, Session: "stage-1", Person: "Hùng"}
	system  = conference.Actor{Role: conference.RoleSystem}
)

// hangsAfter is much longer than anything takes on the busiest machine: what has not come
// by then never will.
const hangsAfter = 2 * time.Minute

const theID conference.ID = "dat-dai"

func masterKey(b byte) *secret.Keys { return secret.New(bytes.Repeat([]byte{b}, 32)) }

func info() conference.Info {
	return conference.Info{
		ID: theID, Title: "Đối thoại về thủ tục đất đai", Public: true,
		StartsAt: time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC),
		Venues: []conference.Venue{
			{ID: "thanh-pho", Name: "UBND Thành phố", Main: true},
			{ID: "ba-dinh", Name: "Ba Đình"},
			{ID: "ha-dong", Name: "Hà Đông"},
		},
		Topics: []conference.Topic{{ID: "so-do", Name: "Cấp sổ đỏ", Agency: "Sở TN&MT"}, {ID: "boi-thuong", Name: "Bồi thường"}},
	}
}

func openSQLite(tb testing.TB, dir string) *sqlitelog.Store {
	tb.Helper()
	store, err := sqlitelog.Open(tb.Context(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	return store
}

// newStore returns a store that is closed after the test.
func newStore(tb testing.TB) eventlog.Store {
	tb.Helper()
	store := openSQLite(tb, tb.TempDir())
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return store
}

func newNode(store eventlog.Store) *live.Node {
	return live.New(live.Config{
		Store: store, Secret: masterKey(7), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
}

// startNode runs a node until the returned stop is called (at the latest after the test).
func startNode(tb testing.TB, store eventlog.Store) (*live.Node, func()) {
	tb.Helper()
	node := newNode(store)
	return node, runNode(tb, node)
}

// runNode runs a node until stop is called, at the latest after the test.
func runNode(tb testing.TB, node *live.Node) (stop func()) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- node.Run(ctx) }() // ended by stop
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("run: %v", err)
		}
	}
	tb.Cleanup(stop)
	for node.Ready(tb.Context()) != nil { // it has no signal: who needs one asks /readyz
		runtime.Gosched()
	}
	return stop
}

// startConference runs the usual conference, created and open, on one node.
func startConference(tb testing.TB, store eventlog.Store) *live.Conference {
	tb.Helper()
	node, _ := startNode(tb, store)
	return conferenceOn(tb, node)
}

// conferenceOn returns the usual conference on a node, created and opened if need be.
func conferenceOn(tb testing.TB, node *live.Node) *live.Conference {
	tb.Helper()
	if err := node.Create(tb.Context(), admin, info()); err != nil {
		tb.Fatal(err)
	}
	c, err := node.Conference(theID)
	if err != nil {
		tb.Fatal(err)
	}
	_, err = c.Do(tb.Context(), conference.Command{ID: rand.Text(), Actor: admin, Body: conference.Open{}})
	if err != nil && !errors.Is(err, &conference.Error{Code: "conference.already_open"}) {
		tb.Fatal(err)
	}
	return c
}

func do(tb testing.TB, c *live.Conference, actor conference.Actor, body conference.Body) (live.Outcome, error) {
	tb.Helper()
	return c.Do(tb.Context(), conference.Command{ID: rand.Text(), Actor: actor, Body: body})
}

func must(tb testing.TB, c *live.Conference, actor conference.Actor, body conference.Body) live.Outcome {
	tb.Helper()
	outcome, err := do(tb, c, actor, body)
	if err != nil {
		tb.Fatalf("%s: %v", body.CommandType(), err)
	}
	return outcome
}

func refused(tb testing.TB, c *live.Conference, code string, actor conference.Actor, body conference.Body) {
	tb.Helper()
	if _, err := do(tb, c, actor, body); !errors.Is(err, &conference.Error{Code: code}) {
		tb.Errorf("%s: got %v, want %s", body.CommandType(), err, code)
	}
}

func question(key, body string) live.SubmitQuestion {
	return live.SubmitQuestion{IdempotencyKey: key, Body: body, Topic: "so-do", Channel: moderation.ChannelWeb}
}

func ask(tb testing.TB, c *live.Conference, body string) live.Outcome {
	tb.Helper()
	return must(tb, c, citizen, question(rand.Text(), body))
}

// waitFor follows the conference until its durable state is as wanted.
func waitFor(tb testing.TB, c *live.Conference, what string, want func(*live.Snapshot) bool) *live.Snapshot {
	tb.Helper()
	hangs := time.NewTimer(hangsAfter)
	defer hangs.Stop()
	for {
		snapshot := c.Snapshot()
		if want(snapshot) {
			return snapshot
		}
		changes, more, err := c.Since(snapshot.Position)
		if err != nil || len(changes) > 0 {
			continue // rebuilt, or changed, in between
		}
		select {
		case <-more:
		case <-hangs.C:
			tb.Fatalf("%s did not come within %v", what, hangsAfter)
		case <-tb.Context().Done():
			tb.Fatalf("%s did not come: %v", what, tb.Context().Err())
		}
	}
}
