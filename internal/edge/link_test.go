package edge_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/edge"
)

const token = "a-token"

// origin answers reports, or not, and passes offers on to the node that has the media.
func origin(t *testing.T, away *atomic.Bool, leaving chan<- bool) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+edge.Path, func(w http.ResponseWriter, r *http.Request) {
		var got edge.Report
		if away.Load() || json.NewDecoder(r.Body).Decode(&got) != nil || r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if got.Leaving {
			leaving <- true
		}
		_ = json.NewEncoder(w).Encode(edge.Standing{
			Now: time.Now(), Conferences: []edge.Conference{{ID: place, Title: "Đất đai"}},
		})
	})
	mux.HandleFunc("POST /api/v1/conferences/dat-dai/rungs/2", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/there")
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("POST /there", func(w http.ResponseWriter, r *http.Request) {
		offer, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer "+token || string(offer) != "offer" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "answer")
	})
	mux.HandleFunc("POST /api/v1/conferences/dat-dai/rungs/0", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"code":"access.denied","title":"No."}`)
	})
	mux.HandleFunc("POST /api/v1/conferences/dat-dai/rungs/1", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
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

// What the origin told is kept while it is away; that it is back is told.
func TestP7_LinkKeepsWhatItHeard(t *testing.T) {
	t.Parallel()
	var away atomic.Bool
	leaving := make(chan bool, 1)
	server := origin(t, &away, leaving)
	client := server.Client()
	link := edge.NewLink(edge.LinkConfig{
		Origin: server.URL + "/", Token: token, Client: client, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
		Self: func() edge.Report { return report(hue) },
	})
	if link.Why() == "" {
		t.Error("a link that has heard nothing is whole")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- link.Run(ctx) }()
	up := func() bool { up, _ := link.Up(); return up }
	until(t, "the origin's answer", up)
	if why := link.Why(); why != "" {
		t.Errorf("got %q, want a whole link", why)
	}
	away.Store(true)
	until(t, "the origin is missed", func() bool { return !up() })
	_, back := link.Up()
	if all := link.Conferences(); len(all) != 1 || all[0].Title != "Đất đai" || !all[0].Public || all[0].State != conference.StateOpen {
		t.Errorf("while the origin is away the conferences are %v", all)
	}
	away.Store(false)
	<-back
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	select {
	case <-leaving:
	default:
		t.Error("the origin was not told that the edge left")
	}
	client.CloseIdleConnections()
}

// An offer follows the conference to the node that has its media, the token with it.
func TestP7_LinkAsks(t *testing.T) {
	t.Parallel()
	server := origin(t, new(atomic.Bool), make(chan bool, 1))
	link := edge.NewLink(edge.LinkConfig{
		Origin: server.URL, Token: token, Client: server.Client(), Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if answer, err := link.Ask(t.Context(), place, 2, "offer"); err != nil || answer != "answer" {
		t.Errorf("got %q and error %v, want the answer of the other node", answer, err)
	}
	if _, err := link.Ask(t.Context(), place, 0, "offer"); err == nil || !strings.Contains(err.Error(), "access.denied") {
		t.Errorf("got error %v, want the origin's own code", err)
	}
	if _, err := link.Ask(t.Context(), place, 1, "offer"); err == nil {
		t.Error("it went round in circles")
	}
	server.Client().CloseIdleConnections()
}
