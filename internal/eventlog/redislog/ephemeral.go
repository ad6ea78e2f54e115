package redislog

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/diemcau/diemcau/internal/eventlog"
)

//go:embed cas.lua
var casScript string

//go:embed increment.lua
var incrementScript string

// ephemeral implements eventlog.Ephemeral for all nodes on one Redis.
type ephemeral struct {
	calls, waits   *redis.Client
	cas, increment *redis.Script
	channels       string // what every channel's name begins with: channels know no database

	subscriptionsMu sync.Mutex // guards subscriptions and closed
	subscriptions   map[*redis.PubSub]struct{}
	closed          bool
	pumps           sync.WaitGroup
}

func newEphemeral(calls, waits *redis.Client, db int) *ephemeral {
	return &ephemeral{
		calls: calls, waits: waits,
		cas:           redis.NewScript(casScript),
		increment:     redis.NewScript(incrementScript),
		channels:      "p:" + strconv.Itoa(db) + ":",
		subscriptions: make(map[*redis.PubSub]struct{}),
	}
}

// Get returns the value, or nil when the key does not exist or has expired.
func (e *ephemeral) Get(ctx context.Context, key string) ([]byte, error) {
	if err := eventlog.CheckEntry(key, nil); err != nil {
		return nil, err
	}
	value, err := e.calls.Get(ctx, entryKey(key)).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return nil, nil
	case err != nil:
		return nil, unavailable("get entry", err)
	case value == nil:
		return []byte{}, nil // an empty value is a value
	}
	return value, nil
}

// CompareAndSet replaces old by value and reports whether old was there. After a
// time-out it is unknown whether it did: ErrUnknownOutcome.
func (e *ephemeral) CompareAndSet(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error) {
	if err := eventlog.CheckEntry(key, value); err != nil {
		return false, err
	}
	if err := ended(ctx, "set entry"); err != nil {
		return false, err
	}
	replaced, err := e.cas.Run(ctx, e.calls, []string{entryKey(key)},
		flag(old != nil), old, flag(value != nil), value, millis(ttl)).Int()
	if err != nil {
		return false, outcome("set entry", err)
	}
	return replaced == 1, nil
}

// Increment adds by to a counter and returns its new value. After a time-out it is
// unknown whether it did: ErrUnknownOutcome.
func (e *ephemeral) Increment(ctx context.Context, key string, by int64, ttl time.Duration) (int64, error) {
	if err := eventlog.CheckEntry(key, nil); err != nil {
		return 0, err
	}
	if err := ended(ctx, "increment entry"); err != nil {
		return 0, err
	}
	value, err := e.increment.Run(ctx, e.calls, []string{entryKey(key)}, by, millis(ttl)).Int64()
	if err != nil && strings.Contains(err.Error(), "not an integer") {
		return 0, fmt.Errorf("increment entry: %w: it is not a counter", eventlog.ErrMalformed)
	}
	if err != nil {
		return 0, outcome("increment entry", err)
	}
	return value, nil
}

func entryKey(key string) string { return "e:" + key }

func flag(set bool) string {
	if set {
		return "1"
	}
	return "0"
}

// millis rounds up: a lifetime must not become "for ever" (0) by being short.
func millis(ttl time.Duration) int64 {
	if ttl <= 0 {
		return 0
	}
	return int64((ttl + time.Millisecond - 1) / time.Millisecond)
}

// Publish sends payload to everybody subscribed to channel now, on all nodes.
func (e *ephemeral) Publish(ctx context.Context, channel string, payload []byte) error {
	if err := eventlog.CheckEntry(channel, payload); err != nil {
		return err
	}
	if err := e.calls.Publish(ctx, e.channels+channel, payload).Err(); err != nil {
		return unavailable("publish", err)
	}
	return nil
}

// Subscribe receives until ctx ends or the store is closed. A connection that breaks is
// made again; what was published meanwhile is lost.
func (e *ephemeral) Subscribe(ctx context.Context, channel string) (<-chan []byte, error) {
	if err := eventlog.CheckEntry(channel, nil); err != nil {
		return nil, err
	}
	if err := ended(ctx, "subscribe"); err != nil {
		return nil, err
	}
	subscription := e.waits.Subscribe(ctx, e.channels+channel)
	// The server's confirmation: whatever is published after our return arrives.
	if _, err := subscription.Receive(ctx); err != nil {
		return nil, unavailable("subscribe", errors.Join(err, subscription.Close()))
	}
	e.subscriptionsMu.Lock()
	defer e.subscriptionsMu.Unlock()
	if e.closed {
		return nil, unavailable("subscribe", errors.Join(redis.ErrClosed, subscription.Close()))
	}
	e.subscriptions[subscription] = struct{}{}
	messages := make(chan []byte, eventlog.MaxLag)
	// Ends when the subscription is closed: by the end of ctx, or by close, which waits.
	e.pumps.Go(func() { e.pump(ctx, subscription, messages) })
	return messages, nil
}

func (e *ephemeral) pump(ctx context.Context, subscription *redis.PubSub, messages chan []byte) {
	defer close(messages)
	arriving := subscription.Channel()
	for {
		select {
		case <-ctx.Done():
			e.end(subscription)
			return
		case message, ok := <-arriving:
			if !ok {
				return
			}
			send(messages, []byte(message.Payload))
		}
	}
}

// send never blocks: the oldest message makes room. Only the pump sends.
func send(messages chan []byte, payload []byte) {
	select {
	case messages <- payload:
		return
	default:
	}
	select {
	case <-messages:
	default: // the subscriber was faster
	}
	messages <- payload
}

func (e *ephemeral) end(subscription *redis.PubSub) {
	e.subscriptionsMu.Lock()
	_, ours := e.subscriptions[subscription]
	delete(e.subscriptions, subscription)
	e.subscriptionsMu.Unlock()
	if ours {
		_ = subscription.Close() // nothing is left to be done with it
	}
}

func (e *ephemeral) close() error {
	e.subscriptionsMu.Lock()
	e.closed = true
	open := e.subscriptions
	e.subscriptions = nil
	e.subscriptionsMu.Unlock()
	var errs []error
	for subscription := range open {
		errs = append(errs, subscription.Close())
	}
	e.pumps.Wait()
	return errors.Join(errs...)
}
