package redislog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// waitSlice is how long one blocked read lasts. Wait then returns early, and its caller
// reads, which also notices a log that was rolled back and so never passes "after".
// unblockEvery is how often a read that was cancelled is woken until it ends.
const (
	// waitGrace is how much longer the answer may take before the connection counts as
	// broken: a machine that has vanished says nothing.
	waitSlice    = time.Second
	waitGrace    = time.Second
	unblockEvery = 10 * time.Millisecond
	// How long, and how often, Erase asks for a rewrite of the append-only file while
	// another one runs.
	rewritePatience = time.Minute
	rewriteEvery    = 50 * time.Millisecond
)

// Log is the log of one conference. Safe for concurrent use.
type Log struct {
	store *Store
	id    conference.ID
	keys  keys
}

var _ eventlog.Log = (*Log)(nil)

// create gives the log an epoch when it has none. The set of conferences is in another
// slot than the log, hence not written by the script. A log that is there is not written
// to: a server whose disk is full must still be read.
func (l *Log) create(ctx context.Context) error {
	pipe := l.store.calls.Pipeline()
	listed := pipe.SIsMember(ctx, conferencesKey, string(l.id))
	epoch := pipe.HExists(ctx, l.keys.meta, "epoch")
	if _, err := pipe.Exec(ctx); err != nil || listed.Val() && epoch.Val() {
		return err
	}
	pipe = l.store.calls.Pipeline()
	pipe.SAdd(ctx, conferencesKey, string(l.id))
	pipe.HSetNX(ctx, l.keys.meta, "epoch", eventlog.NewEpoch())
	_, err := pipe.Exec(ctx)
	return err
}

// Read returns up to limit records after the position, at most eventlog.MaxRead, and
// the log's end as it was at the same moment. A log that has vanished (a flushed
// server) is made again, with another epoch.
func (l *Log) Read(ctx context.Context, after uint64, limit int) ([]eventlog.Record, eventlog.Position, error) {
	records, end, err := l.read(ctx, after, min(limit, eventlog.MaxRead))
	if err != nil {
		return nil, eventlog.Position{}, unavailable("read log of "+string(l.id), err)
	}
	return records, end, nil
}

func (l *Log) read(ctx context.Context, after uint64, limit int) ([]eventlog.Record, eventlog.Position, error) {
	messages, end, err := l.readRaw(ctx, after, limit)
	if err == nil && end.Epoch == "" {
		if err = l.create(ctx); err == nil {
			messages, end, err = l.readRaw(ctx, after, limit)
		}
	}
	if err != nil {
		return nil, end, err
	}
	records := make([]eventlog.Record, len(messages))
	var sealed []sealedField
	for i, message := range messages {
		names, err := parseMessage(message, &records[i])
		if err != nil {
			return nil, end, err
		}
		if want := after + uint64(i) + 1; records[i].Position != want {
			return nil, end, fmt.Errorf("the stream has %s where position %d must be", message.ID, want)
		}
		for _, name := range names {
			sealed = append(sealed, sealedField{record: &records[i], name: name})
		}
	}
	return records, end, l.readSealed(ctx, sealed)
}

// readRaw reads the end, then the events, and drops those that came in between. Not in a
// MULTI: Redis refuses every command of one while it is out of memory, and a full
// server must still be read.
func (l *Log) readRaw(ctx context.Context, after uint64, limit int) ([]redis.XMessage, eventlog.Position, error) {
	pipe := l.store.calls.Pipeline()
	meta := pipe.HMGet(ctx, l.keys.meta, "epoch", "pos", "h")
	var events *redis.XMessageSliceCmd
	if limit > 0 {
		events = pipe.XRangeN(ctx, l.keys.events, streamID(after+1), "+", int64(limit))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, eventlog.Position{}, err
	}
	end, err := parseEnd(meta.Val())
	if err != nil || events == nil {
		return nil, end, err
	}
	messages := events.Val()
	if upTo := int(end.Pos - min(after, end.Pos)); len(messages) > upTo {
		messages = messages[:upTo]
	}
	return messages, end, nil
}

func parseEnd(values []any) (end eventlog.Position, err error) {
	text := make([]string, 3)
	for i := range text {
		if i < len(values) && values[i] != nil { // missing in a log without events
			if text[i], err = asText(values[i]); err != nil {
				return end, err
			}
		}
	}
	end.Epoch, end.Hash = text[0], text[2]
	if text[1] != "" {
		end.Pos, err = strconv.ParseUint(text[1], 10, 64)
	}
	return end, err
}

// parseMessage fills record from a stream entry and returns the names of its sealed fields.
func parseMessage(message redis.XMessage, record *eventlog.Record) (names []string, err error) {
	number, ok := strings.CutSuffix(message.ID, "-0")
	if record.Position, err = strconv.ParseUint(number, 10, 64); err != nil || !ok {
		return nil, fmt.Errorf("stream entry %s is not ours", message.ID)
	}
	text := func(field string) string {
		value, _ := message.Values[field].(string) // missing: "", refused below
		return value
	}
	at, err := strconv.ParseInt(text("at"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("stream entry %s has no time", message.ID)
	}
	record.At = instant(at)
	record.ID, record.Cause = text("id"), text("cause")
	record.Canonical = []byte(text("e"))
	record.Digest, record.Hash = text("d"), text("h")
	if record.ID == "" || record.Digest == "" || record.Hash == "" {
		return nil, fmt.Errorf("stream entry %s is not ours", message.ID)
	}
	if all := text("s"); all != "" {
		names = strings.Split(all, ",")
	}
	return names, nil
}

type sealedField struct {
	record *eventlog.Record
	name   string
}

// readSealed adds the sealed fields that were not erased.
func (l *Log) readSealed(ctx context.Context, fields []sealedField) error {
	if len(fields) == 0 {
		return nil
	}
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = sealedName(field.record.ID, field.name)
	}
	values, err := l.store.calls.HMGet(ctx, l.keys.sealed, names...).Result()
	if err != nil {
		return err
	}
	for i, value := range values {
		ciphertext, ok := value.(string)
		if !ok {
			continue // erased
		}
		record := fields[i].record
		if record.Sealed == nil {
			record.Sealed = make(map[string][]byte)
		}
		record.Sealed[fields[i].name] = []byte(ciphertext)
	}
	return nil
}

func sealedName(event, field string) string { return event + "/" + field }

// Wait blocks until the log holds more than after, ctx ends, or some seconds have
// passed. Error: ErrUnavailable.
func (l *Log) Wait(ctx context.Context, after uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	what := "wait for " + string(l.id)
	conn := l.store.waits.Conn() // one connection: the one that UNBLOCK names
	limited, cancel := context.WithTimeout(ctx, waitSlice+waitGrace)
	id, err := conn.ClientID(limited).Result()
	if err == nil {
		err = l.block(limited, conn, id, after)
	}
	cancel()
	err = errors.Join(err, conn.Close())
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return unavailable(what, err)
	}
	return nil
}

func (l *Log) block(ctx context.Context, conn *redis.Conn, id int64, after uint64) error {
	// go-redis does not give a blocked read up when ctx is cancelled; the server does.
	read, woken := make(chan struct{}), make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		if errors.Is(ctx.Err(), context.Canceled) { // else the read has given up by itself
			l.store.unblock(context.WithoutCancel(ctx), id, read)
		}
	})
	err := conn.XRead(ctx, &redis.XReadArgs{
		Streams: []string{l.keys.events, streamID(after)},
		Count:   1,
		Block:   waitSlice,
	}).Err()
	close(read)
	if !stop() {
		<-woken // nothing of ours outlives the call
	}
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return err
}

// unblock ends the blocked read of a connection. It may come before the read does; then
// it tries again until the read is over.
func (s *Store) unblock(ctx context.Context, id int64, read <-chan struct{}) {
	again := time.NewTicker(unblockEvery)
	defer again.Stop()
	for {
		if err := s.calls.ClientUnblock(ctx, id).Err(); err != nil {
			s.logger.DebugContext(ctx, "blocked read was not woken", slog.Any("err", err))
			return // its slice ends by itself
		}
		select {
		case <-read:
			return
		case <-again.C:
		}
	}
}

// Erase deletes sealed fields and has Redis write its append-only file anew: the old one
// still holds the ciphertexts.
func (l *Log) Erase(ctx context.Context, fields []eventlog.Erasure) error {
	if len(fields) == 0 {
		return nil
	}
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = sealedName(field.EventID, field.Field)
	}
	if err := l.store.calls.HDel(ctx, l.keys.sealed, names...).Err(); err != nil {
		return outcome("erase in "+string(l.id), err)
	}
	if !l.store.watch.aof() {
		return nil
	}
	if err := l.store.rewrite(ctx); err != nil {
		// A managed service may forbid it: it rewrites when it sees fit.
		l.store.logger.WarnContext(ctx, "append-only file still holds erased ciphertexts until redis rewrites it",
			slog.Any("conference", l.id), slog.Any("err", err))
	}
	return nil
}

// rewrite has Redis start to write its append-only file anew. One that runs already began
// before the fields were deleted and may keep them: it is waited for.
func (s *Store) rewrite(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, rewritePatience)
	defer cancel()
	again := time.NewTicker(rewriteEvery)
	defer again.Stop()
	for {
		err := s.calls.BgRewriteAOF(ctx).Err()
		if err == nil || !strings.Contains(err.Error(), "already in progress") {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}
