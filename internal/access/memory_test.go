package access_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// memory is an eventlog.Ephemeral for tests; its real ones have a suite of their own.
type memory struct {
	now func() time.Time

	entriesMu sync.Mutex // guards entries and subscribers
	entries   map[string]entry
	subs      map[string][]chan []byte
}

type entry struct {
	value   []byte
	expires time.Time
}

func newMemory(now func() time.Time) *memory {
	return &memory{now: now, entries: map[string]entry{}, subs: map[string][]chan []byte{}}
}

func (m *memory) Get(_ context.Context, key string) ([]byte, error) {
	m.entriesMu.Lock()
	defer m.entriesMu.Unlock()
	return m.get(key)
}

func (m *memory) get(key string) ([]byte, error) {
	if len(key) > 200 {
		return nil, fmt.Errorf("key of %d bytes", len(key))
	}
	e, found := m.entries[key]
	if !found || (!e.expires.IsZero() && !m.now().Before(e.expires)) {
		return nil, nil
	}
	return e.value, nil
}

func (m *memory) CompareAndSet(_ context.Context, key string, old, value []byte, ttl time.Duration) (bool, error) {
	m.entriesMu.Lock()
	defer m.entriesMu.Unlock()
	got, err := m.get(key)
	if err != nil || len(value) > 64<<10 {
		return false, fmt.Errorf("value of %d bytes: %w", len(value), err)
	}
	if (got == nil) != (old == nil) || !bytes.Equal(got, old) {
		return false, nil
	}
	if value == nil {
		delete(m.entries, key)
		return true, nil
	}
	e := entry{value: slices.Clone(value)}
	if ttl > 0 {
		e.expires = m.now().Add(ttl)
	}
	m.entries[key] = e
	return true, nil
}

func (m *memory) Increment(context.Context, string, int64, time.Duration) (int64, error) {
	return 0, errors.New("not used here")
}

func (m *memory) Publish(_ context.Context, channel string, payload []byte) error {
	m.entriesMu.Lock()
	defer m.entriesMu.Unlock()
	for _, sub := range m.subs[channel] {
		sub <- payload
	}
	return nil
}

func (m *memory) Subscribe(ctx context.Context, channel string) (<-chan []byte, error) {
	m.entriesMu.Lock()
	defer m.entriesMu.Unlock()
	sub := make(chan []byte, 256)
	m.subs[channel] = append(m.subs[channel], sub)
	context.AfterFunc(ctx, func() {
		m.entriesMu.Lock()
		defer m.entriesMu.Unlock()
		m.subs[channel] = slices.DeleteFunc(m.subs[channel], func(c chan []byte) bool { return c == sub })
		close(sub)
	})
	return sub, nil
}

func (m *memory) dump() string {
	m.entriesMu.Lock()
	defer m.entriesMu.Unlock()
	var out bytes.Buffer
	for key, e := range m.entries {
		fmt.Fprintf(&out, "%s=%s\n", key, e.value)
	}
	return out.String()
}
