package sfu

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/srtp/v3"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/layer"
	"github.com/diemcau/diemcau/sfu/seal"
)

// Viewer is a lean receiver (WHEP): ICE and DTLS are pion's, the packets are numbered,
// sealed and sent by its shard. All methods may be called concurrently.
type Viewer struct {
	id       string
	plane    *Plane
	from     netip.Prefix // whose; the zero Prefix is nobody's
	audience *audience
	shard    *shard
	counters *counters
	offer    *viewerOffer
	agent    *ice.Agent
	conn     *ice.Conn
	number   string // of the SDP session
	done     chan struct{}
	closing  sync.Once
	cancel   context.CancelFunc // ends run

	way  atomic.Pointer[way] // nil before ICE is connected
	remb atomic.Uint64       // bits/s the receiver estimates
	loss atomic.Uint32       // of the picture, by its last report, in 1/256
	// When it said so, nanoseconds; 0: never.
	rembAt, lossAt atomic.Int64

	// Owned by the shard once the viewer has joined.
	legs       [media]leg
	rung       int  // of the picture
	target     int  // the rung it is on its way to; rung: none
	fixed      bool // it never goes to another; never changed
	ladder     layer.Ladder
	climbed    time.Time
	sealer     *seal.Sealer
	reportsOut *srtp.Context
	reported   time.Time

	reportsMu sync.Mutex // guards reportsIn
	reportsIn *srtp.Context

	patchMu sync.Mutex // guards etag, and makes one ICE restart at a time
	etag    string
}

// connect makes the ICE agent and lets it listen; it returns when all is ready for the
// viewer's first check.
func (v *Viewer) connect(ctx context.Context) error {
	agent, err := ice.NewAgentWithOptions(v.plane.node.agentOptions()...)
	if err != nil {
		return fmt.Errorf("make the ice agent of a viewer: %w", err)
	}
	v.agent = agent
	if err := agent.OnConnectionStateChange(func(state ice.ConnectionState) {
		if state == ice.ConnectionStateFailed || state == ice.ConnectionStateClosed {
			v.Close()
		}
	}); err != nil {
		return fmt.Errorf("watch the ice agent of a viewer: %w", err)
	}
	if err := agent.OnSelectedCandidatePairChange(v.moved); err != nil {
		return fmt.Errorf("watch the ice agent of a viewer: %w", err)
	}
	if err := v.gather(ctx); err != nil {
		return err
	}
	if v.conn, err = agent.StartAccept(v.offer.ufrag, v.offer.pwd); err != nil {
		return fmt.Errorf("start the ice agent of a viewer: %w", err)
	}
	return nil
}

// gather registers the agent with the socket's mux.
func (v *Viewer) gather(ctx context.Context) error {
	gathered := make(chan struct{})
	var once sync.Once
	if err := v.agent.OnCandidate(func(c ice.Candidate) {
		if c == nil {
			once.Do(func() { close(gathered) })
		}
	}); err != nil {
		return fmt.Errorf("gather a viewer's candidates: %w", err)
	}
	if err := v.agent.GatherCandidates(); err != nil {
		return fmt.Errorf("gather a viewer's candidates: %w", err)
	}
	select {
	case <-gathered:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("gather a viewer's candidates: %w", ctx.Err())
	}
}

// moved is told the pair ICE has chosen: the first time, and when the address changes.
func (v *Viewer) moved(local, remote ice.Candidate) {
	next := &way{}
	if local.NetworkType().IsUDP() {
		ip, err := netip.ParseAddr(remote.Address())
		if err != nil {
			return
		}
		next.addr = netip.AddrPortFrom(ip.Unmap(), uint16(remote.Port()))
		next.peer = v.shard.writer.Peer(next.addr)
	} else {
		next.pump = newPump()
		v.plane.node.spawn(func() { next.pump.run(v.conn) })
	}
	v.use(next)
}

// use replaces the way; nil ends it.
func (v *Viewer) use(next *way) {
	var from, to netip.AddrPort
	if next != nil {
		to = next.addr
	}
	if old := v.way.Swap(next); old != nil {
		from = old.addr
		if old.pump != nil {
			old.pump.close()
		}
	}
	v.plane.node.viewersAt.move(v, from, to)
}

// run connects, joins the audience and stays until the session ends. It is the viewer's
// only goroutine besides those of its ICE agent and of DTLS.
func (v *Viewer) run(ctx context.Context) {
	defer v.leave()
	soon, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	secure, err := v.handshake(soon)
	if err != nil {
		return
	}
	goodbye := func() { _ = secure.Close() } // it is over either way
	defer goodbye()
	defer context.AfterFunc(ctx, goodbye)()
	if !v.enter() {
		return
	}
	defer v.exit()
	v.plane.changed()
	// DTLS carries nothing more but the other side's goodbye.
	buf := make([]byte, 64)
	for {
		if _, err := secure.Read(buf); err != nil {
			return
		}
	}
}

// silent reports whether nothing has come from the viewer, nor over TCP a connection. ICE
// gives it up after Config.DeadAfter then.
func (v *Viewer) silent() bool { return v.way.Load() == nil && !v.plane.node.door.heard(v) }

// handshake waits for ICE, then agrees on keys.
func (v *Viewer) handshake(ctx context.Context) (*dtls.Conn, error) {
	if err := v.agent.AwaitConnect(ctx); err != nil {
		return nil, fmt.Errorf("connect a viewer: %w", err)
	}
	options := v.plane.node.identity.options(v.offer, v.plane.node.logs)
	var secure *dtls.Conn
	var err error
	pipe := &dtlsPipe{Conn: v.conn, viewer: v}
	if v.offer.passive {
		secure, err = dtls.ClientWithOptions(pipe, pipe.RemoteAddr(), options.client...)
	} else {
		secure, err = dtls.ServerWithOptions(pipe, pipe.RemoteAddr(), options.server...)
	}
	if err != nil {
		return nil, fmt.Errorf("prepare a viewer's dtls: %w", err)
	}
	if err = secure.HandshakeContext(ctx); err == nil {
		err = v.key(secure)
	}
	if err != nil {
		_ = secure.Close() // the first error is what matters
		return nil, fmt.Errorf("shake hands with a viewer: %w", err)
	}
	return secure, nil
}

// key takes the SRTP keys out of the handshake.
func (v *Viewer) key(secure *dtls.Conn) error {
	profile, _ := secure.SelectedSRTPProtectionProfile()
	state, ok := secure.ConnectionState()
	if !ok {
		return seal.ErrProfile
	}
	keys, err := seal.Extract(seal.Profile(profile), &state, v.offer.passive)
	if err != nil {
		return err
	}
	if v.sealer, err = seal.New(keys); err != nil {
		return err
	}
	out, in, err := seal.Reports(keys)
	if err != nil {
		return err
	}
	v.reportsOut = out
	v.reportsMu.Lock()
	v.reportsIn = in
	v.reportsMu.Unlock()
	return nil
}

// enter hands the viewer to its shard.
func (v *Viewer) enter() bool {
	begins := v.rung // the shard's from now on
	if !v.order(false) {
		return false
	}
	v.plane.node.opening.end(v)
	v.audience.join(v)
	now := v.plane.now().UnixNano()
	v.audience.video[begins].cut.askKey(now)
	if v.legs[beside].on {
		v.audience.beside.cut.askKey(now)
	}
	return true
}

// exit takes it back: after that nobody seals for it.
func (v *Viewer) exit() {
	v.audience.leave(v)
	v.order(true)
}

func (v *Viewer) order(leaves bool) bool {
	o := order{viewer: v, leaves: leaves, done: make(chan struct{})}
	select {
	case v.shard.orders <- o:
	case <-v.plane.node.done:
		return false
	}
	select {
	case <-o.done:
		return true
	case <-v.plane.node.done:
		return false
	}
}

// leave ends what run began.
func (v *Viewer) leave() {
	v.Close()
	v.plane.node.opening.end(v)
	v.plane.node.door.leave(v)
	v.hangUp()
	v.shard.viewers.Add(-1)
	v.plane.forget(v)
}

// hangUp ends the ICE agent, then the way: until the agent's own goroutines have ended they
// may still tell of a pair it has chosen. None of them may call it.
func (v *Viewer) hangUp() {
	if v.agent != nil {
		_ = v.agent.GracefulClose() // it is over either way
	}
	v.use(nil)
}

// ID returns the session's id (128 random bits, base32).
func (v *Viewer) ID() string { return v.id }

// Close ends the session; Done is closed then.
func (v *Viewer) Close() {
	v.closing.Do(func() {
		close(v.done)
		v.cancel()
	})
}

// Done is closed when the session has ended, by whomever.
func (v *Viewer) Done() <-chan struct{} { return v.done }

// ETag returns the entity tag of the current ICE session (RFC 9725 §4.3).
func (v *Viewer) ETag() string {
	v.patchMu.Lock()
	defer v.patchMu.Unlock()
	return v.etag
}

// Patch takes a trickle-ice-sdpfrag, as Session.Patch does.
func (v *Viewer) Patch(ctx context.Context, fragment, ifMatch string) (string, error) {
	f, err := readFragment(fragment)
	if err != nil {
		return "", err
	}
	v.patchMu.Lock()
	defer v.patchMu.Unlock()
	if ifMatch != "*" && ifMatch != v.etag {
		return "", conference.Refuse(conference.KindConflict, "media.etag_mismatch", "")
	}
	if f.ufrag == v.offer.ufrag && f.pwd == v.offer.pwd {
		return "", nil
	}
	if err := v.agent.Restart("", ""); err != nil {
		return "", conference.Refuse(conference.KindNotFound, "media.unknown_session", "ended")
	}
	if err := v.agent.SetRemoteCredentials(f.ufrag, f.pwd); err != nil {
		return "", badSDP(err.Error())
	}
	if err := v.gather(ctx); err != nil {
		return "", err
	}
	v.offer.ufrag, v.offer.pwd = f.ufrag, f.pwd
	answer, err := v.answer()
	if err != nil {
		return "", err
	}
	v.etag = `"` + token() + `"`
	return fragmentOf(answer), nil
}

// dtlsPipe shows DTLS the datagrams of an ICE connection that are its own (RFC 7983), and
// gives RTCP that came this way to the viewer.
type dtlsPipe struct {
	*ice.Conn
	viewer *Viewer
}

// ReadFrom returns the next DTLS datagram.
func (p *dtlsPipe) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, err := p.Read(b)
		if err != nil {
			return n, nil, err
		}
		if n > 0 && b[0] >= 20 && b[0] <= 63 {
			return n, p.RemoteAddr(), nil
		}
		if isReport(b[:n]) {
			p.viewer.report(b[:n])
		}
	}
}

// WriteTo sends a datagram; the address is ICE's affair.
func (p *dtlsPipe) WriteTo(b []byte, _ net.Addr) (int, error) { return p.Write(b) }

// fits reports whether a certificate has one of the fingerprints of the offer (RFC 8122 §5).
func (o *viewerOffer) fits(raw [][]byte, _ [][]*x509.Certificate) error {
	if len(raw) == 0 {
		return errNoCertificate
	}
	for _, f := range o.fingerprints {
		algorithm, value, _ := strings.Cut(f, " ")
		got, err := fingerprintOf(raw[0], algorithm)
		if err == nil && strings.EqualFold(got, value) {
			return nil
		}
	}
	return errOtherCertificate
}
