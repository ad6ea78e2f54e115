package redislog_test

import (
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/eventlog/redislog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens a store that is closed at the end of the test.
func open(tb testing.TB, url string) *redislog.Store {
	tb.Helper()
	store, err := redislog.Open(tb.Context(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatalf("open store: %v", err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Errorf("close store: %v", err)
		}
	})
	return store
}

// nodes opens two stores on one server: two nodes.
func nodes(url string) eventlogtest.Open {
	return func(tb testing.TB) (one, two eventlog.Store) {
		tb.Helper()
		return open(tb, url), open(tb, url)
	}
}

func TestJ10_RedisLog(t *testing.T) {
	t.Parallel()
	eventlogtest.RunLog(t, nodes(eventlogtest.StartRedis(t).URL))
}

func TestJ10_RedisEphemeral(t *testing.T) {
	t.Parallel()
	eventlogtest.RunEphemeral(t, nodes(eventlogtest.StartRedis(t).URL))
}
