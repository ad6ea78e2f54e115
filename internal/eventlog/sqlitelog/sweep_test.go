package sqlitelog_test

import (
	"database/sql"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
)

// TestEphemeralForgets: what has expired is deleted by later writes, not only hidden.
func TestEphemeralForgets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	clock := time.Date(2022, 10, 28, 7, 30, 0, 0, time.UTC)
	sqlitelog.SetNow(store, func() time.Time { return clock })
	put := func(from, to int, ttl time.Duration) {
		t.Helper()
		for i := from; i < to; i++ {
			if _, err := store.Ephemeral().CompareAndSet(t.Context(), strconv.Itoa(i), nil, []byte("v"), ttl); err != nil {
				t.Fatal(err)
			}
		}
	}
	put(0, 700, time.Minute)
	clock = clock.Add(time.Hour)
	put(1000, 1512, 0)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "ephemeral.db"))
	if err != nil {
		t.Fatal(err)
	}
	var left, kept int
	err = db.QueryRowContext(t.Context(), `SELECT count(*) FILTER (WHERE expires > 0), count(*) FILTER (WHERE expires = 0) FROM entry`).Scan(&left, &kept)
	if err != nil || left != 0 || kept != 512 {
		t.Errorf("%d expired and %d kept entries, %v; want 0 and 512", left, kept, err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}
