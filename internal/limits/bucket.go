package limits

import (
	"math"
	"time"
)

// bucket is a token bucket: full in the beginning, it gains rate tokens a second up to
// burst. It is a plain value; Limits guards it.
type bucket struct {
	tokens float64
	at     time.Time
	lease  lease
}

func newBucket(s size, now time.Time) *bucket { return &bucket{tokens: s.burst, at: now} }

// fill adds what has come in since the last look. A clock that goes back adds nothing.
func (b *bucket) fill(s size, now time.Time) {
	if passed := now.Sub(b.at); passed > 0 {
		b.tokens = min(s.burst, b.tokens+passed.Seconds()*s.rate)
		b.at = now
	}
}

// missing returns how long until there is a token; 0: now.
func (b *bucket) missing(s size, now time.Time) time.Duration {
	b.fill(s, now)
	if b.tokens >= 1 {
		return 0
	}
	return max(s.after(1-b.tokens), time.Millisecond)
}

// take takes a token, or returns how long until there is one.
func (b *bucket) take(s size, now time.Time) time.Duration {
	wait := b.missing(s, now)
	if wait == 0 {
		b.tokens--
	}
	return wait
}

// full reports whether the bucket is as good as new.
func (b *bucket) full(s size, now time.Time) bool {
	b.fill(s, now)
	return b.tokens >= s.burst
}

// quota is how a bucket is shared. The shared counter lets `shared` through in a window,
// each node `free` more without asking. Windows of different starts may meet, and a lease
// may be spent up to window/leaseParts after its window, so in any time t at most
// (shared + 2 free) × (t/window + 2 + 1/leaseParts) pass two nodes; that is burst + rate × t.
type quota struct {
	window       time.Duration
	shared, free int
	portion      int // the largest lease
}

const (
	leaseParts = 8  // a lease lasts this part of a window, and is at most this part of the quota
	freeParts  = 18 // the part each node may spend unasked
)

func (s size) quota() quota {
	total := math.Floor(s.burst / (2 + 1.0/leaseParts))
	free := math.Floor(total / freeParts)
	return quota{
		window: max(s.after(total), time.Millisecond), shared: max(1, int(total-2*free)), free: int(free),
		portion: max(1, int(total/leaseParts)),
	}
}

// lease is what a node holds of a shared counter.
type lease struct {
	free      int       // left to spend unasked
	freeUntil time.Time // end of the node's own window
	left      int       // leased and not spent
	until     time.Time // when the lease is void
	next      int       // size of the next lease; they grow while they are used up
	closed    time.Time // the counter was found empty: not asked again before
}

// spend takes one token. ask > 0: none is there, so many have to be leased. wait > 0: the
// counter is known to be empty.
func (l *lease) spend(q quota, now time.Time) (ask int, wait time.Duration) {
	if !now.Before(l.freeUntil) {
		l.free, l.freeUntil = q.free, now.Add(q.window)
	}
	if l.free > 0 {
		l.free--
		return 0, 0
	}
	if l.left > 0 && now.Before(l.until) {
		l.left--
		return 0, 0
	}
	if wait := l.closed.Sub(now); wait > 0 {
		return 0, wait
	}
	if l.left > 0 { // unspent to the end: less is needed
		l.left, l.next = 0, l.next/2
	}
	return min(max(l.next, 1), q.portion), 0
}

// leased notes what came of asking at a time; wait > 0: nothing. One token is spent.
func (l *lease) leased(q quota, asked time.Time, granted int) (wait time.Duration) {
	part := q.window / leaseParts
	if granted == 0 {
		l.closed = asked.Add(part)
		return part
	}
	if !asked.Before(l.until) {
		l.left, l.until = 0, asked.Add(part)
	}
	l.left += granted - 1
	l.next = min(2*max(l.next, 1), q.portion)
	return 0
}
