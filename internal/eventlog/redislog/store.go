package redislog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

const (
	// callPool is enough for group-committing conferences; waiters have their own pool,
	// so that blocked reads never keep an append waiting.
	callPool = 64
	waitPool = 1024

	conferencesKey = "conferences"
)

// Store implements eventlog.Store on one Redis. Safe for concurrent use.
type Store struct {
	calls     *redis.Client // short calls
	waits     *redis.Client // blocked reads and subscriptions
	logger    *slog.Logger
	append    *redis.Script
	ephemeral *ephemeral
	watch     *watch

	closeOnce sync.Once
	closeErr  error
}

var _ eventlog.Store = (*Store)(nil)

// Open connects to redis://[user:password@]host:port/db (or rediss://, unix://), or to the
// master that Sentinels name, redis+sentinel://[user:password@]host:port/MASTER/db (or
// rediss+sentinel://), and logs what durability the server promises. Parameters of the URL
// such as read_timeout=2s are those of go-redis, and some of our own:
//
//	replicas=N            an append is confirmed once N replicas have it (0–16, default 0)
//	replica_timeout=1s    how long it waits for them; shorter than read_timeout (5s)
//	ca=FILE               with rediss: authorities trusted instead of the system's (PEM)
//	addr=host:port        another Sentinel; as often as needed
//	sentinel_username=, sentinel_password=   of the Sentinels themselves
//
// Errors: ErrUnavailable.
func Open(ctx context.Context, address string, logger *slog.Logger) (*Store, error) {
	target, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	logger = logger.With(slog.String("part", "redislog"))
	routeDriver(logger)
	w := &watch{logger: logger, replication: target.replication}
	s := &Store{
		calls:  target.client(callPool, w.met),
		waits:  target.client(waitPool, nil),
		logger: logger,
		append: redis.NewScript(appendScript),
		watch:  w,
	}
	s.ephemeral = newEphemeral(s.calls, s.waits, target.db())
	if err = w.look(ctx, s.calls); err == nil {
		err = w.check()
	}
	if err == nil {
		err = w.heal(ctx, s.calls)
	}
	if err == nil {
		// Loaded now, an append's first try is its only one, and a server that forbids
		// scripts is noticed at the start.
		if err = s.append.Load(ctx, s.calls).Err(); err != nil {
			err = unavailable("load append.lua", err)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open event log on redis: %w", err), s.Close())
	}
	return s, nil
}

// Conferences returns the ids that have a log with at least one event, sorted.
func (s *Store) Conferences(ctx context.Context) ([]conference.ID, error) {
	all, err := s.calls.SMembers(ctx, conferencesKey).Result()
	if err != nil {
		return nil, unavailable("list conferences", err)
	}
	slices.Sort(all)
	ends := make([]*redis.StringCmd, len(all))
	pipe := s.calls.Pipeline()
	for i, id := range all {
		ends[i] = pipe.HGet(ctx, keysOf(conference.ID(id)).meta, "pos")
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, unavailable("list conferences", err)
	}
	var ids []conference.ID
	for i, id := range all {
		pos, err := ends[i].Uint64()
		if errors.Is(err, redis.Nil) {
			continue // opened, never written
		}
		if err != nil {
			return nil, unavailable("list conferences", err)
		}
		if pos > 0 {
			ids = append(ids, conference.ID(id))
		}
	}
	return ids, nil
}

// Log returns the log of a conference, made empty when it does not exist.
func (s *Store) Log(ctx context.Context, id conference.ID) (eventlog.Log, error) {
	if err := eventlog.CheckConference(id); err != nil {
		return nil, err
	}
	l := &Log{store: s, id: id, keys: keysOf(id)}
	if err := l.create(ctx); err != nil {
		return nil, unavailable("open log of "+string(id), err)
	}
	return l, nil
}

// Clock returns the time of the log's one clock: Redis's. Error: ErrUnavailable.
func (s *Store) Clock(ctx context.Context) (time.Time, error) {
	now, err := s.calls.Time(ctx).Result()
	if err != nil {
		return time.Time{}, unavailable("ask redis the time", err)
	}
	return now.UTC(), nil
}

// Ready returns nil while the server can be written and promises no less than the one that
// the store was opened on. Errors: ErrUnavailable, or one that says what to set.
func (s *Store) Ready(ctx context.Context) error {
	if err := s.watch.look(ctx, s.calls); err != nil {
		return err
	}
	return s.watch.check()
}

// Ephemeral returns the small store, shared by all nodes on this Redis.
func (s *Store) Ephemeral() eventlog.Ephemeral { return s.ephemeral }

// Close ends all subscriptions and connections.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.closeErr = errors.Join(s.ephemeral.close(), s.waits.Close(), s.calls.Close())
	})
	return s.closeErr
}

// keys are the names of one conference's keys. The braces are Redis Cluster's hash tag:
// all four live in one slot, as a script demands.
type keys struct{ events, meta, versions, sealed string }

func keysOf(id conference.ID) keys {
	slot := "{c:" + string(id) + "}"
	return keys{events: slot + ":ev", meta: slot + ":meta", versions: slot + ":ver", sealed: slot + ":sealed"}
}

func streamID(pos uint64) string { return strconv.FormatUint(pos, 10) + "-0" }
