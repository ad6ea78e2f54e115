package oneport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Protocols agreed on in the TLS handshake (ALPN).
const (
	protoHTTP2 = "h2"
	protoHTTP1 = "http/1.1"
	protoTURN  = "stun.turn" // RFC 7443
	protoACME  = "acme-tls/1"
)

// Config is what a Port needs.
type Config struct {
	// Listener accepts the connections; one that reads PROXY headers when a connection is
	// first read, or asked for its address, will do.
	Listener net.Listener
	// TLS is what the server's side of TLS needs; the protocols are added.
	TLS *tls.Config
	// Within is how long a connection may take to say what it is, handshake included; 0: 10 s.
	Within time.Duration
	// MaxOpening is how many may be doing that at once; 0: 2,048. An address may be a
	// quarter of them.
	MaxOpening int
	// Stalled is after how long a connection that has said something, and is still opening,
	// makes room for others; one that has said nothing does at once. 0: 3 s.
	Stalled time.Duration
}

// Stats counts connections since the start by what became of them.
type Stats struct {
	HTTP, Media, Relay uint64
	Junk               uint64 // spoke nothing known, or a handshake that failed
	Late               uint64 // said nothing in time, or nobody took it
	Pushed             uint64 // closed because too many were opening
	Opening            int    // now
}

// Port tells the protocols of one TCP port apart. Its listeners may be accepted from
// before Run is called.
type Port struct {
	cfg                Config
	tls                *tls.Config
	opening            *opening
	http, media, relay *lane

	junk, late atomic.Uint64
}

// New returns a Port; nothing is accepted before Run.
func New(cfg Config) *Port {
	if cfg.Within == 0 {
		cfg.Within = 10 * time.Second
	}
	if cfg.MaxOpening == 0 {
		cfg.MaxOpening = 2048
	}
	if cfg.Stalled == 0 {
		cfg.Stalled = 3 * time.Second
	}
	address := cfg.Listener.Addr()
	secure := cfg.TLS.Clone()
	for _, proto := range []string{protoHTTP2, protoHTTP1, protoTURN} {
		if !slices.Contains(secure.NextProtos, proto) {
			secure.NextProtos = append(secure.NextProtos, proto)
		}
	}
	return &Port{
		cfg: cfg, tls: secure, opening: newOpening(cfg.MaxOpening, cfg.Stalled),
		http: newLane(address), media: newLane(address), relay: newLane(address),
	}
}

// HTTP returns the listener of HTTP: *tls.Conn whose handshake is done, or *Secure.
func (p *Port) HTTP() net.Listener { return p.http }

// Media returns the listener of ICE-TCP (RFC 6544, framed by RFC 4571).
func (p *Port) Media() net.Listener { return p.media }

// Relay returns the listener of TURN, over TLS or in clear.
func (p *Port) Relay() net.Listener { return p.relay }

// Stats returns the counters.
func (p *Port) Stats() Stats {
	now, pushed := p.opening.count()
	return Stats{
		HTTP: p.http.taken.Load(), Media: p.media.taken.Load(), Relay: p.relay.taken.Load(),
		Junk: p.junk.Load(), Late: p.late.Load(), Pushed: pushed, Opening: now,
	}
}

// Run accepts until ctx ends, then closes the port and what is opening. The listeners are
// closed by those who accept from them: they may end after the port.
func (p *Port) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	group.Go(func() { // ends with stop
		<-ctx.Done()
		_ = p.cfg.Listener.Close() // Accept tells what is wrong
		p.opening.closeAll()
	})
	for {
		conn, err := p.cfg.Listener.Accept()
		switch {
		case err == nil:
			if entry := p.opening.add(conn); entry != nil {
				// Ends by its deadline, or because ctx closes what is opening.
				group.Go(func() { p.open(ctx, entry) })
			}
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept on %s: %w", p.cfg.Listener.Addr(), err)
		default: // out of descriptors, or the peer has gone: a moment, then on
			if !pause(ctx, acceptAgain) {
				return nil
			}
		}
	}
}

// acceptAgain is the wait after a failed accept.
const acceptAgain = 20 * time.Millisecond

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// open finds out what a connection speaks and hands it on.
func (p *Port) open(ctx context.Context, entry *opener) {
	deadline := time.Now().Add(p.cfg.Within)
	// Reading a PROXY header, as RemoteAddr does, takes any deadline away: ours comes after.
	p.opening.place(entry, addressOf(entry.conn.RemoteAddr()))
	_ = entry.conn.SetDeadline(deadline) // a broken connection fails at the read
	if ctx.Err() != nil {
		entry.close() // it was accepted while all was being closed
	}
	conn, to, err := p.tell(ctx, entry, deadline)
	p.opening.remove(entry)
	if err != nil {
		p.lost(err)
		entry.close()
		return
	}
	_ = conn.SetDeadline(time.Time{}) // likewise
	if !to.offer(ctx, conn, p.cfg.Within) {
		p.late.Add(1)
		_ = conn.Close() // nobody takes it
	}
}

var errJunk = errors.New("nothing known is spoken")

// lost counts a connection that did not open.
func (p *Port) lost(err error) {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		p.late.Add(1)
	case errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF): // pushed out, or it has left
	default:
		p.junk.Add(1)
	}
}

// tell returns the connection as its lane takes it.
func (p *Port) tell(ctx context.Context, entry *opener, until time.Time) (net.Conn, *lane, error) {
	raw := entry.conn
	conn := &peeked{Conn: raw}
	what, err := conn.peek()
	if err != nil {
		return nil, nil, err
	}
	p.opening.heard(entry)
	switch what {
	case kindTLS:
		return p.secure(ctx, conn, until)
	case kindMedia:
		shorten(raw)
		return conn, p.media, nil
	case kindRelay:
		shorten(raw)
		return conn, p.relay, nil
	case kindText: // as net/http says it
		_, _ = io.WriteString(raw, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
		return nil, nil, errJunk
	case kindOpen, kindJunk:
	}
	return nil, nil, errJunk
}

// secure makes the handshake and tells by its protocol, or by the first bytes within.
func (p *Port) secure(ctx context.Context, conn *peeked, until time.Time) (net.Conn, *lane, error) {
	within, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	inner := tls.Server(conn, p.tls)
	if err := inner.HandshakeContext(within); err != nil {
		return nil, nil, fmt.Errorf("shake hands: %w", err)
	}
	switch inner.ConnectionState().NegotiatedProtocol {
	case protoHTTP2, protoHTTP1:
		return inner, p.http, nil
	case protoACME: // the handshake was the answer
		return nil, nil, io.EOF
	}
	peeking := newSecure(inner)
	what, err := peeking.peek()
	if err != nil {
		return nil, nil, err
	}
	switch what { //nolint:exhaustive // the rest is junk
	case kindRelay:
		shorten(conn.Conn)
		return peeking, p.relay, nil
	case kindText:
		return peeking, p.http, nil
	}
	return nil, nil, errJunk
}

// addressOf is what counts as one address: an IPv4 address, or the first of an IPv6 /64.
func addressOf(a net.Addr) netip.Addr {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{}
	}
	address := at.Addr().Unmap().WithZone("")
	if household, err := address.Prefix(64); err == nil && address.Is6() {
		return household.Addr()
	}
	return address
}
