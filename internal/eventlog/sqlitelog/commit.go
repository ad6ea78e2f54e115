package sqlitelog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/diemcau/diemcau/internal/eventlog"
)

// statements are prepared once: preparing costs more than running them.
type statements struct{ end, hashAt *sql.Stmt }

func prepare(ctx context.Context, conn *sql.Conn) (s statements, err error) {
	for _, each := range []struct {
		statement **sql.Stmt
		text      string
	}{
		{&s.end, `UPDATE log SET epoch = ?, pos = ?, hash = ?, at = ? WHERE conference = ?`},
		{&s.hashAt, `SELECT lower(hex(hash)) FROM event WHERE key = ?`},
	} {
		if *each.statement, err = conn.PrepareContext(ctx, each.text); err != nil {
			return s, errors.Join(err, s.close())
		}
	}
	return s, nil
}

func (s *statements) close() error {
	var errs []error
	for _, statement := range []*sql.Stmt{s.end, s.hashAt} {
		if statement != nil {
			errs = append(errs, statement.Close())
		}
	}
	return errors.Join(errs...)
}

// commit answers a group: it plans in memory, writes everything in one transaction, and
// only then changes the states. Called by the leader.
func (w *writer) commit(ctx context.Context, group []*request) {
	switch first := group[0]; {
	case first.alone != nil:
		first.err = w.transaction(ctx, func() error { return first.alone(ctx, w.conn) })
		return
	case first.between != nil:
		first.err = first.between(ctx, w.conn)
		return
	}
	plans := w.plan(ctx, group)
	if len(plans) == 0 {
		return
	}
	if err := w.transaction(ctx, func() error { return w.insert(ctx, plans) }); err != nil {
		for _, r := range group {
			if r.err == nil {
				r.err = fmt.Errorf("append to %s: %w", r.state.id, err)
			}
		}
		return
	}
	for _, p := range plans {
		p.state.settle(p)
	}
}

// plan decides every request and returns the plans that add something.
func (w *writer) plan(ctx context.Context, group []*request) []*plan {
	byLog := make(map[*state]*plan)
	var inOrder []*plan
	for _, r := range group {
		p := byLog[r.state]
		if p == nil {
			p = newPlan(r.state, w.now())
			byLog[r.state] = p
		}
		if r.err = w.admit(ctx, p, r); r.err != nil {
			continue
		}
		empty := len(p.rows) == 0
		r.results = p.add(r.commands)
		r.end = p.end
		if empty && len(p.rows) > 0 {
			inOrder = append(inOrder, p)
		}
	}
	return inOrder
}

// admit refuses a request that does not fit the log, and gives the log the epoch of one
// that renews it.
func (w *writer) admit(ctx context.Context, p *plan, r *request) error {
	err := w.checkSeen(ctx, p, r.seen)
	switch {
	case r.renew == "":
		return err
	case err == nil:
		return fmt.Errorf("renew %s: %w", p.state.id, eventlog.ErrHeld)
	case errors.Is(err, eventlog.ErrRolledBack):
		p.end.Epoch = r.renew
		return nil
	}
	return err
}

// checkSeen refuses a caller that knows another history than this log has.
func (w *writer) checkSeen(ctx context.Context, p *plan, seen eventlog.Position) error {
	switch {
	case seen.Epoch != p.end.Epoch:
		return fmt.Errorf("append to %s: %w", p.state.id, eventlog.ErrEpoch)
	case seen.Pos > p.end.Pos:
		return fmt.Errorf("append to %s: %w: seen %d, log ends at %d", p.state.id, eventlog.ErrRolledBack, seen.Pos, p.end.Pos)
	case seen.Pos == 0:
		return nil
	}
	hash, err := w.hashAt(ctx, p, seen.Pos)
	if err != nil {
		return unavailable("append to "+string(p.state.id), err)
	}
	if hash != seen.Hash {
		return fmt.Errorf("append to %s: %w: another event at %d", p.state.id, eventlog.ErrRolledBack, seen.Pos)
	}
	return nil
}

func (w *writer) hashAt(ctx context.Context, p *plan, pos uint64) (hash string, err error) {
	if pos == p.end.Pos {
		return p.end.Hash, nil
	}
	if n := len(p.rows); n > 0 && pos >= p.rows[0].pos {
		return p.rows[pos-p.rows[0].pos].hash, nil
	}
	if end, _ := p.state.position(); pos == end.Pos {
		return end.Hash, nil
	}
	err = w.statements.hashAt.QueryRowContext(ctx, p.state.key(pos)).Scan(&hash)
	return hash, err
}

func (w *writer) insert(ctx context.Context, plans []*plan) error {
	for _, p := range plans {
		id := p.state.id
		if err := w.conn.Raw(func(any) error { return w.rows.insert(ctx, p) }); err != nil {
			return err
		}
		if _, err := w.statements.end.ExecContext(ctx, p.end.Epoch, p.end.Pos, p.end.Hash, p.at, id); err != nil {
			return err
		}
	}
	return nil
}

// transaction runs work between BEGIN and COMMIT. database/sql's Tx is not used: after a
// COMMIT that failed it hands the connection on with the transaction still open.
func (w *writer) transaction(ctx context.Context, work func() error) error {
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return unavailable("begin", err)
	}
	err := work()
	committing := err == nil
	if committing {
		_, err = w.conn.ExecContext(ctx, "COMMIT")
	}
	if err == nil {
		return nil
	}
	// SQLite may have rolled back by itself (disk full); then this one fails: no matter.
	if _, rollbackErr := w.conn.ExecContext(ctx, "ROLLBACK"); rollbackErr != nil {
		w.logger.DebugContext(ctx, "nothing left to roll back", slog.Any("err", rollbackErr))
	}
	if committing && !certain(err) {
		return fmt.Errorf("commit: %w: %w", eventlog.ErrUnknownOutcome, err)
	}
	return unavailable("write", err)
}

// certain reports whether a failed COMMIT left nothing behind. After an I/O error (an
// fsync that failed) the pages may have reached the disk and come back with a restart.
func certain(err error) bool {
	var failure *sqlite.Error
	if !errors.As(err, &failure) {
		return false
	}
	switch failure.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_NOMEM:
		return true
	}
	return false
}
