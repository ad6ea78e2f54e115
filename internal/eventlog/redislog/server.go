package redislog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/diemcau/diemcau/internal/eventlog"
)

// standing is what a server is and promises.
type standing struct {
	run     string // its run id: another server, or the same started again, has another
	address string // of its own connections, for people
	replica bool
	disk    disk
	// fsync and local: see replication.
	fsync bool
	local int
}

// disk is what an acknowledgement is worth when the power fails, from nothing to everything.
type disk int

const (
	diskNone     disk = iota // no append-only file: nothing survives even a restart
	diskSometime             // appendfsync no
	diskEverySec             // appendfsync everysec
	diskAlways               // appendfsync always
	diskUnknown              // the server keeps its settings to itself
)

// watch knows the server that the store talks to. It is asked again on every new
// connection: with Sentinel the next one may lead to another machine, and any server may
// have been started again with other settings. Safe for concurrent use.
type watch struct {
	logger      *slog.Logger
	replication replication

	standingMu sync.Mutex // guards first, now
	first, now *standing

	cleanMu sync.Mutex // guards clean; held while a file is rewritten: who comes next waits
	clean   string     // run id of the server whose append-only file is known to end whole
}

// met asks the server behind a connection what it is, and lets nobody use it before its
// append-only file ends whole. It is the driver's OnConnect.
func (w *watch) met(ctx context.Context, conn *redis.Conn) error {
	if err := w.look(ctx, conn); err != nil {
		return err
	}
	return w.heal(ctx, conn)
}

// look asks what the server is, and says so when it is another one than before.
func (w *watch) look(ctx context.Context, client redis.Cmdable) error {
	told, err := ask(ctx, client)
	if err != nil {
		return unavailable("ask redis what it is", err)
	}
	facts := told.facts
	if facts["redis_mode"] == "sentinel" {
		return nil // the driver calls met for its connections to Sentinels too
	}
	found := standingOf(facts, told.settings)
	w.standingMu.Lock()
	before := w.now
	w.now = &found
	if w.first == nil {
		w.first = &found
	}
	w.standingMu.Unlock()
	if before != nil && before.run == found.run && before.replica == found.replica && before.disk == found.disk {
		return nil
	}
	r := w.replication
	r.fsync, r.local = found.fsync, found.local
	r.promise(ctx, w.logger, facts["connected_slaves"])
	w.tell(ctx, found, told)
	if err := w.check(); err != nil && before != nil {
		w.logger.ErrorContext(ctx, "redis promises less than it did at the start", slog.Any("err", err))
	}
	return nil
}

func standingOf(facts, settings map[string]string) standing {
	s := standing{
		run: facts["run_id"], address: "port " + facts["tcp_port"], replica: facts["role"] == "slave",
		fsync: canWaitForDisk(facts["redis_version"]), disk: diskUnknown,
	}
	if facts["aof_enabled"] != "1" {
		s.disk = diskNone
		return s
	}
	s.local = 1
	switch settings["appendfsync"] {
	case "always":
		s.disk = diskAlways
	case "everysec":
		s.disk = diskEverySec
	case "no":
		s.disk = diskSometime
	}
	return s
}

// check returns an error while the server cannot be written, or promises less than the one
// that the store was opened on: who was told then that acknowledged is on disk relies on it.
func (w *watch) check() error {
	w.standingMu.Lock()
	first, now := *w.first, *w.now
	w.standingMu.Unlock()
	switch {
	case now.replica:
		return fmt.Errorf("redis on %s: %w: it is a replica, which cannot be written", now.address, eventlog.ErrUnavailable)
	case now.disk == diskNone && first.disk != diskNone:
		return fmt.Errorf("the redis that is master now (%s) keeps no append-only file, as the one before did: "+
			"its restart would lose acknowledged events; set appendonly yes there", now.address)
	case now.disk >= first.disk || first.disk == diskUnknown:
		return nil
	}
	return fmt.Errorf("the redis that is master now (%s) writes to disk later than the one before: "+
		"a power cut would lose acknowledged events; set appendfsync there as it was", now.address)
}

// aof reports whether the server keeps an append-only file.
func (w *watch) aof() bool {
	w.standingMu.Lock()
	defer w.standingMu.Unlock()
	return w.now.disk != diskNone
}

// waiting returns what an append waits for on the server of the moment.
func (w *watch) waiting() replication {
	w.standingMu.Lock()
	defer w.standingMu.Unlock()
	r := w.replication
	r.fsync, r.local = w.now.fsync, w.now.local
	return r
}

// tell logs, in words, what an acknowledgement is worth on the server.
func (w *watch) tell(ctx context.Context, found standing, of told) {
	logger := w.logger
	if of.settingsErr != nil {
		logger.WarnContext(ctx, "redis does not tell its settings: whether acknowledged means on disk is unknown", slog.Any("err", of.settingsErr))
	} else if of.settings["maxmemory-policy"] != "noeviction" {
		logger.WarnContext(ctx, "redis may throw acknowledged events away when memory is short: set maxmemory-policy noeviction",
			slog.String("code", of.settings["maxmemory-policy"]))
	}
	switch found.disk {
	case diskNone:
		logger.WarnContext(ctx, "redis keeps no append-only file: a restart loses acknowledged events; set appendonly yes")
	case diskAlways:
		logger.InfoContext(ctx, "redis writes to disk before it answers: acknowledged events survive a power cut")
	case diskEverySec:
		logger.WarnContext(ctx, "redis writes to disk once a second: a power cut may lose the last two seconds of acknowledged events; set appendfsync always")
	case diskSometime:
		logger.WarnContext(ctx, "redis leaves writing to the operating system: a power cut may lose acknowledged events; set appendfsync always")
	case diskUnknown:
	}
}

// promise logs what an acknowledgement is worth when the server itself is lost.
func (r replication) promise(ctx context.Context, logger *slog.Logger, connected string) {
	replicas := slog.String("code", fmt.Sprintf("%d wanted, %s connected", r.want, connected))
	switch {
	case r.want == 0 && connected != "0":
		logger.WarnContext(ctx, "redis has replicas, but acknowledgements do not wait for them: a failover may lose acknowledged events; set --redis-replicas", replicas)
	case r.want == 0:
	case r.fsync:
		logger.InfoContext(ctx, "acknowledged events are on the disks of the replicas", replicas)
	default:
		logger.InfoContext(ctx, "acknowledged events are in the memory of the replicas; on their disks with redis 7.2 or newer", replicas)
	}
}

// canWaitForDisk reports whether a server of that version has WAITAOF (7.2).
func canWaitForDisk(version string) bool {
	var major, minor int
	if n, err := fmt.Sscanf(version, "%d.%d", &major, &minor); n != 2 || err != nil {
		return false
	}
	return major > 7 || major == 7 && minor >= 2
}

// told is what a server tells of itself. Managed services often forbid CONFIG: then
// settingsErr says so.
type told struct {
	facts, settings map[string]string
	settingsErr     error
}

// ask reads what a server tells of itself, in one round trip.
func ask(ctx context.Context, client redis.Cmdable) (told, error) {
	pipe := client.Pipeline()
	info := pipe.Info(ctx)
	asked := map[string]*redis.MapStringStringCmd{}
	for _, name := range []string{"maxmemory-policy", "appendfsync"} {
		asked[name] = pipe.ConfigGet(ctx, name)
	}
	_, _ = pipe.Exec(ctx) // each command has its own error
	if info.Err() != nil {
		return told{}, info.Err()
	}
	of := told{facts: parseInfo(info.Val()), settings: make(map[string]string)}
	for name, cmd := range asked {
		of.settings[name] = cmd.Val()[name]
		of.settingsErr = errors.Join(of.settingsErr, cmd.Err())
	}
	return of, nil
}

func parseInfo(info string) map[string]string {
	facts := make(map[string]string)
	for line := range strings.Lines(info) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			facts[name] = value
		}
	}
	return facts
}
