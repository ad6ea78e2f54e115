package rehearse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/signaling/protocol"
)

// relayAfter is how long UDP and TCP have before media is relayed, as on the pages.
const relayAfter = 2500 * time.Millisecond

// errRelay asks for another join, with the relays that the last answer told of.
var errRelay = errors.New("nothing but the relay is left")

// relays are TURN servers and how they are reached.
type relays struct {
	servers []webrtc.ICEServer
	dialer  relayDialer
}

// relayDialer connects to TURN servers: pion would trust the system's authorities only.
type relayDialer struct {
	from  Network
	trust *tls.Config // nil: the system's authorities
}

// Dial connects by TLS; the handshake is made when the first bytes are sent.
func (d relayDialer) Dial(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), joinWithin)
	defer cancel()
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("reach the relay at %s: %w", address, err)
	}
	conn, err := d.from.Dial(ctx, network, address)
	if err != nil {
		return nil, fmt.Errorf("reach the relay at %s: %w", address, err)
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if d.trust != nil {
		trust = d.trust.Clone()
	}
	trust.ServerName = host
	return tls.Client(conn, trust), nil
}

// relaysOf returns what the answer tells of, in pion's words.
func relaysOf(told []protocol.ICEServer) []webrtc.ICEServer {
	servers := make([]webrtc.ICEServer, 0, len(told))
	for _, s := range told {
		servers = append(servers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	return servers
}

// stand waits until media gets through. Errors: errRelay when it does not in time and
// there are relays that were not tried.
func (v *venue) stand(ctx context.Context, p *peer) error {
	var late <-chan time.Time
	switch {
	case len(v.by.servers) > 0:
		v.by.servers = relaysOf(v.relays) // fresh credentials for the next join
	case len(v.relays) > 0:
		timer := time.NewTimer(relayAfter)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-p.stands:
		v.mu.Lock()
		defer v.mu.Unlock()
		v.way, v.stood, v.began = p.way(), time.Since(v.began), time.Time{}
		return nil
	case <-p.ended: // publishing tells
	case <-ctx.Done(): // likewise
	case <-late:
		v.by.servers = relaysOf(v.relays)
		return errRelay
	}
	return nil
}

// The ways media takes.
const (
	wayUDP   = "UDP"
	wayTCP   = "TCP"
	wayRelay = "TLS"
)

// way returns the one that was chosen; "" before it stands.
func (p *peer) way() string {
	pair, err := p.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	switch {
	case err != nil || pair == nil:
		return ""
	case pair.Local.Typ == webrtc.ICECandidateTypeRelay:
		return wayRelay
	case pair.Remote.Protocol == webrtc.ICEProtocolTCP:
		return wayTCP
	}
	return wayUDP
}
