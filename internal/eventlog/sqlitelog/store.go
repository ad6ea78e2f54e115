package sqlitelog

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
)

//go:embed schema.sql
var eventSchema string

//go:embed ephemeral.sql
var ephemeralSchema string

// ErrLocked says that another process uses the data folder.
var ErrLocked = errors.New("the data folder is in use by another diemcau process; stop it first or choose another folder with --data")

// readers is how many reads run side by side; more would only queue for the two cores
// such an installation has.
const readers = 4

// Store implements eventlog.Store on one data folder. Safe for concurrent use.
type Store struct {
	lock      *os.File
	write     *sql.DB // one connection, held by writer
	read      *sql.DB
	writer    *writer
	ephemeral *ephemeral
	closing   chan struct{} // closed by Close: wakes who waits
	closeOnce sync.Once
	closeErr  error

	logsMu sync.Mutex // guards logs
	logs   map[conference.ID]*state
}

var _ eventlog.Store = (*Store)(nil)

// Open opens the store in dir, which is made (mode 0700) when missing. The folder is
// locked until Close or the end of the process. Errors: ErrLocked; else the cause.
func Open(ctx context.Context, dir string, logger *slog.Logger) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	lock, err := lockFolder(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("lock data folder %s: %w", dir, err)
	}
	s := &Store{
		lock:    lock,
		closing: make(chan struct{}),
		logs:    make(map[conference.ID]*state),
	}
	if err := s.open(ctx, dir, logger.With(slog.String("part", "sqlitelog"))); err != nil {
		return nil, errors.Join(fmt.Errorf("open event log in %s: %w", dir, err), s.release())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, dir string, logger *slog.Logger) error {
	path := filepath.Join(dir, "events.db")
	// secure_delete: an erased field's bytes are overwritten, not only unlinked.
	// synchronous(FULL): COMMIT returns after fsync. The order matters: WAL first.
	pragmas := []string{"journal_mode(WAL)", "synchronous(FULL)", "secure_delete(ON)", "busy_timeout(5000)"}
	var err error
	if s.write, err = openFile(ctx, path, "", pragmas, 1); err != nil {
		return err
	}
	if err := migrate(ctx, s.write); err != nil {
		return err
	}
	if _, err := s.write.ExecContext(ctx, eventSchema); err != nil {
		return err
	}
	if s.read, err = openFile(ctx, path, "", []string{"query_only(ON)", "busy_timeout(5000)"}, readers); err != nil {
		return err
	}
	if s.writer, err = newWriter(ctx, s.write, logger); err != nil {
		return err
	}
	s.ephemeral, err = openEphemeral(ctx, filepath.Join(dir, "ephemeral.db"), s.closing, s.writer.now)
	return err
}

// openFile opens a database file of mode 0600 and lays its schema.
func openFile(ctx context.Context, path, schema string, pragmas []string, connections int) (*sql.DB, error) {
	// SQLite would make it 0644; the WAL takes the mode of the main file.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator's own data folder
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	name := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": pragmas}.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// Conferences returns the ids that have a log with at least one event, sorted.
func (s *Store) Conferences(ctx context.Context) (ids []conference.ID, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT conference FROM log WHERE pos > 0 ORDER BY conference`)
	if err != nil {
		return nil, unavailable("list conferences", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id conference.ID
		if err := rows.Scan(&id); err != nil {
			return nil, unavailable("list conferences", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, unavailable("list conferences", err)
	}
	return ids, nil
}

// Log returns the log of a conference, made empty when it does not exist. All handles
// of one conference share one state.
func (s *Store) Log(ctx context.Context, id conference.ID) (eventlog.Log, error) {
	if err := eventlog.CheckConference(id); err != nil {
		return nil, err
	}
	if known := s.known(id); known != nil {
		return &Log{store: s, state: known}, nil
	}
	var loaded *state
	err := s.writer.alone(ctx, func(ctx context.Context, conn *sql.Conn) (err error) {
		loaded, err = loadState(ctx, conn, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", id, err)
	}
	return &Log{store: s, state: s.keep(loaded)}, nil
}

// keep makes a state known once its log is committed (a reader must find it), and returns
// the one everybody shares. Nobody can append before it is known, so a state that comes
// second and read the log before that holds nothing the first does not.
func (s *Store) keep(loaded *state) *state {
	s.logsMu.Lock()
	defer s.logsMu.Unlock()
	if first := s.logs[loaded.id]; first != nil {
		return first
	}
	s.logs[loaded.id] = loaded
	return loaded
}

func (s *Store) known(id conference.ID) *state {
	s.logsMu.Lock()
	defer s.logsMu.Unlock()
	return s.logs[id]
}

// Ephemeral returns the small store. It reaches this process only: there is no other.
func (s *Store) Ephemeral() eventlog.Ephemeral { return s.ephemeral }

// Close lets the commit in flight end, refuses all others, and unlocks the folder.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		close(s.closing)
		s.writer.stop()
		s.closeErr = s.release()
	})
	return s.closeErr
}

func (s *Store) release() error {
	var errs []error
	if s.ephemeral != nil {
		errs = append(errs, s.ephemeral.close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// micros and instant convert log time; it has microseconds, as Redis TIME has.
func micros(t time.Time) int64       { return t.UnixMicro() }
func instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// compact moves the log ahead of the database file into it and empties it: its old pages
// still hold what secure_delete has overwritten in the database. A reader in the way
// is waited for (busy_timeout).
func (s *Store) compact(ctx context.Context) error {
	return s.writer.between(ctx, func(ctx context.Context, conn *sql.Conn) error {
		var busy, frames, moved int
		if err := conn.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil {
			return unavailable("compact the log", err)
		}
		if busy != 0 {
			return unavailable("compact the log", errors.New("a reader did not end"))
		}
		return nil
	})
}
