package redislog_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/eventlog/eventlogtest"
	"github.com/diemcau/diemcau/internal/eventlog/redislog"
)

const hurt conference.ID = "hurt"

func openLog(tb testing.TB, url string) (eventlog.Log, eventlog.Position) {
	tb.Helper()
	log, err := open(tb, url).Log(tb.Context(), hurt)
	if err != nil {
		tb.Fatal(err)
	}
	return log, endOf(tb, log)
}

func endOf(tb testing.TB, log eventlog.Log) eventlog.Position {
	tb.Helper()
	_, end, err := log.Read(tb.Context(), 0, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return end
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

// raw is a client past the adapter, as an operator's redis-cli.
func raw(tb testing.TB, url string) *redis.Client {
	tb.Helper()
	options, err := redis.ParseURL(url)
	if err != nil {
		tb.Fatal(err)
	}
	client := redis.NewClient(options)
	tb.Cleanup(func() {
		if err := client.Close(); err != nil {
			tb.Error(err)
		}
	})
	return client
}

// TestJ10_RedisKilled kills a server with SIGKILL while many write: what was
// acknowledged is there once, and every open outcome is told by the log.
func TestJ10_RedisKilled(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	log, start := openLog(t, server.URL)
	var acked [][]eventlog.Command
	for round := range 3 {
		written, open := writeAndKill(t, server, log, start)
		acked = append(acked, written...)
		server.Restart()
		records := wantWhole(t, log)
		eventlogtest.WantOnce(t, records, acked...)
		there := 0
		for _, record := range records {
			if open[record.Cause] {
				there++
			}
		}
		t.Logf("round %d: %d events, %d outcomes unknown, %d of them written", round, len(records), len(open), there)
	}
}

// writeAndKill returns the acknowledged commands and the ids of those whose outcome is
// unknown.
func writeAndKill(t *testing.T, server *eventlogtest.Redis, log eventlog.Log, start eventlog.Position) (acked [][]eventlog.Command, unknown map[string]bool) {
	t.Helper()
	const writers = 8
	acked, open := make([][]eventlog.Command, writers), make([]string, writers)
	enough := make(chan struct{}, writers*100)
	var group errgroup.Group
	for i := range writers {
		group.Go(func() error {
			for {
				commands := eventlogtest.Questions(t, 1)
				_, _, err := log.Append(t.Context(), start, commands)
				switch {
				case errors.Is(err, eventlog.ErrUnknownOutcome):
					open[i] = commands[0].ID
					return nil
				case errors.Is(err, eventlog.ErrUnavailable):
					return nil
				case err != nil:
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
	for range 200 {
		<-enough
	}
	server.Kill()
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	unknown = make(map[string]bool)
	for _, id := range open {
		if id != "" {
			unknown[id] = true
		}
	}
	return acked, unknown
}

// TestJ10_RedisLostReply: the server hangs after it got the command. The outcome is
// unknown, not refused; the log tells it later, and a retry writes nothing twice.
func TestJ10_RedisLostReply(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	for name, call := range map[string]struct {
		url  string
		wait func() (context.Context, context.CancelFunc)
	}{
		"the adapter's patience ends": {server.URL + "?read_timeout=2s", func() (context.Context, context.CancelFunc) {
			return t.Context(), func() {}
		}},
		"the caller's patience ends": {server.URL, func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), time.Second)
		}},
	} {
		log, start := openLog(t, call.url)
		commands := eventlogtest.Questions(t, 2)
		server.Pause()
		ctx, cancel := call.wait()
		_, _, err := log.Append(ctx, start, commands)
		cancel()
		server.Resume()
		if !errors.Is(err, eventlog.ErrUnknownOutcome) || errors.Is(err, eventlog.ErrUnavailable) {
			t.Fatalf("%s: got %v, want %v", name, err, eventlog.ErrUnknownOutcome)
		}
		// The server reads what was sent before it reads the next call.
		for endOf(t, log).Pos == start.Pos {
			if err := log.Wait(t.Context(), start.Pos); err != nil {
				t.Fatal(err)
			}
		}
		results, _, err := log.Append(t.Context(), start, commands)
		if err != nil || results[0].Stale == nil || results[1].Stale == nil {
			t.Errorf("%s: second time: %+v, %v; want stale", name, results, err)
		}
		eventlogtest.WantOnce(t, wantWhole(t, log), commands)
	}
}

// TestJ10_RedisRefuses: whatever the server refuses, nothing was written and the adapter
// says so.
func TestJ10_RedisRefuses(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(ctx context.Context, client *redis.Client) error{
		"out of memory": func(ctx context.Context, client *redis.Client) error {
			return client.ConfigSet(ctx, "maxmemory", "1").Err()
		},
		"no replicas": func(ctx context.Context, client *redis.Client) error {
			return client.ConfigSet(ctx, "min-replicas-to-write", "1").Err()
		},
		"became a replica": func(ctx context.Context, client *redis.Client) error {
			return client.ReplicaOf(ctx, "127.0.0.1", "1").Err()
		},
		"sealed of another type": func(ctx context.Context, client *redis.Client) error {
			return client.Set(ctx, "{c:hurt}:sealed", "x", 0).Err()
		},
		"stream ahead of meta": func(ctx context.Context, client *redis.Client) error {
			return client.XAdd(ctx, &redis.XAddArgs{Stream: "{c:hurt}:ev", ID: "9-0", Values: []string{"a", "b"}}).Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := eventlogtest.StartRedis(t)
			log, start := openLog(t, server.URL)
			if _, _, err := log.Append(t.Context(), start, eventlogtest.Questions(t, 3)); err != nil {
				t.Fatal(err)
			}
			client := raw(t, server.URL)
			if err := spoil(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			commands := eventlogtest.Questions(t, 2)
			commands[0].Drafts[0].Sealed = map[string][]byte{"body": []byte("x")}
			_, _, err := log.Append(t.Context(), start, commands)
			if !errors.Is(err, eventlog.ErrUnavailable) || errors.Is(err, eventlog.ErrUnknownOutcome) {
				t.Fatalf("got %v, want %v", err, eventlog.ErrUnavailable)
			}
			if pos := endOf(t, log).Pos; pos != 3 {
				t.Errorf("log ends at %d, want 3", pos)
			}
			versions, err := client.HLen(t.Context(), "{c:hurt}:ver").Result()
			if err != nil || versions != 3 {
				t.Errorf("%d versions, %v; want 3", versions, err)
			}
		})
	}
}

func TestJ10_RedisNotReachable(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	log, start := openLog(t, server.URL)
	server.Kill()
	// The connections of the pool may break only now; then all dials are refused.
	for range 3 {
		if _, _, err := log.Append(t.Context(), start, eventlogtest.Questions(t, 1)); err == nil {
			t.Fatal("appended to a dead server")
		}
	}
	_, _, err := log.Append(t.Context(), start, eventlogtest.Questions(t, 1))
	if !errors.Is(err, eventlog.ErrUnavailable) {
		t.Errorf("append: got %v, want %v", err, eventlog.ErrUnavailable)
	}
	if _, _, err := log.Read(t.Context(), 0, 1); !errors.Is(err, eventlog.ErrUnavailable) {
		t.Errorf("read: got %v, want %v", err, eventlog.ErrUnavailable)
	}
	if err := log.Wait(t.Context(), 0); !errors.Is(err, eventlog.ErrUnavailable) {
		t.Errorf("wait: got %v, want %v", err, eventlog.ErrUnavailable)
	}
	_, err = redislog.Open(t.Context(), server.URL, slog.New(slog.DiscardHandler))
	if !errors.Is(err, eventlog.ErrUnavailable) {
		t.Errorf("open: got %v, want %v", err, eventlog.ErrUnavailable)
	}
	server.Restart()
	if _, _, err := log.Append(t.Context(), start, eventlogtest.Questions(t, 1)); err != nil {
		t.Errorf("after its return: %v", err)
	}
}

// TestJ10_RedisForgets: a server that has lost its scripts goes on; one that has lost
// its data is another log.
func TestJ10_RedisForgets(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	log, start := openLog(t, server.URL)
	client := raw(t, server.URL)
	for range 2 {
		if _, _, err := log.Append(t.Context(), start, eventlogtest.Questions(t, 1)); err != nil {
			t.Fatalf("append: %v", err)
		}
		if err := client.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := log.Append(t.Context(), start, eventlogtest.Questions(t, 1)); !errors.Is(err, eventlog.ErrEpoch) {
		t.Errorf("after the loss: got %v, want %v", err, eventlog.ErrEpoch)
	}
	end := endOf(t, log)
	if end.Pos != 0 || end.Epoch == start.Epoch || end.Epoch == "" {
		t.Errorf("log ends at %+v; want position 0 of another epoch than %s", end, start.Epoch)
	}
	if _, _, err := log.Append(t.Context(), end, eventlogtest.Questions(t, 1)); err != nil {
		t.Errorf("new log: %v", err)
	}
}

// TestJ10_RedisClockSetBack: the log's time never decreases.
func TestJ10_RedisClockSetBack(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	log, start := openLog(t, server.URL)
	future := time.Now().Add(time.Hour).Truncate(time.Microsecond)
	if err := raw(t, server.URL).HSet(t.Context(), "{c:hurt}:meta", "at", future.UnixMicro()).Err(); err != nil {
		t.Fatal(err)
	}
	results, _, err := log.Append(t.Context(), start, eventlogtest.Questions(t, 1))
	if err != nil || !results[0].At.Equal(future) {
		t.Errorf("got %+v, %v; want log time %v", results, err, future)
	}
	if records := wantWhole(t, log); !records[0].At.Equal(future) {
		t.Errorf("read log time %v, want %v", records[0].At, future)
	}
}

// TestJ10_RedisErasedBytesAreGone looks for the ciphertext in the append-only file.
func TestJ10_RedisErasedBytesAreGone(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	log, start := openLog(t, server.URL)
	secret := []byte("ciphertext-" + eventlogtest.NewID())
	commands := eventlogtest.Questions(t, 3)
	commands[1].Drafts[0].Sealed = map[string][]byte{"body": secret}
	if _, _, err := log.Append(t.Context(), start, commands); err != nil {
		t.Fatal(err)
	}
	if !onDisk(t, server.Dir, secret) {
		t.Fatal("the ciphertext is not on disk at all: the test looks in the wrong place")
	}
	if err := log.Erase(t.Context(), []eventlog.Erasure{{EventID: commands[1].Drafts[0].ID, Field: "body"}}); err != nil {
		t.Fatal(err)
	}
	// The rewrite runs beside the server; asking it something is how the test waits.
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for client := raw(t, server.URL); onDisk(t, server.Dir, secret); {
		if err := client.Ping(ctx).Err(); err != nil {
			t.Fatalf("the erased ciphertext is still on disk: %v", err)
		}
	}
	wantWhole(t, log)
}

func onDisk(tb testing.TB, dir string, text []byte) (found bool) {
	tb.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return ignoreMissing(err)
		}
		data, err := os.ReadFile(path)
		found = found || bytes.Contains(data, text)
		return ignoreMissing(err)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

// ignoreMissing: Redis renames and deletes while we look.
func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// TestRedisPromise: the start-up line says what an acknowledgement is worth.
func TestRedisPromise(t *testing.T) {
	t.Parallel()
	for want, arguments := range map[string][]string{
		"survive a power cut":        nil,
		"last two seconds":           {"--appendfsync", "everysec"},
		"to the operating system":    {"--appendfsync", "no"},
		"keeps no append-only file":  {"--appendonly", "no"},
		"throw acknowledged events":  {"--maxmemory-policy", "allkeys-lru"},
		"does not tell its settings": {"--rename-command", "CONFIG", ""},
		"in the memory of the repl":  {"?replicas=1"},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			var said strings.Builder
			parameters := ""
			if len(arguments) == 1 {
				parameters, arguments = arguments[0], nil
			}
			server := eventlogtest.StartRedis(t, arguments...)
			store, err := redislog.Open(t.Context(), server.URL+parameters, slog.New(slog.NewJSONHandler(&said, nil)))
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
			if !strings.Contains(said.String(), want) {
				t.Errorf("got %q, want it to say %q", said.String(), want)
			}
		})
	}
}

func TestRedisReplicaIsRefused(t *testing.T) {
	t.Parallel()
	server := eventlogtest.StartRedis(t)
	if err := raw(t, server.URL).ReplicaOf(t.Context(), "127.0.0.1", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := redislog.Open(t.Context(), server.URL, slog.New(slog.DiscardHandler)); !errors.Is(err, eventlog.ErrUnavailable) {
		t.Errorf("got %v, want %v", err, eventlog.ErrUnavailable)
	}
}

// TestRedisBadAddress: the error never repeats the password.
func TestRedisBadAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"", "http://:hunter2@localhost/0", "redis://:hunter2@localhost:x/0", "redis://:hun/ter2@localhost/0",
		"redis://:hunter2@localhost/0?replicas=17", "redis://:hunter2@localhost/0?replicas=-1", "redis://:hunter2@localhost/0?replicas=ter2",
		"redis://:hunter2@localhost/0?replicas=1&replica_timeout=5s", "redis://:hunter2@localhost/0?replicas=1&replica_timeout=ter2",
		"redis://:hunter2@localhost/0?replicas=1&replica_timeout=0s", "redis://:hunter2@localhost/0?replicas=1&read_timeout=500ms",
		"redis://:hunter2@local host/0", "redis://:hunter2@localhost/zero", "redis://:hunter2%@localhost/0",
	} {
		_, err := redislog.Open(t.Context(), address, slog.New(slog.DiscardHandler))
		if err == nil || strings.Contains(err.Error(), "hun") || strings.Contains(err.Error(), "ter2") {
			t.Errorf("%q: got %v, want an error without the password", address, err)
		}
	}
}
