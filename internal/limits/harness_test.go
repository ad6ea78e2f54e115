package limits_test

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/limits"
)

const place conference.ID = "dat-dai"

// clock is time that passes when a test says so.
type clock struct {
	atMu sync.Mutex // guards at
	at   time.Time
}

func newClock() *clock { return &clock{at: time.Date(2022, 10, 28, 1, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.atMu.Lock()
	defer c.atMu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.atMu.Lock()
	defer c.atMu.Unlock()
	c.at = c.at.Add(d)
}

// memory is an eventlog.Ephemeral that counts its calls and can be away.
type memory struct {
	now func() time.Time

	entriesMu sync.Mutex // guards all below
	entries   map[string]entry
	calls     int
	fault     error
}

type entry struct {
	value   []byte
	count   int64
	expires time.Time
}

var errAway = errors.New("nobody answers")

func newMemory(now func() time.Time) *memory { return &memory{now: now, entries: map[string]entry{}} }

func (m *memory) fail(err error) {
	m.entriesMu.Lock()
	defer m.entriesMu.Unlock()
	m.fault = err
}

func (m *memory) asked() int {
	m.entriesMu.Lock()
	defer m.entriesMu.Unlock()
	return m.calls
}

// find returns a live entry; entriesMu is held.
func (m *memory) find(key string) (entry, bool) {
	e, found := m.entries[key]
	return e, found && m.now().Before(e.expires)
}

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.entriesMu.Lock()
	defer m.entriesMu.Unlock()
	m.calls++
	e, _ := m.find(key)
	return e.value, m.fault
}

func (m *memory) CompareAndSet(_ context.Context, key string, old, value []byte, ttl time.Duration) (bool, error) {
	m.entriesMu.Lock()
	defer m.entriesMu.Unlock()
	if m.calls++; m.fault != nil {
		return false, m.fault
	}
	if e, found := m.find(key); found != (old != nil) || !bytes.Equal(e.value, old) {
		return false, nil
	}
	m.entries[key] = entry{value: value, expires: m.now().Add(ttl)}
	return true, nil
}

func (m *memory) Increment(_ context.Context, key string, by int64, ttl time.Duration) (int64, error) {
	m.entriesMu.Lock()
	defer m.entriesMu.Unlock()
	if m.calls++; m.fault != nil {
		return 0, m.fault
	}
	e, found := m.find(key)
	if !found {
		e = entry{expires: m.now().Add(ttl)}
	}
	e.count += by
	m.entries[key] = e
	return e.count, nil
}

func (m *memory) Publish(context.Context, string, []byte) error { return m.fault }

func (m *memory) Subscribe(context.Context, string) (<-chan []byte, error) { return nil, m.fault }

// node returns the limits of one node on a shared memory.
func node(c *clock, m *memory, changes ...func(*limits.Config)) *limits.Limits {
	cfg := limits.Config{Now: c.now, Key: bytes.Repeat([]byte("k"), 32), Ephemeral: m, Shared: true}
	for _, change := range changes {
		change(&cfg)
	}
	return limits.New(cfg)
}

func from(address string) limits.Asker {
	return limits.Asker{Address: limits.Network(netip.MustParseAddr(address)), Conference: place}
}

// wantRefusal fails unless err is a refusal with a code that says when to come back.
func wantRefusal(tb testing.TB, err error, code string) *limits.Error {
	tb.Helper()
	refusal, is := errors.AsType[*limits.Error](err)
	if !is {
		tb.Fatalf("got %v, want %s", err, code)
	}
	cause, is := errors.AsType[*conference.Error](err)
	if !is || cause.Code != code || cause.Kind != conference.KindRateLimited || refusal.After <= 0 {
		tb.Fatalf("got %+v after %s, want %s", cause, refusal.After, code)
	}
	return refusal
}
