package sqlitelog_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/eventlog/sqlitelog"
)

// openLog returns a log, its end, and its store.
func openLog(tb testing.TB, store *sqlitelog.Store) (eventlog.Log, eventlog.Position) {
	tb.Helper()
	log, err := store.Log(tb.Context(), crashed)
	if err != nil {
		tb.Fatal(err)
	}
	_, end, err := log.Read(tb.Context(), 0, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return log, end
}

func wantWhole(tb testing.TB, log eventlog.Log) []eventlog.Record {
	tb.Helper()
	records, end, err := eventlogtest.ReadAll(tb.Context(), log, 1000)
	if err != nil {
		tb.Fatal(err)
	}
	if last, err := eventlog.Verify(eventlog.Position{Epoch: end.Epoch}, records); err != nil || last != end {
		tb.Fatalf("verified to %+v of %+v: %v", last, end, err)
	}
	return records
}

// heavy returns a command that carries n sealed bytes.
func heavy(tb testing.TB, n int) []eventlog.Command {
	tb.Helper()
	commands := eventlogtest.Questions(tb, 1)
	commands[0].Drafts[0].Sealed = map[string][]byte{"body": bytes.Repeat([]byte("s"), n)}
	return commands
}

// TestJ10_SQLiteDiskFull: nothing is written, reading goes on, and with room again so
// does writing.
func TestJ10_SQLiteDiskFull(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir())
	log, start := openLog(t, store)
	if err := sqlitelog.LimitPages(t.Context(), store, 64); err != nil {
		t.Fatal(err)
	}
	var acked []eventlog.Command
	var refused error
	for refused == nil && len(acked) < 64 {
		commands := heavy(t, 16<<10)
		if _, _, refused = log.Append(t.Context(), start, commands); refused == nil {
			acked = append(acked, commands...)
		}
	}
	if !errors.Is(refused, eventlog.ErrUnavailable) || errors.Is(refused, eventlog.ErrUnknownOutcome) {
		t.Fatalf("full disk: got %v, want %v", refused, eventlog.ErrUnavailable)
	}
	records := wantWhole(t, log)
	if len(records) != len(acked) {
		t.Errorf("%d events, want the %d acknowledged", len(records), len(acked))
	}
	if err := sqlitelog.LimitPages(t.Context(), store, 1<<20); err != nil {
		t.Fatal(err)
	}
	if _, _, err := log.Append(t.Context(), start, heavy(t, 16<<10)); err != nil {
		t.Errorf("with room again: %v", err)
	}
	eventlogtest.WantOnce(t, wantWhole(t, log), acked)
}

// TestJ10_SQLiteClockSetBack: the log's time never decreases.
func TestJ10_SQLiteClockSetBack(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir())
	start := time.Date(2022, 10, 28, 7, 30, 0, 0, time.UTC)
	clock := start
	sqlitelog.SetNow(store, func() time.Time { return clock })
	log, end := openLog(t, store)
	for _, step := range []struct{ now, want time.Duration }{{0, 0}, {time.Minute, time.Minute}, {-time.Hour, time.Minute}, {time.Hour, time.Hour}} {
		clock = start.Add(step.now)
		results, _, err := log.Append(t.Context(), end, eventlogtest.Questions(t, 1))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := results[0].At, start.Add(step.want); !got.Equal(want) {
			t.Errorf("clock at %v: log time %v, want %v", clock, got, want)
		}
	}
	wantWhole(t, log)
}

// TestJ10_SQLiteErasedBytesAreGone looks for the ciphertext in the files themselves.
func TestJ10_SQLiteErasedBytesAreGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	log, end := openLog(t, store)
	secret := []byte("ciphertext-" + eventlogtest.NewID())
	commands := eventlogtest.Questions(t, 3)
	commands[1].Drafts[0].Sealed = map[string][]byte{"body": secret}
	if _, _, err := log.Append(t.Context(), end, commands); err != nil {
		t.Fatal(err)
	}
	if !onDisk(t, dir, secret) {
		t.Fatal("the ciphertext is not on disk at all: the test looks in the wrong place")
	}
	if err := log.Erase(t.Context(), []eventlog.Erasure{{EventID: commands[1].Drafts[0].ID, Field: "body"}}); err != nil {
		t.Fatal(err)
	}
	if onDisk(t, dir, secret) {
		t.Error("the erased ciphertext is still on disk")
	}
	wantWhole(t, log)
}

func onDisk(tb testing.TB, dir string, text []byte) (found bool) {
	tb.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		found = found || bytes.Contains(data, text)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

// hold makes everybody queue until the returned function is called.
func hold(tb testing.TB, store *sqlitelog.Store) (release func()) {
	tb.Helper()
	holding, released := make(chan struct{}), make(chan struct{})
	var group errgroup.Group
	group.Go(func() error { return sqlitelog.Hold(tb.Context(), store, holding, released) })
	<-holding
	return func() {
		close(released)
		if err := group.Wait(); err != nil {
			tb.Error(err)
		}
	}
}

func untilQueued(store *sqlitelog.Store, n int) {
	for sqlitelog.Queued(store) < n {
		runtime.Gosched()
	}
}

// TestJ10_SQLiteGroupCommit: all who wait while the disk is busy share one transaction.
func TestJ10_SQLiteGroupCommit(t *testing.T) {
	t.Parallel()
	const waiting = 100
	store := open(t, t.TempDir())
	log, end := openLog(t, store)
	var plans atomic.Int32 // one per log and transaction
	sqlitelog.SetNow(store, func() time.Time { plans.Add(1); return time.Now() })
	release := hold(t, store)
	var group errgroup.Group
	for range waiting {
		group.Go(func() error {
			_, _, err := log.Append(t.Context(), end, eventlogtest.Questions(t, 2))
			return err
		})
	}
	untilQueued(store, waiting)
	release()
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if plans.Load() != 1 {
		t.Errorf("%d transactions for %d callers, want 1", plans.Load(), waiting)
	}
	if got := len(wantWhole(t, log)); got != 2*waiting {
		t.Errorf("%d events, want %d", got, 2*waiting)
	}
}

// TestJ10_SQLiteGivenUpInTheQueue: who stops waiting before the commit knows that
// nothing was written.
func TestJ10_SQLiteGivenUpInTheQueue(t *testing.T) {
	t.Parallel()
	store := open(t, t.TempDir())
	log, end := openLog(t, store)
	release := hold(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	var stays errgroup.Group
	stays.Go(func() error {
		_, _, err := log.Append(t.Context(), end, eventlogtest.Questions(t, 1))
		return err
	})
	untilQueued(store, 1)
	leaves := make(chan error, 1)
	stays.Go(func() error {
		_, _, err := log.Append(ctx, end, eventlogtest.Questions(t, 1))
		leaves <- err
		return nil
	})
	untilQueued(store, 2)
	cancel()
	if err := <-leaves; !errors.Is(err, eventlog.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, eventlog.ErrUnavailable)
	}
	release()
	if err := stays.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := len(wantWhole(t, log)); got != 1 {
		t.Errorf("%d events, want the one of who stayed", got)
	}
}

// TestJ10_SQLiteClosedInTheMiddle: Close lets the commit in flight end; what was
// acknowledged is there after opening again, everybody else was told.
func TestJ10_SQLiteClosedInTheMiddle(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	log, end := openLog(t, store)
	acked := make([][]eventlog.Command, 8)
	enough := make(chan struct{}, len(acked)*1000)
	var group errgroup.Group
	for i := range acked {
		group.Go(func() error {
			for {
				commands := eventlogtest.Questions(t, 1)
				if _, _, err := log.Append(context.Background(), end, commands); err != nil {
					return err
				}
				acked[i] = append(acked[i], commands...)
				select {
				case enough <- struct{}{}:
				default:
				}
			}
		})
	}
	for range 50 {
		<-enough
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if err := group.Wait(); !errors.Is(err, eventlog.ErrUnavailable) {
		t.Errorf("after close: got %v, want %v", err, eventlog.ErrUnavailable)
	}
	if err := log.Wait(t.Context(), 1<<40); !errors.Is(err, eventlog.ErrUnavailable) {
		t.Errorf("wait after close: got %v, want %v", err, eventlog.ErrUnavailable)
	}
	again, _ := openLog(t, open(t, dir))
	eventlogtest.WantOnce(t, wantWhole(t, again), acked...)
}

// TestJ10_SQLiteReopened: versions, epoch, chain and the small store are as they were.
func TestJ10_SQLiteReopened(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store := open(t, dir)
	log, end := openLog(t, store)
	command := eventlogtest.MakeCommand(t, eventlogtest.Sample{Entity: "floor"})
	if _, _, err := log.Append(t.Context(), end, []eventlog.Command{command}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Ephemeral().CompareAndSet(t.Context(), "session", nil, []byte("kept"), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	store = open(t, dir)
	log, after := openLog(t, store)
	if after.Epoch != end.Epoch || after.Pos != 1 {
		t.Errorf("log ends at %+v, want position 1 of epoch %s", after, end.Epoch)
	}
	results, _, err := log.Append(t.Context(), after, []eventlog.Command{
		eventlogtest.MakeCommand(t, eventlogtest.Sample{Entity: "floor", Checks: []eventlog.Check{{Entity: "floor"}}}),
	})
	if err != nil || results[0].Stale == nil || results[0].Stale.Actual != 1 {
		t.Errorf("got %+v, %v; want stale at version 1", results, err)
	}
	if value, err := store.Ephemeral().Get(t.Context(), "session"); err != nil || string(value) != "kept" {
		t.Errorf("got %q, %v", value, err)
	}
}

// TestSQLiteDamagedFile: it says so instead of starting empty.
func TestSQLiteDamagedFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "events.db"), bytes.Repeat([]byte("not a database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := sqlitelog.Open(t.Context(), dir, slog.New(slog.DiscardHandler))
	if err == nil {
		t.Fatalf("opened a damaged file: %v", store.Close())
	}
	// The folder is unlocked again: the operator can put a backup there.
	if err := os.Remove(filepath.Join(dir, "events.db")); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}
