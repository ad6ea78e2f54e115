package mail

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/diemcau/diemcau/internal/outbox"
)

// Store is what a Postman needs of eventlog.Ephemeral, which says what each method does.
type Store interface {
	Get(ctx context.Context, key string) ([]byte, error)
	CompareAndSet(ctx context.Context, key string, old, value []byte, ttl time.Duration) (bool, error)
	Increment(ctx context.Context, key string, by int64, ttl time.Duration) (int64, error)
}

const (
	// leaseFor outlives its renewal by more than a letter takes, so that no other node sends
	// the letter that is on its way.
	leaseFor   = 30 * time.Second
	renewAfter = 5 * time.Second
	leaseKey   = "mail/lease"
	noticeKey  = "mail/trouble"
	noticeFor  = time.Hour
)

// lease says which node sends.
type lease struct {
	store   Store
	alone   bool
	now     func() time.Time
	self    []byte
	renewed time.Time // zero: not held
}

func newLease(store Store, alone bool, now func() time.Time) *lease {
	return &lease{store: store, alone: alone, now: now, self: []byte(rand.Text())}
}

// keep takes the lease, or renews it when that is due, and reports whether this node has it
// for as long as a letter takes.
func (l *lease) keep(ctx context.Context) (bool, error) {
	now := l.now()
	if l.alone || !l.renewed.IsZero() && now.Sub(l.renewed) < renewAfter {
		return true, nil
	}
	held := !l.renewed.IsZero()
	l.renewed = time.Time{}
	for _, old := range [][]byte{l.self, nil} {
		if old != nil && !held {
			continue
		}
		done, err := l.store.CompareAndSet(ctx, leaseKey, old, l.self, leaseFor)
		if err != nil {
			return false, fmt.Errorf("take the lease of letters: %w", err)
		}
		if done {
			l.renewed = now
			return true, nil
		}
	}
	// An answer that was lost may have given it to this node.
	if holder, err := l.store.Get(ctx, leaseKey); err == nil && bytes.Equal(holder, l.self) {
		l.renewed = now.Add(-renewAfter)
	}
	return false, nil
}

// end gives the lease back.
func (l *lease) end(ctx context.Context) {
	if !l.alone && !l.renewed.IsZero() {
		_, _ = l.store.CompareAndSet(ctx, leaseKey, l.self, nil, 0) // else it lapses
	}
}

// notice is what is wrong with the mail server, for the administrators of all nodes.
type notice struct {
	store Store
	there bool // as far as this node knows
}

func (n *notice) read(ctx context.Context) (*outbox.Trouble, error) {
	raw, err := n.store.Get(ctx, noticeKey)
	if err != nil || raw == nil {
		return nil, err
	}
	var trouble outbox.Trouble
	if err := json.Unmarshal(raw, &trouble); err != nil {
		return nil, fmt.Errorf("read the notice of letters: %w", err)
	}
	return &trouble, nil
}

// put replaces the notice, and keeps since when. It is best effort.
func (n *notice) put(ctx context.Context, t outbox.Trouble) {
	old, err := n.store.Get(ctx, noticeKey)
	if err != nil {
		return
	}
	if before, err := n.read(ctx); err == nil && before != nil {
		t.Since = before.Since
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return
	}
	done, err := n.store.CompareAndSet(ctx, noticeKey, old, raw, noticeFor)
	n.there = err == nil && done
}

// clear takes the notice away.
func (n *notice) clear(ctx context.Context) {
	if !n.there {
		return
	}
	if old, err := n.store.Get(ctx, noticeKey); err == nil && old != nil {
		_, err = n.store.CompareAndSet(ctx, noticeKey, old, nil, 0)
		n.there = err != nil
	}
}

// addressKey is what letters to an address are counted under.
func addressKey(key []byte, address string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.ToLower(address)))
	return "mail/to/" + hex.EncodeToString(mac.Sum(nil)[:16])
}
