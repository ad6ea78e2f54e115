package eventlog

import (
	"context"
	"errors"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
)

// Limits of one Append.
const (
	MaxBatchDrafts = 512
	MaxBatchBytes  = 1 << 20
)

// Errors of Log.Append and Log.Read, compared with errors.Is.
var (
	// ErrEpoch: the log was restored or rolled back since seen; read it again from the start.
	ErrEpoch = errors.New("log has another epoch")
	// ErrRolledBack: the log no longer holds the position that was seen.
	ErrRolledBack = errors.New("log was rolled back")
	// ErrUnknownOutcome: the append may or may not have been written (time-out, broken
	// connection), or it was, but not yet on as many replicas as were asked for. Read to
	// the end and look for the causes; before answering with one, confirm it (Append).
	ErrUnknownOutcome = errors.New("outcome of the append is unknown")
	// ErrUnavailable: nothing was written (disk full, out of memory, not reachable).
	ErrUnavailable = errors.New("log is not available")
	// ErrHeld: the log still holds the position that was thought lost; nothing was written.
	ErrHeld = errors.New("log was not rolled back")
	// ErrTooLarge: the batch exceeds MaxBatchDrafts or MaxBatchBytes; nothing was written.
	ErrTooLarge = errors.New("batch is too large")
)

// Position is a place in a log. Epoch is 64 random bits in hex, compared for equality
// only. Hash is the chain's hex SHA-1 at Pos ("" at Pos 0).
type Position struct {
	Epoch string
	Pos   uint64
	Hash  string
}

// Check is one version a command's decision rests on; Version 0 means: does not exist yet.
type Check struct {
	Entity  conference.Entity
	Version uint64
}

// Command is one all-or-nothing unit of an Append: its drafts are written if every check holds.
type Command struct {
	ID     string // becomes Record.Cause
	Checks []Check
	Drafts []Draft
}

// Draft is an event ready to be stored. Canonical is the event's JSON as made by Encode,
// Bumps the entities whose version it raises by one (the event's own: a log may count them
// from Canonical), Sealed the ciphertext by field name. Digest is what Digest makes of both;
// who has made it already gives it, so that it is made once.
type Draft struct {
	ID        string
	Canonical []byte
	Bumps     []conference.Entity
	Sealed    map[string][]byte
	Digest    string // may be empty: see Sum
}

// Result is what became of one command of an Append. Stale nil means written: its
// drafts have the positions First, First+1, … and the time At.
type Result struct {
	First uint64
	At    time.Time
	Stale *Stale
}

// Stale tells which check failed and the version it met.
type Stale struct {
	Entity conference.Entity
	Actual uint64
}

// Record is a stored event.
//
// Digest is hex SHA-256(Canonical) ‖ hex SHA-256 of the sealed fields (see Digest);
// Hash = hex SHA-1(previous hash ‖ decimal position ‖ Digest).
// Sealed lacks the fields that were erased.
type Record struct {
	Position  uint64
	At        time.Time
	ID        string
	Cause     string
	Canonical []byte
	Sealed    map[string][]byte
	Digest    string
	Hash      string
}

// Erasure names one sealed field to delete for ever.
type Erasure struct {
	EventID string
	Field   string
}

// Log is the ordered, append-only log of one conference. All methods may be called
// concurrently.
type Log interface {
	// Append writes the commands in order, each all or nothing, and returns one result
	// per command and the log's end. seen is the caller's last known position.
	//
	// No error means: everything up to the end returned, whoever wrote it, is as durable as
	// the store promises (on disk, on the replicas asked for). So an Append without commands
	// is a fence: it confirms what was read of other nodes' events.
	// Errors: ErrEpoch, ErrRolledBack, ErrUnknownOutcome, ErrUnavailable, ErrTooLarge.
	Append(ctx context.Context, seen Position, commands []Command) ([]Result, Position, error)
	// Renew gives a log that no longer holds the position lost a new epoch and writes note,
	// in one step: of several nodes that notice a rollback one succeeds, the others get
	// ErrEpoch. It returns the log's end. note must have a draft; its checks are not needed.
	// Errors: ErrHeld, and those of Append but ErrRolledBack.
	Renew(ctx context.Context, lost Position, epoch string, note Command) (Position, error)
	// Read returns up to limit records after the position, and the log's end. What it
	// returns may not be confirmed yet; see Append. Errors: ErrUnavailable.
	Read(ctx context.Context, after uint64, limit int) ([]Record, Position, error)
	// Wait blocks until the log holds more than after, or ctx ends. It may return early.
	Wait(ctx context.Context, after uint64) error
	// Erase deletes sealed fields; unknown ones are ignored. The chain stays valid.
	Erase(ctx context.Context, fields []Erasure) error
}

// Store opens the logs of all conferences and the Ephemeral beside them.
type Store interface {
	// Conferences returns the ids that have a log with at least one event.
	Conferences(ctx context.Context) ([]conference.ID, error)
	// Log returns the log of a conference, made empty when it does not exist.
	Log(ctx context.Context, id conference.ID) (Log, error)
	// Ephemeral returns the small store.
	Ephemeral() Ephemeral
	// Close releases everything; nobody may use the store afterwards.
	Close() error
}

// Ephemeral is the small store for what may be forgotten, shared by all nodes.
// Keys are at most 200 bytes, values at most 64 KiB. All methods may be called concurrently.
type Ephemeral interface {
	// Get returns the value, or nil when the key does not exist or has expired.
	Get(ctx context.Context, key string) ([]byte, error)
	// CompareAndSet replaces old by value and reports whether old was there. old nil:
	// the key must not exist. value nil: delete. ttl 0: never expires.
	CompareAndSet(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error)
	// Increment adds by to a counter and returns its new value; ttl is set when the
	// counter is made and not prolonged.
	Increment(ctx context.Context, key string, by int64, ttl time.Duration) (int64, error)
	// Publish sends payload to everybody subscribed to channel now, on all nodes; best effort.
	Publish(ctx context.Context, channel string, payload []byte) error
	// Subscribe receives until ctx ends, then the channel is closed. A subscriber that
	// lags by more than 256 messages loses the oldest.
	Subscribe(ctx context.Context, channel string) (<-chan []byte, error)
}
