package limits

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/internal/eventlog"
	"github.com/diemcau/diemcau/internal/pow"
)

// maxBuckets bounds what is remembered. When it is full, newcomers have no bucket of
// their own and only the bucket of all holds for them.
const maxBuckets = 200_000

// Config is what Limits needs. Only Now is required.
type Config struct {
	Now func() time.Time
	// Off switches everything off, for load tests.
	Off bool
	// Scale multiplies rates and bursts; 0: 1.
	Scale float64
	// TrustedProxies are the peers whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// SocketsPerAddress is how many sockets an address may have open; 0: 2,000.
	SocketsPerAddress int
	// Proof says when submissions need a proof of work; "": ProofAuto.
	Proof ProofMode
	// Key signs challenges and hides addresses; ≥ 16 secret bytes, the same on all nodes.
	// nil: challenges cannot be made, so there is no proof of work.
	Key []byte
	// Ephemeral remembers used proofs; nil: this process does.
	Ephemeral eventlog.Ephemeral
	// Shared: other nodes count in the same Ephemeral.
	Shared bool
}

// Asker is on whose account something is done.
type Asker struct {
	// Address is what From returned.
	Address netip.Prefix
	// Session is the public reference of a signed-in session; "" for citizens.
	Session string
	// Socket names the socket of a citizen; "" over HTTP.
	Socket string
	// Conference may be "" for kinds that know none.
	Conference conference.ID
}

// Limits are the limits of one node. All methods may be called concurrently.
type Limits struct {
	cfg    Config
	share  *share // nil: alone
	issuer *pow.Issuer

	refused struct{ rate, proof, sockets atomic.Uint64 }

	bucketsMu sync.Mutex // guards buckets and what they point to
	buckets   map[key]*bucket

	gaugesMu sync.Mutex // guards gauges and what they point to
	gauges   map[conference.ID]*gauge

	usedMu sync.Mutex // guards used
	used   map[string]usedProof

	socketsMu sync.Mutex // guards sockets
	sockets   map[netip.Prefix]int
}

// New returns Limits; nothing runs. Somebody has to call Sweep every half minute or so.
func New(cfg Config) *Limits {
	if cfg.Scale == 0 {
		cfg.Scale = 1
	}
	if cfg.SocketsPerAddress == 0 {
		cfg.SocketsPerAddress = 2000
	}
	if cfg.Proof == "" {
		cfg.Proof = ProofAuto
	}
	l := &Limits{
		cfg: cfg, buckets: map[key]*bucket{}, gauges: map[conference.ID]*gauge{},
		used: map[string]usedProof{}, sockets: map[netip.Prefix]int{},
	}
	if cfg.Shared && cfg.Ephemeral != nil {
		l.share = newShare(cfg.Ephemeral, cfg.Key, cfg.Now)
	}
	if len(cfg.Key) > 0 {
		l.issuer = pow.NewIssuer(cfg.Key, cfg.Now)
	}
	return l
}

// key names a bucket.
type key struct {
	kind    Kind
	scope   scope
	address netip.Prefix
	id      string
	local   bool // known to this node only
}

// keys returns the buckets an asker draws from, the own first: who asks too often spends
// nothing that belongs to others.
func (a *Asker) keys(kind Kind) []key {
	keys := make([]key, 0, 3)
	switch {
	case a.Session != "":
		keys = append(keys, key{kind: kind, scope: scopeSession, id: a.Session})
	case a.Socket != "":
		keys = append(keys, key{kind: kind, scope: scopeSession, id: a.Socket, local: true})
	}
	keys = append(keys, key{kind: kind, scope: scopeAddress, address: a.Address})
	if kind != Submission { // Submit asks for it, once the proof was seen
		keys = append(keys, a.all(kind))
	}
	return keys
}

func (a *Asker) all(kind Kind) key {
	return key{kind: kind, scope: scopeAll, id: string(a.Conference)}
}

// Take counts one thing done. For Submission, Submit has to follow.
// Refusal: *Error with CodeLimited; nothing may be done then.
func (l *Limits) Take(ctx context.Context, kind Kind, asker Asker) error {
	for _, k := range asker.keys(kind) {
		if err := l.take(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// Peek refuses as Take would, and counts nothing. For what is counted only once it is
// known how it went (Miss).
func (l *Limits) Peek(kind Kind, asker Asker) error {
	if l.cfg.Off {
		return nil
	}
	now := l.cfg.Now()
	l.bucketsMu.Lock()
	defer l.bucketsMu.Unlock()
	for _, k := range asker.keys(kind) {
		b, s := l.buckets[k], l.sizeOf(k)
		if b == nil || s.rate == 0 {
			continue
		}
		if wait := b.missing(s, now); wait > 0 {
			return l.refuse(CodeLimited, "", wait)
		}
	}
	return nil
}

func (l *Limits) sizeOf(k key) size { return sizeOf(k.kind, k.scope).times(l.cfg.Scale) }

func (l *Limits) take(ctx context.Context, k key) error {
	s, now := l.sizeOf(k), l.cfg.Now()
	if l.cfg.Off || s.rate == 0 {
		return nil
	}
	b, ask, wait := l.spend(k, s, now)
	if wait == 0 && ask > 0 {
		if granted, ok := l.share.lease(ctx, k, s, ask); ok {
			l.bucketsMu.Lock()
			wait = b.lease.leased(s.quota(), now, granted)
			l.bucketsMu.Unlock()
		}
	}
	if wait > 0 {
		return l.refuse(CodeLimited, "", wait)
	}
	return nil
}

// spend takes a token of this node's bucket and, if there are other nodes, of what this
// one has leased; ask > 0: so many are to be leased first.
func (l *Limits) spend(k key, s size, now time.Time) (b *bucket, ask int, wait time.Duration) {
	l.bucketsMu.Lock()
	defer l.bucketsMu.Unlock()
	b = l.buckets[k]
	if b == nil {
		if len(l.buckets) >= maxBuckets {
			return nil, 0, 0
		}
		b = newBucket(s, now)
		l.buckets[k] = b
	}
	wait = b.take(s, now)
	if wait > 0 || k.local || l.share == nil || l.share.isAway(now) {
		return b, 0, wait
	}
	ask, wait = b.lease.spend(s.quota(), now)
	return b, ask, wait
}

// Sweep forgets buckets that are full again, calm conferences and proofs that have ended.
func (l *Limits) Sweep() {
	now := l.cfg.Now()
	l.bucketsMu.Lock()
	for k, b := range l.buckets {
		s := l.sizeOf(k)
		if b.full(s, now) && now.Sub(b.lease.freeUntil) >= 0 && now.Sub(b.lease.until) >= 0 {
			delete(l.buckets, k)
		}
	}
	l.bucketsMu.Unlock()
	l.sweepProofs(now)
}
