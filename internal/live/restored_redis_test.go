package live_test

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/live"
	"github.com/diemcau/diemcau/internal/registration"
)

// plain has Redis write what it holds as it is: in a file that is compressed nobody finds
// anything, whether it is there or not.
var plain = []string{"--rdbcompression", "no"}

func startPlainRedis(t *testing.T) *eventlogtest.Redis {
	t.Helper()
	return eventlogtest.StartRedis(t, plain...)
}

// TestR5_RestoredRedisForgets: a backup of Redis from before an erasure, its append-only files
// or its dump, is put into a fresh server. Nobody is told a word of the person from the first
// moment on, though the erasure cannot be written yet; once it can, the words are in no file.
func TestR5_RestoredRedisForgets(t *testing.T) {
	t.Parallel()
	server := startPlainRedis(t)
	store := openRedis(t, server)
	ledger := live.NewErasureFile(filepath.Join(t.TempDir(), "erased"))
	_, c := startConfigured(t, live.Config{Store: store, Erasures: ledger})
	must(t, c, admin, openSeats(1))
	brings := person(rand.Text(), "0912345678")
	brings.Question = "Bao giờ cấp sổ?"
	made := must(t, c, citizen, brings)
	sealed := personalWords(t, store)
	if len(sealed) != 5 {
		t.Fatalf("%d sealed words, want name, number, commune, e-mail and the asker's name", len(sealed))
	}
	server.Command("SAVE")
	backup := t.TempDir()
	if err := os.CopyFS(backup, os.DirFS(server.Dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(server.Dir, "dump.rdb")); err != nil { // it is the backup, not the store
		t.Fatal(err)
	}
	must(t, c, citizen, registration.Erase{ID: made.Registered.ID})
	wantGone(t, server, sealed)

	for name, restore := range map[string]func(*testing.T, *eventlogtest.Redis, string){"append-only files": putAOF, "dump": putDump} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fresh := startPlainRedis(t)
			fresh.Kill()
			restore(t, fresh, backup)
			if n := left(t, fresh.Dir, sealed); n != len(sealed) {
				t.Fatalf("%d of %d sealed words were put back", n, len(sealed))
			}
			wantForgotten(t, fresh, ledger, made.Registered.ID)
			wantGone(t, fresh, sealed)
			fresh.Restart(plain...)
			if n := left(t, fresh.Dir, sealed); n != 0 {
				t.Errorf("%d sealed words are back after a restart", n)
			}
		})
	}
}

// wantForgotten starts a node on a restored server where appends hang, then go through.
func wantForgotten(t *testing.T, server *eventlogtest.Redis, ledger *live.ErasureFile, id conference.RegistrationID) {
	t.Helper()
	may := make(chan struct{})
	log := &faultyLog{}
	log.set(func(through appendFunc) appendFunc {
		return func(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
			<-may
			return through(context.WithoutCancel(ctx), seen, commands)
		}
	}, nil)
	node := startOpened(t, live.Config{Store: &faultyStore{Store: openRedisAt(t, server.URL), log: log}, Erasures: ledger})
	release := sync.OnceFunc(func() { close(may) })
	t.Cleanup(release) // before the node is stopped
	c, err := node.Conference(theID)
	if err != nil {
		t.Fatal(err)
	}
	now, err := c.TicketOf(id)
	if err != nil || now.Registration.Erased {
		t.Fatalf("%+v, %v: the erasure is written, so that nothing is seen of the time before", now, err)
	}
	if now.Registration.Person != (registration.Person{}) {
		t.Errorf("told before the erasure is written: %+v", now.Registration.Person)
	}
	if q := c.Snapshot().Questions[0]; q.Name != "" || q.Contact != nil || q.Body == "" {
		t.Errorf("the question before the erasure is written: %+v", q)
	}
	changes, _, err := c.Since(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		if change.Event.Private[registration.FieldName] != "" || change.Question != nil && change.Question.Name != "" {
			t.Errorf("kept for readers: %s with %v", change.Event.Type, change.Event.Private)
		}
	}
	release()
	waitFor(t, c, "the erasure", func(*live.Snapshot) bool {
		s, err := c.TicketOf(id)
		return err == nil && s.Registration.Erased
	})
}

// putAOF starts a server on the append-only files of a backup.
func putAOF(t *testing.T, server *eventlogtest.Redis, backup string) {
	t.Helper()
	const folder = "appendonlydir"
	to := filepath.Join(server.Dir, folder)
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(filepath.Join(backup, folder))); err != nil {
		t.Fatal(err)
	}
	server.Restart(plain...)
}

// putDump starts a server on the dump of a backup, as docs/operations.md tells: without an
// append-only file, which would be preferred, and then with one.
func putDump(t *testing.T, server *eventlogtest.Redis, backup string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(server.Dir, "appendonlydir")); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(backup, "dump.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	dump := filepath.Join(server.Dir, "dump.rdb")
	if err := os.WriteFile(dump, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	server.Restart(append([]string{"--appendonly", "no"}, plain...)...)
	server.Command("CONFIG", "SET", "appendonly", "yes")
	until(t, "the append-only file", func() bool {
		info := server.Command("INFO", "persistence")
		return strings.Contains(info, "aof_rewrite_in_progress:0") && strings.Contains(info, "aof_rewrite_scheduled:0")
	})
	if err := os.Remove(dump); err != nil {
		t.Fatal(err)
	}
}

// wantGone waits until a rewrite, which runs beside the server, has left no word in any file.
func wantGone(t *testing.T, server *eventlogtest.Redis, sealed map[string][]byte) {
	t.Helper()
	until(t, "that no sealed word is on disk", func() bool { return left(t, server.Dir, sealed) == 0 })
}

// until asks again and again; what it asks takes long enough to be no busy loop.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(hangsAfter); !is(); {
		if time.Now().After(end) {
			t.Fatalf("%s did not come", what)
		}
	}
}

// personalWords reads all sealed words of a log but those of questions.
func personalWords(t *testing.T, store eventlog.Store) map[string][]byte {
	t.Helper()
	log, err := store.Log(t.Context(), theID)
	if err != nil {
		t.Fatal(err)
	}
	records, _, err := log.Read(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	sealed := map[string][]byte{}
	for _, r := range records {
		for field, words := range r.Sealed {
			if field != "body" {
				sealed[r.ID+field] = words
			}
		}
	}
	return sealed
}
