package server

import (
	"net/netip"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"github.com/diemcau/diemcau/internal/conference"
)

// maxAddresses bounds what is remembered of one kind; when it is full, the limit in
// total still holds.
const maxAddresses = 50_000

// limits are the token buckets of this node. They are generous per address, because a
// mobile operator puts thousands of citizens behind one; the limit in total protects the
// log. IPv6 counts by /64, which is what one household gets.
type limits struct {
	lookup, submit, signIn *limiter
}

func newLimits(now func() time.Time) *limits {
	return &limits{
		// A tracking code has 50 random bits: 200 guesses a second find none in a lifetime.
		lookup: newLimiter(now, bucketSize{rate: 5, burst: 60}, bucketSize{rate: 200, burst: 1000}),
		submit: newLimiter(now, bucketSize{rate: 50, burst: 500}, bucketSize{rate: 2000, burst: 5000}),
		signIn: newLimiter(now, bucketSize{rate: 10, burst: 200}, bucketSize{rate: 200, burst: 1000}),
	}
}

func (l *limits) sweep() {
	l.lookup.sweep()
	l.submit.sweep()
	l.signIn.sweep()
}

// bucketSize is what a bucket is: tokens per second and how many it holds.
type bucketSize struct {
	rate  rate.Limit
	burst int
}

type limiter struct {
	now   func() time.Time
	each  bucketSize
	total *rate.Limiter

	bucketsMu sync.Mutex // guards buckets
	buckets   map[netip.Prefix]*rate.Limiter
}

func newLimiter(now func() time.Time, each, total bucketSize) *limiter {
	return &limiter{
		now: now, each: each, total: rate.NewLimiter(total.rate, total.burst),
		buckets: map[netip.Prefix]*rate.Limiter{},
	}
}

// take refuses when the address or all together ask too often. Refusal: rate.limited.
func (l *limiter) take(c echo.Context) error {
	now := l.now()
	if bucket := l.bucket(network(c.RealIP())); bucket != nil && !bucket.AllowN(now, 1) {
		return l.refuse(bucket, now)
	}
	if !l.total.AllowN(now, 1) {
		return l.refuse(l.total, now)
	}
	return nil
}

func (l *limiter) refuse(bucket *rate.Limiter, now time.Time) error {
	missing := 1 - bucket.TokensAt(now)
	after := time.Duration(missing / float64(bucket.Limit()) * float64(time.Second))
	return &retryError{refusal: conference.Refuse(conference.KindRateLimited, "rate.limited", ""), after: after}
}

func (l *limiter) bucket(from netip.Prefix) *rate.Limiter {
	l.bucketsMu.Lock()
	defer l.bucketsMu.Unlock()
	bucket, found := l.buckets[from]
	if !found && len(l.buckets) < maxAddresses {
		bucket = rate.NewLimiter(l.each.rate, l.each.burst)
		l.buckets[from] = bucket
	}
	return bucket
}

// sweep forgets the addresses whose bucket is full again.
func (l *limiter) sweep() {
	now := l.now()
	l.bucketsMu.Lock()
	defer l.bucketsMu.Unlock()
	for from, bucket := range l.buckets {
		if bucket.TokensAt(now) >= float64(l.each.burst) {
			delete(l.buckets, from)
		}
	}
}

// network returns what counts as one address.
func network(ip string) netip.Prefix {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return netip.Prefix{}
	}
	addr = addr.Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
