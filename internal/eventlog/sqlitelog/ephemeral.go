package sqlitelog

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/diemcau/diemcau/internal/eventlog"
)

// sweepEvery is how many writes pass before what has expired is deleted, sweepRows how
// many rows at once: a bounded toll on the write, no goroutine.
const (
	sweepEvery = 256
	sweepRows  = 1024
)

// ephemeral implements eventlog.Ephemeral for one process.
type ephemeral struct {
	db      *sql.DB // one connection: every call is one after the other
	now     func() time.Time
	closing <-chan struct{}

	busyMu sync.Mutex // guards writes, and makes read-then-write one step
	writes int

	subscribersMu sync.Mutex // guards subscribers and the sending side of their channels
	subscribers   map[string]map[*subscriber]struct{}
}

type subscriber struct {
	messages chan []byte
	stop     func() bool // forgets the end of the subscriber's ctx
}

func openEphemeral(ctx context.Context, path string, closing <-chan struct{}, now func() time.Time) (*ephemeral, error) {
	pragmas := []string{"journal_mode(WAL)", "synchronous(NORMAL)", "secure_delete(ON)", "busy_timeout(5000)"}
	db, err := openFile(ctx, path, ephemeralSchema, pragmas, 1)
	if err != nil {
		return nil, err
	}
	return &ephemeral{db: db, now: now, closing: closing, subscribers: make(map[string]map[*subscriber]struct{})}, nil
}

// Get returns the value, or nil when the key does not exist or has expired.
func (e *ephemeral) Get(ctx context.Context, key string) ([]byte, error) {
	if err := eventlog.CheckEntry(key, nil); err != nil {
		return nil, err
	}
	value, _, err := e.find(ctx, key)
	if err != nil {
		return nil, unavailable("get entry", err)
	}
	return value, nil
}

func (e *ephemeral) find(ctx context.Context, key string) (value []byte, expires int64, err error) {
	const find = `SELECT value, expires FROM entry WHERE key = ? AND (expires = 0 OR expires > ?)`
	err = e.db.QueryRowContext(ctx, find, key, micros(e.now())).Scan(&value, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	if err == nil && value == nil {
		value = []byte{} // an empty value is a value
	}
	return value, expires, err
}

// CompareAndSet replaces old by value and reports whether old was there.
func (e *ephemeral) CompareAndSet(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error) {
	if err := eventlog.CheckEntry(key, value); err != nil {
		return false, err
	}
	e.busyMu.Lock()
	defer e.busyMu.Unlock()
	current, _, err := e.find(ctx, key)
	if err != nil {
		return false, unavailable("set entry", err)
	}
	if (current == nil) != (old == nil) || !bytes.Equal(current, old) {
		return false, nil
	}
	if value == nil {
		_, err = e.db.ExecContext(ctx, `DELETE FROM entry WHERE key = ?`, key)
	} else {
		err = e.put(ctx, key, value, e.expiry(ttl))
	}
	if err != nil {
		return false, unavailable("set entry", err)
	}
	return true, nil
}

// Increment adds by to a counter and returns its new value.
func (e *ephemeral) Increment(ctx context.Context, key string, by int64, ttl time.Duration) (int64, error) {
	if err := eventlog.CheckEntry(key, nil); err != nil {
		return 0, err
	}
	e.busyMu.Lock()
	defer e.busyMu.Unlock()
	current, expires, err := e.find(ctx, key)
	if err != nil {
		return 0, unavailable("increment entry", err)
	}
	var count int64
	if current == nil {
		expires = e.expiry(ttl)
	} else if count, err = strconv.ParseInt(string(current), 10, 64); err != nil {
		return 0, fmt.Errorf("increment entry: %w: it is not a counter", eventlog.ErrMalformed)
	}
	count += by
	if err := e.put(ctx, key, strconv.AppendInt(nil, count, 10), expires); err != nil {
		return 0, unavailable("increment entry", err)
	}
	return count, nil
}

func (e *ephemeral) expiry(ttl time.Duration) int64 {
	if ttl <= 0 {
		return 0
	}
	return micros(e.now().Add(ttl))
}

// put writes an entry; busyMu is held.
func (e *ephemeral) put(ctx context.Context, key string, value []byte, expires int64) error {
	const put = `INSERT INTO entry (key, value, expires) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET value = excluded.value, expires = excluded.expires`
	if _, err := e.db.ExecContext(ctx, put, key, value, expires); err != nil {
		return err
	}
	e.writes++
	if e.writes%sweepEvery != 0 {
		return nil
	}
	_, err := e.db.ExecContext(ctx, `DELETE FROM entry WHERE key IN
		(SELECT key FROM entry WHERE expires > 0 AND expires <= ? LIMIT ?)`, micros(e.now()), sweepRows)
	return err
}

// Publish sends payload to everybody subscribed to channel now.
func (e *ephemeral) Publish(_ context.Context, channel string, payload []byte) error {
	if err := eventlog.CheckEntry(channel, payload); err != nil {
		return err
	}
	payload = bytes.Clone(payload)
	e.subscribersMu.Lock()
	defer e.subscribersMu.Unlock()
	for s := range e.subscribers[channel] {
		s.send(payload)
	}
	return nil
}

// send never blocks: the oldest message makes room. Only one sends at a time.
func (s *subscriber) send(payload []byte) {
	select {
	case s.messages <- payload:
		return
	default:
	}
	select {
	case <-s.messages:
	default: // the subscriber was faster
	}
	s.messages <- payload
}

// Subscribe receives until ctx ends or the store is closed.
func (e *ephemeral) Subscribe(ctx context.Context, channel string) (<-chan []byte, error) {
	if err := eventlog.CheckEntry(channel, nil); err != nil {
		return nil, err
	}
	e.subscribersMu.Lock()
	defer e.subscribersMu.Unlock()
	select {
	case <-e.closing:
		return nil, unavailable("subscribe", errors.New("the store is closed"))
	default:
	}
	s := &subscriber{messages: make(chan []byte, eventlog.MaxLag)}
	if e.subscribers[channel] == nil {
		e.subscribers[channel] = make(map[*subscriber]struct{})
	}
	e.subscribers[channel][s] = struct{}{}
	s.stop = context.AfterFunc(ctx, func() { e.unsubscribe(channel, s) })
	return s.messages, nil
}

func (e *ephemeral) unsubscribe(channel string, s *subscriber) {
	e.subscribersMu.Lock()
	defer e.subscribersMu.Unlock()
	if _, ok := e.subscribers[channel][s]; !ok {
		return
	}
	delete(e.subscribers[channel], s)
	if len(e.subscribers[channel]) == 0 {
		delete(e.subscribers, channel)
	}
	close(s.messages)
}

// close ends all subscriptions; e.closing is closed, so no new one comes.
func (e *ephemeral) close() error {
	e.subscribersMu.Lock()
	defer e.subscribersMu.Unlock()
	for channel, all := range e.subscribers {
		for s := range all {
			s.stop()
			close(s.messages)
		}
		delete(e.subscribers, channel)
	}
	return e.db.Close()
}
