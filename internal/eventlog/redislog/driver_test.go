package redislog_test

import (
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/eventlog/redislog"
)

// TestDriverSpeaksThroughTheLogger: when the server is gone, what the driver has to say
// about it comes to the store's logger and not to standard error.
func TestDriverSpeaksThroughTheLogger(t *testing.T) { //nolint:paralleltest // the driver has one logger a process
	server := eventlogtest.StartRedis(t)
	store, out := openHeard(t, server)
	server.Kill()
	for range 3 { // the first may find a connection that is not known to be broken
		if _, err := store.Clock(t.Context()); err == nil {
			t.Fatal("a killed server tells the time")
		}
	}
	if said := out.String(); !strings.Contains(said, `"level":"WARN","msg":"redis client"`) || !strings.Contains(said, "connection refused") {
		t.Errorf("got %s", said)
	}
}

// openHeard opens a store and keeps what it logs.
func openHeard(t *testing.T, server *eventlogtest.Redis) (*redislog.Store, *lines) {
	t.Helper()
	var out lines
	store, err := redislog.Open(t.Context(), server.URL, slog.New(slog.NewJSONHandler(&out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store, &out
}

// lines keeps what is logged.
type lines struct {
	mu  sync.Mutex // guards all
	all strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}
