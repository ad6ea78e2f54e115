package sqlitelog_test

import (
	"log/slog"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(runChild(dir)) //nolint:forbidigo // the child of the crash tests is a process of its own
	}
	goleak.VerifyTestMain(m)
}

// open opens a store that is closed at the end of the test.
func open(tb testing.TB, dir string) *sqlitelog.Store {
	tb.Helper()
	store, err := sqlitelog.Open(tb.Context(), dir, slog.New(slog.DiscardHandler))
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

// twice is the same store for both nodes: SQLite is for one process.
func twice(tb testing.TB) (one, two eventlog.Store) {
	tb.Helper()
	store := open(tb, tb.TempDir())
	return store, store
}

func TestJ10_SQLiteLog(t *testing.T) {
	t.Parallel()
	eventlogtest.RunLog(t, twice)
}

func TestJ10_SQLiteEphemeral(t *testing.T) {
	t.Parallel()
	eventlogtest.RunEphemeral(t, twice)
}
