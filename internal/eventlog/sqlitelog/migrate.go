package sqlitelog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

// migrate brings a database of the first layout (events keyed by the conference's name and
// the position, sealed fields in a table of their own) into today's, in one transaction. A
// database of today's layout, or an empty one, is left alone.
func migrate(ctx context.Context, db *sql.DB) (err error) {
	var old bool
	const find = `SELECT count(*) FROM pragma_table_info('event') WHERE name = 'conference'`
	if err := db.QueryRowContext(ctx, find).Scan(&old); err != nil || !old {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	if err := moveAll(ctx, conn); err != nil {
		_, rollback := conn.ExecContext(ctx, `ROLLBACK`)
		return errors.Join(fmt.Errorf("bring the events into today's layout: %w", err), rollback)
	}
	_, err = conn.ExecContext(ctx, `COMMIT`)
	return err
}

func moveAll(ctx context.Context, conn *sql.Conn) (err error) {
	if _, err := conn.ExecContext(ctx, `ALTER TABLE log RENAME TO old_log; ALTER TABLE event RENAME TO old_event;`+eventSchema+`;
		INSERT INTO log (conference, epoch, pos, hash, at) SELECT conference, epoch, pos, hash, at FROM old_log ORDER BY conference`); err != nil {
		return err
	}
	rows, err := newInserter(ctx, conn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Raw(func(any) error { return rows.close() })) }()
	ids, err := oldLogs(ctx, conn)
	if err != nil {
		return err
	}
	for _, id := range ids {
		s, err := loadState(ctx, conn, id)
		if err != nil {
			return err
		}
		for moved := uint64(0); moved < s.end.Pos; moved += eventlog.MaxBatchDrafts {
			if err := move(ctx, conn, rows, s, moved); err != nil {
				return err
			}
		}
	}
	_, err = conn.ExecContext(ctx, `DROP TABLE old_event; DROP TABLE sealed; DROP TABLE old_log; DROP TABLE IF EXISTS version`)
	return err
}

func oldLogs(ctx context.Context, conn *sql.Conn) (ids []conference.ID, err error) {
	rows, err := conn.QueryContext(ctx, `SELECT conference FROM old_log`)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id conference.ID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// move moves the next events after a position.
func move(ctx context.Context, conn *sql.Conn, into *inserter, s *state, after uint64) (err error) {
	var events []row
	var at []int64
	places := make(map[string]*eventlog.Draft)
	rows, err := conn.QueryContext(ctx, `SELECT pos, at, id, cause, canonical, digest, hash FROM old_event
		WHERE conference = ? AND pos > ? ORDER BY pos LIMIT ?`, s.id, after, eventlog.MaxBatchDrafts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		next := row{draft: &eventlog.Draft{Sealed: make(map[string][]byte)}}
		var when int64
		if err := rows.Scan(&next.pos, &when, &next.draft.ID, &next.cause, &next.draft.Canonical, &next.digest, &next.hash); err != nil {
			return err
		}
		events, at = append(events, next), append(at, when)
		places[next.draft.ID] = next.draft
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if err := readOldSealed(ctx, conn, s, after, places); err != nil {
		return err
	}
	return conn.Raw(func(any) error {
		for i := range events {
			if err := into.add(ctx, s.key(events[i].pos), at[i], &events[i]); err != nil {
				return err
			}
		}
		return into.flush(ctx)
	})
}

func readOldSealed(ctx context.Context, conn *sql.Conn, s *state, after uint64, drafts map[string]*eventlog.Draft) (err error) {
	rows, err := conn.QueryContext(ctx, `SELECT old_event.id, sealed.field, sealed.ciphertext
		FROM old_event JOIN sealed ON sealed.conference = old_event.conference AND sealed.event = old_event.id
		WHERE old_event.conference = ? AND old_event.pos > ? AND old_event.pos <= ?`, s.id, after, after+eventlog.MaxBatchDrafts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id, field string
		var ciphertext []byte
		if err := rows.Scan(&id, &field, &ciphertext); err != nil {
			return err
		}
		drafts[id].Sealed[field] = ciphertext
	}
	return rows.Err()
}
