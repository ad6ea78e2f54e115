package sqlitelog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

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
	if records, err = l.readEvents(ctx, tx, after, limit); err != nil {
		return nil, end, err
	}
	return records, end, l.readSealed(ctx, tx, records)
}

func (l *Log) readEvents(ctx context.Context, tx *sql.Tx, after uint64, limit int) (records []eventlog.Record, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT pos, at, id, cause, canonical, digest, hash
		FROM event WHERE conference = ? AND pos > ? ORDER BY pos LIMIT ?`, l.state.id, after, limit)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var r eventlog.Record
		var at int64
		if err := rows.Scan(&r.Position, &at, &r.ID, &r.Cause, &r.Canonical, &r.Digest, &r.Hash); err != nil {
			return nil, err
		}
		r.At = instant(at)
		records = append(records, r)
	}
	return records, rows.Err()
}

// readSealed adds the sealed fields to records, which follow each other without a gap.
func (l *Log) readSealed(ctx context.Context, tx *sql.Tx, records []eventlog.Record) (err error) {
	if len(records) == 0 {
		return nil
	}
	first := records[0].Position
	rows, err := tx.QueryContext(ctx, `SELECT event.pos, sealed.field, sealed.ciphertext
		FROM event JOIN sealed ON sealed.conference = event.conference AND sealed.event = event.id
		WHERE event.conference = ? AND event.pos BETWEEN ? AND ?`,
		l.state.id, first, records[len(records)-1].Position)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var pos uint64
		var field string
		var ciphertext []byte
		if err := rows.Scan(&pos, &field, &ciphertext); err != nil {
			return err
		}
		record := &records[pos-first]
		if record.Sealed == nil {
			record.Sealed = make(map[string][]byte)
		}
		record.Sealed[field] = ciphertext
	}
	return rows.Err()
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

// Erase deletes sealed fields and overwrites their bytes on disk.
func (l *Log) Erase(ctx context.Context, fields []eventlog.Erasure) error {
	if len(fields) == 0 {
		return nil
	}
	err := l.store.writer.alone(ctx, func(ctx context.Context, conn *sql.Conn) error {
		for _, each := range fields {
			const remove = `DELETE FROM sealed WHERE conference = ? AND event = ? AND field = ?`
			if _, err := conn.ExecContext(ctx, remove, l.state.id, each.EventID, each.Field); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("erase in %s: %w", l.state.id, err)
	}
	return l.store.compact(ctx)
}
