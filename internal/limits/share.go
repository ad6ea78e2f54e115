package limits

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/internal/eventlog"
)

const (
	// shareWithin is how long the Ephemeral may take; somebody waits for it.
	shareWithin = 250 * time.Millisecond
	// awayFor is how long it is left alone after it did not answer.
	awayFor = time.Second
)

// share is the part of the limits that all nodes have in common: counters in the
// Ephemeral. A counter lives as long as its window, by the Ephemeral's own clock, so that
// a node with a wrong clock counts right.
type share struct {
	ephemeral eventlog.Ephemeral
	key       []byte
	now       func() time.Time
	awayUntil atomic.Int64 // Unix ns
}

func newShare(ephemeral eventlog.Ephemeral, hashKey []byte, now func() time.Time) *share {
	return &share{ephemeral: ephemeral, key: hashKey, now: now}
}

// isAway reports whether the Ephemeral has just failed to answer.
func (s *share) isAway(now time.Time) bool { return now.UnixNano() < s.awayUntil.Load() }

func (s *share) away() { s.awayUntil.Store(s.now().Add(awayFor).UnixNano()) }

// lease asks for tokens of a counter and returns how many there were; not ok: the
// Ephemeral is away, and the node decides alone.
func (s *share) lease(ctx context.Context, k key, of size, ask int) (granted int, ok bool) {
	q := of.quota()
	total, ok := s.count(ctx, s.name(k), ask, q.window)
	if !ok {
		return 0, false
	}
	return min(ask, max(0, ask-(total-q.shared))), true
}

// count adds to a counter that ends after window and returns its value.
func (s *share) count(ctx context.Context, name string, by int, window time.Duration) (total int, ok bool) {
	if s.isAway(s.now()) {
		return 0, false
	}
	within, cancel := context.WithTimeout(ctx, shareWithin)
	defer cancel()
	value, err := s.ephemeral.Increment(within, name, int64(by), window)
	if err != nil {
		if ctx.Err() == nil {
			s.away()
		}
		return 0, false
	}
	return int(value), true
}

// name returns the counter's key. It tells nobody an address.
func (s *share) name(k key) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(k.address.String() + "\x00" + k.id))
	return "limit:" + string(k.kind) + ":" + string(rune(k.scope)) + ":" + hex.EncodeToString(mac.Sum(nil)[:12])
}
