package sqlitelog

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/diemcau/diemcau/internal/eventlog"
)

// Log is the log of one conference. Safe for concurrent use.
type Log struct {
	store *Store
	state *state
}

var _ eventlog.Log = (*Log)(nil)

// Append writes the commands in order, each all or nothing; see eventlog.Log.
//
// A ctx that ends while the call still queues gives ErrUnavailable: nothing was written.
// Once its commit has begun the call waits for it, so that the answer is true;
// ErrUnknownOutcome is left for a disk that failed in the commit.
func (l *Log) Append(ctx context.Context, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
	if err := eventlog.CheckBatch(commands); err != nil {
		return nil, eventlog.Position{}, fmt.Errorf("append to %s: %w", l.state.id, err)
	}
	return l.store.writer.append(ctx, l.state, seen, commands)
}

// Renew gives the log a new epoch if it does not hold lost; see eventlog.Log. While the
// process runs nobody else can roll its log back, so that is a position of a log that
// was in the folder before.
func (l *Log) Renew(ctx context.Context, lost eventlog.Position, epoch string, note eventlog.Command) (eventlog.Position, error) {
	if err := eventlog.CheckNote(epoch, note); err != nil {
		return eventlog.Position{}, fmt.Errorf("renew %s: %w", l.state.id, err)
	}
	note.Checks = nil
	return l.store.writer.renew(ctx, l.state, lost, epoch, note)
}

// Read returns up to limit records after the position, at most eventlog.MaxRead, and
// the log's end as it was at the same moment.
func (l *Log) Read(ctx context.Context, after uint64, limit int) ([]eventlog.Record, eventlog.Position, error) {
	records, end, err := l.readAt(ctx, after, min(limit, eventlog.MaxRead))
	if err != nil {
		return nil, eventlog.Position{}, unavailable("read log of "+string(l.state.id), err)
	}
	return records, end, nil
}

func (l *Log) readAt(ctx context.Context, after uint64, limit int) (records []eventlog.Record, end eventlog.Position, err error) {
	// One read transaction: end, events and sealed fields belong together.
	tx, err := l.store.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, end, err
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	const findEnd = `SELECT epoch, pos, hash FROM log WHERE conference = ?`
	if err := tx.QueryRowContext(ctx, findEnd, l.state.id).Scan(&end.Epoch, &end.Pos, &end.Hash); err != nil {
		return nil, end, err
	}
	if limit <= 0 || after >= end.Pos {
		return nil, end, nil
	}
	records, err = l.readEvents(ctx, tx, after, limit)
	return records, end, err
}

func (l *Log) readEvents(ctx context.Context, tx *sql.Tx, after uint64, limit int) (records []eventlog.Record, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT key, at, id, cause, canonical, digest, hash, sealed
		FROM event WHERE key > ? AND key <= ? ORDER BY key LIMIT ?`, l.state.key(after), l.state.key(maxPos), limit)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var digest, hash, sealed sql.RawBytes
	for rows.Next() {
		var r eventlog.Record
		var key, at int64
		if err := rows.Scan(&key, &at, &r.ID, &r.Cause, &r.Canonical, &digest, &hash, &sealed); err != nil {
			return nil, err
		}
		r.Position, r.At = uint64(key-l.state.key(0)), instant(at)
		r.Digest, r.Hash = hex.EncodeToString(digest), hex.EncodeToString(hash)
		if r.Sealed, err = parseSealed(sealed); err != nil {
			return nil, fmt.Errorf("event at %d: %w", r.Position, err)
		}
		records = append(records, r)
	}
	return records, rows.Err()
}

// Wait blocks until the log holds more than after, or ctx ends. Error: ErrUnavailable
// when the store is closed.
func (l *Log) Wait(ctx context.Context, after uint64) error {
	for {
		end, changed := l.state.position()
		if end.Pos > after {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-l.store.closing:
			return unavailable("wait for "+string(l.state.id), errors.New("the log is closed"))
		}
	}
}

// Erase deletes sealed fields and overwrites their bytes on disk. It looks through the
// whole log for their events: erasing is rare, and no append pays for an index.
func (l *Log) Erase(ctx context.Context, fields []eventlog.Erasure) error {
	if len(fields) == 0 {
		return nil
	}
	err := l.store.writer.alone(ctx, func(ctx context.Context, conn *sql.Conn) error {
		return l.state.erase(ctx, conn, fields)
	})
	if err != nil {
		return fmt.Errorf("erase in %s: %w", l.state.id, err)
	}
	return l.store.compact(ctx)
}

func (s *state) erase(ctx context.Context, conn *sql.Conn, fields []eventlog.Erasure) error {
	erased := make(map[string][]string) // names of fields by event
	for _, each := range fields {
		erased[each.EventID] = append(erased[each.EventID], each.Field)
	}
	left, err := s.without(ctx, conn, erased)
	if err != nil {
		return err
	}
	for key, sealed := range left {
		if _, err := conn.ExecContext(ctx, `UPDATE event SET sealed = ? WHERE key = ?`, sealed, key); err != nil {
			return err
		}
	}
	return nil
}

// without returns what the sealed fields of events become, by key; nil for none left.
func (s *state) without(ctx context.Context, conn *sql.Conn, erased map[string][]string) (left map[int64][]byte, err error) {
	ids, err := json.Marshal(slices.Collect(maps.Keys(erased)))
	if err != nil {
		return nil, err
	}
	rows, err := conn.QueryContext(ctx, `SELECT key, id, sealed FROM event
		WHERE key BETWEEN ? AND ? AND sealed IS NOT NULL AND id IN (SELECT value FROM json_each(?))`, s.key(1), s.key(maxPos), string(ids))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	left = make(map[int64][]byte)
	for rows.Next() {
		var key int64
		var id string
		var sealed sql.RawBytes
		if err := rows.Scan(&key, &id, &sealed); err != nil {
			return nil, err
		}
		fields, err := parseSealed(sealed)
		if err != nil {
			return nil, fmt.Errorf("event %s: %w", id, err)
		}
		for _, name := range erased[id] {
			delete(fields, name)
		}
		left[key] = appendSealed(nil, fields)
	}
	return left, rows.Err()
}
