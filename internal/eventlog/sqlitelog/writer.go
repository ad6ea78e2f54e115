package sqlitelog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/eventlog"
)

const (
	// maxQueue bounds who waits for the disk. When it is full the next is refused.
	maxQueue = 16384
	// maxGroup bounds the drafts of one transaction, so that nobody waits for more than
	// some tens of milliseconds.
	maxGroup = 4096
)

// request is one waiting call. Exactly one of commands, alone and between is set.
type request struct {
	state    *state
	seen     eventlog.Position
	commands []eventlog.Command
	renew    string // the new epoch, if seen is lost; "": an append
	alone    work   // wants a transaction of its own
	between  work   // wants no transaction to be open

	results []eventlog.Result
	end     eventlog.Position
	err     error
	done    chan struct{} // closed when the above are set
	lead    chan struct{} // receives once when this call is to lead
}

// work is what a request does with the connection while it leads.
type work func(context.Context, *sql.Conn) error

// writer is the group commit. At any time at most one caller leads: it alone touches
// the connection, the statements, and the states' versions.
type writer struct {
	conn       *sql.Conn
	statements statements
	rows       *inserter
	logger     *slog.Logger
	now        func() time.Time

	queueMu sync.Mutex // guards queue, led and stopped
	queue   []*request
	led     bool       // somebody leads
	stopped bool       // refuse everything
	idle    *sync.Cond // on queueMu: signalled when nobody leads any more
}

func newWriter(ctx context.Context, db *sql.DB, logger *slog.Logger) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn, logger: logger, now: time.Now}
	w.idle = sync.NewCond(&w.queueMu)
	if w.statements, err = prepare(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if w.rows, err = newInserter(ctx, conn); err != nil {
		return nil, errors.Join(err, w.statements.close(), conn.Close())
	}
	return w, nil
}

// append waits until the commands are on disk or refused.
func (w *writer) append(ctx context.Context, s *state, seen eventlog.Position, commands []eventlog.Command) ([]eventlog.Result, eventlog.Position, error) {
	r := &request{state: s, seen: seen, commands: commands}
	if err := w.do(ctx, r); err != nil {
		return nil, eventlog.Position{}, err
	}
	return r.results, r.end, nil
}

// renew waits until the log has a new epoch and the note is on disk.
func (w *writer) renew(ctx context.Context, s *state, lost eventlog.Position, epoch string, note eventlog.Command) (eventlog.Position, error) {
	r := &request{state: s, seen: lost, commands: []eventlog.Command{note}, renew: epoch}
	if err := w.do(ctx, r); err != nil {
		return eventlog.Position{}, err
	}
	return r.end, nil
}

// alone runs work in a transaction of its own.
func (w *writer) alone(ctx context.Context, do work) error {
	return w.do(ctx, &request{alone: do})
}

// between runs work between two transactions.
func (w *writer) between(ctx context.Context, do work) error {
	return w.do(ctx, &request{between: do})
}

func (w *writer) do(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return unavailable("wait for the log", err)
	}
	r.done, r.lead = make(chan struct{}), make(chan struct{}, 1)
	if err := w.enqueue(r); err != nil {
		return err
	}
	select {
	case <-r.done:
		return r.err
	case <-r.lead:
	case <-ctx.Done():
		if w.withdraw(r) {
			return unavailable("wait for the log", ctx.Err()) // nothing was written
		}
		// A leader has it already, or it is to lead: the commit is local and soon over,
		// and the true answer is worth more than "unknown".
		select {
		case <-r.done:
			return r.err
		case <-r.lead:
		}
	}
	w.serve(context.WithoutCancel(ctx))
	<-r.done // its own turn was first in the queue
	return r.err
}

func (w *writer) enqueue(r *request) error {
	w.queueMu.Lock()
	defer w.queueMu.Unlock()
	if w.stopped {
		return unavailable("append", errors.New("the log is closed"))
	}
	if len(w.queue) >= maxQueue {
		return unavailable("append", errors.New("too many wait for the disk"))
	}
	w.queue = append(w.queue, r)
	if !w.led {
		w.led = true
		r.lead <- struct{}{}
	}
	return nil
}

// withdraw takes a request back that no leader has taken and that is not to lead.
func (w *writer) withdraw(r *request) bool {
	w.queueMu.Lock()
	defer w.queueMu.Unlock()
	i := slices.Index(w.queue, r)
	if i < 0 || len(r.lead) > 0 {
		return false
	}
	w.queue = slices.Delete(w.queue, i, i+1)
	return true
}

// serve commits what waits, the leader's own request first, then passes the lead on.
func (w *writer) serve(ctx context.Context) {
	group := w.take()
	w.commit(ctx, group)
	for _, r := range group {
		close(r.done)
	}
	w.queueMu.Lock()
	defer w.queueMu.Unlock()
	if len(w.queue) > 0 {
		w.queue[0].lead <- struct{}{}
		return
	}
	w.led = false
	w.idle.Broadcast()
}

// take removes the next group: requests that share a transaction, or one that wants its own.
func (w *writer) take() []*request {
	w.queueMu.Lock()
	defer w.queueMu.Unlock()
	n, drafts := 0, 0
	for n < len(w.queue) && w.queue[n].state != nil && (n == 0 || drafts < maxGroup) {
		for i := range w.queue[n].commands {
			drafts += len(w.queue[n].commands[i].Drafts)
		}
		n++
	}
	n = max(n, 1)
	group := slices.Clone(w.queue[:n])
	w.queue = slices.Delete(w.queue, 0, n)
	return group
}

// stop refuses all new requests and waits until nobody leads.
func (w *writer) stop() {
	w.queueMu.Lock()
	defer w.queueMu.Unlock()
	w.stopped = true
	for w.led {
		w.idle.Wait()
	}
}

func (w *writer) close() error {
	rows := w.conn.Raw(func(any) error { return w.rows.close() })
	return errors.Join(rows, w.statements.close(), w.conn.Close())
}

// unavailable wraps an error after which it is certain that nothing was written.
func unavailable(what string, err error) error {
	return fmt.Errorf("%s: %w: %w", what, eventlog.ErrUnavailable, err)
}
