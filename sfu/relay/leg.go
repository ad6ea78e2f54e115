package relay

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"

	"github.com/pion/turn/v5"
)

// legBuffer is asked of the kernel for what waits for a slow client, in bytes: half a
// second of 4 Mbit/s. The rest is dropped, as on a line of UDP.
const legBuffer = 256 << 10

var (
	errFull  = errors.New("no relay is free")
	errNever = errors.New("only UDP is relayed, and only to this server's media")
)

// leg is the relayed side of one allocation: packets to the announced address of the media
// plane go to its port on loopback, and come back as from that address.
type leg struct {
	*net.UDPConn

	peer    *net.UDPAddr // as announced
	release func()
	closing sync.Once
}

// ReadFrom reads a packet of the media plane.
func (l *leg) ReadFrom(b []byte) (int, net.Addr, error) {
	n, err := l.Read(b)
	return n, l.peer, err
}

// WriteTo sends a packet to the media plane; to anywhere else nothing is sent.
func (l *leg) WriteTo(b []byte, to net.Addr) (int, error) {
	at, is := to.(*net.UDPAddr)
	if !is || at.Port != l.peer.Port || !at.IP.Equal(l.peer.IP) {
		return len(b), nil // as if it were lost
	}
	return l.Write(b)
}

// Close gives the leg back.
func (l *leg) Close() error {
	l.closing.Do(l.release)
	return l.UDPConn.Close()
}

// legs makes legs; it is a turn.RelayAddressGenerator.
type legs struct {
	peers [2]netip.AddrPort // IPv4, IPv6; invalid: not announced
	port  int               // of the media plane
	most  int               // of one session
	total int

	usedMu sync.Mutex // guards used, sum
	used   map[string]int
	sum    int
}

// Validate has nothing to find.
func (g *legs) Validate() error { return nil }

// AllocatePacketConn makes a leg. Errors: too many, of the session or of all; an IP
// version that is not announced.
func (g *legs) AllocatePacketConn(ask turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	network, loopback, peer := "udp4", net.IPv4(127, 0, 0, 1), g.peers[0]
	if ask.Network == "udp6" {
		network, loopback, peer = "udp6", net.IPv6loopback, g.peers[1]
	}
	if !peer.IsValid() || ask.UserID == "" { // without a user a port is asked for, not a relay
		return nil, nil, errNever
	}
	if !g.take(ask.UserID) {
		return nil, nil, errFull
	}
	conn, err := net.DialUDP(network, nil, &net.UDPAddr{IP: loopback, Port: g.port})
	if err != nil {
		g.release(ask.UserID)
		return nil, nil, fmt.Errorf("reach the media port: %w", err)
	}
	_ = conn.SetReadBuffer(legBuffer) // the kernel's own size will do
	l := &leg{UDPConn: conn, peer: net.UDPAddrFromAddrPort(peer), release: func() { g.release(ask.UserID) }}
	return l, conn.LocalAddr(), nil
}

// AllocateListener refuses: RFC 6062 is not spoken.
func (g *legs) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errNever
}

// AllocateConn refuses likewise.
func (g *legs) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) { return nil, errNever }

// permits reports whether a client may send to an address.
func (g *legs) permits(_ net.Addr, peer net.IP) bool {
	at, ok := netip.AddrFromSlice(peer)
	at = at.Unmap()
	return ok && (at == g.peers[0].Addr() || at == g.peers[1].Addr())
}

// quota reports whether a session may have one more.
func (g *legs) quota(session, _ string, _ net.Addr) bool {
	g.usedMu.Lock()
	defer g.usedMu.Unlock()
	return g.sum < g.total && g.used[session] < g.most
}

func (g *legs) take(session string) bool {
	g.usedMu.Lock()
	defer g.usedMu.Unlock()
	if g.sum >= g.total || g.used[session] >= g.most {
		return false
	}
	g.sum++
	g.used[session]++
	return true
}

func (g *legs) release(session string) {
	g.usedMu.Lock()
	defer g.usedMu.Unlock()
	g.sum--
	if g.used[session]--; g.used[session] == 0 {
		delete(g.used, session)
	}
}

// count returns how many legs there are.
func (g *legs) count() int {
	g.usedMu.Lock()
	defer g.usedMu.Unlock()
	return g.sum
}
