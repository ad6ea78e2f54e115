package relay

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

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

	peer    *net.UDPAddr  // as announced
	silence time.Duration // it may last
	until   time.Time     // its end, as told to the socket; the reader's own
	release func()
	closing sync.Once
}

// ReadFrom reads a packet of the media plane. When none comes for long there is no session
// at the other end, or not any more: pion gives the leg back then. A client that is
// connected gets the answers to its checks every few seconds at least.
func (l *leg) ReadFrom(b []byte) (int, net.Addr, error) {
	if now := time.Now(); l.until.Sub(now) < l.silence*3/4 { // not for every packet
		l.until = now.Add(l.silence)
		if err := l.SetReadDeadline(l.until); err != nil {
			return 0, nil, err
		}
	}
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
	peers   [2]netip.AddrPort // IPv4, IPv6; invalid: not announced
	port    int               // of the media plane
	most    int               // of one session
	total   int
	public  int // of them, for the public
	silence time.Duration
	// holds is told which connection has a leg, and no more.
	holds func(from netip.AddrPort, has bool)

	usedMu sync.Mutex // guards used, at, sums
	used   map[string]int
	at     [2]map[netip.Prefix]int // by address: members, public
	sums   [2]int                  // members, public
}

// An address may have a quarter of what there is for its kind: many halls, and many of the
// public, may be behind one.
const addressPart = 4

// Validate has nothing to find.
func (g *legs) Validate() error { return nil }

// AllocatePacketConn makes a leg. Errors: too many, of the session or of all; an IP
// version that is not announced.
func (g *legs) AllocatePacketConn(ask turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	network, loopback, peer := "udp4", net.IPv4(127, 0, 0, 1), g.peers[0]
	if ask.Network == "udp6" {
		network, loopback, peer = "udp6", net.IPv6loopback, g.peers[1]
	}
	who, ok := holderOf(ask.UserID)
	if !peer.IsValid() || !ok { // without a user a port is asked for, not a relay
		return nil, nil, errNever
	}
	if !g.take(who) {
		return nil, nil, errFull
	}
	conn, err := net.DialUDP(network, nil, &net.UDPAddr{IP: loopback, Port: g.port})
	if err != nil {
		g.release(who)
		return nil, nil, fmt.Errorf("reach the media port: %w", err)
	}
	_ = conn.SetReadBuffer(legBuffer) // the kernel's own size will do
	g.holds(who.from, true)
	l := &leg{UDPConn: conn, peer: net.UDPAddrFromAddrPort(peer), silence: g.silence, release: func() {
		g.release(who)
		g.holds(who.from, false)
	}}
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

// quota reports whether a holder may have one more.
func (g *legs) quota(user, _ string, _ net.Addr) bool {
	who, ok := holderOf(user)
	g.usedMu.Lock()
	defer g.usedMu.Unlock()
	return ok && g.mayTake(who)
}

// mayTake is quota with usedMu held.
func (g *legs) mayTake(who holder) bool {
	most := g.total
	if who.public {
		most = g.public
		if g.sums[1] >= most {
			return false
		}
	}
	return g.sums[0]+g.sums[1] < g.total && g.used[who.session] < g.most &&
		g.at[who.kind()][who.network()] < max(g.most, most/addressPart)
}

func (g *legs) take(who holder) bool {
	g.usedMu.Lock()
	defer g.usedMu.Unlock()
	if !g.mayTake(who) {
		return false
	}
	g.sums[who.kind()]++
	g.used[who.session]++
	g.at[who.kind()][who.network()]++
	return true
}

func (g *legs) release(who holder) {
	g.usedMu.Lock()
	defer g.usedMu.Unlock()
	g.sums[who.kind()]--
	if g.used[who.session]--; g.used[who.session] == 0 {
		delete(g.used, who.session)
	}
	at, network := g.at[who.kind()], who.network()
	if at[network]--; at[network] == 0 {
		delete(at, network)
	}
}

// kind is where a holder is counted.
func (h holder) kind() int {
	if h.public {
		return 1
	}
	return 0
}

// count returns how many legs there are.
func (g *legs) count() int {
	g.usedMu.Lock()
	defer g.usedMu.Unlock()
	return g.sums[0] + g.sums[1]
}
