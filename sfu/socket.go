package sfu

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/pion/ice/v4"
)

// mux gives pion one local candidate for each IP version. Pion reads every candidate in a
// goroutine of its own, and on one port all of a version share one queue: with several,
// packets overtake each other. All addresses are written into the answer by us.
type mux struct {
	*ice.UDPMuxDefault
	addresses []*net.UDPAddr
	tcpPort   int // announced on the same addresses; 0: none
}

// GetListenAddresses returns what pion makes candidates of.
func (m *mux) GetListenAddresses() []net.Addr {
	var v4, v6 net.Addr
	for _, a := range m.addresses {
		if four := a.IP.To4() != nil; four && v4 == nil {
			v4 = a
		} else if !four && v6 == nil {
			v6 = a
		}
	}
	return slices.DeleteFunc([]net.Addr{v4, v6}, func(a net.Addr) bool { return a == nil })
}

// peers returns the announced addresses as those who relay need them.
func (m *mux) peers() []netip.AddrPort {
	all := make([]netip.AddrPort, 0, len(m.addresses))
	for _, a := range m.addresses {
		all = append(all, a.AddrPort())
	}
	return all
}

// announce puts the candidates into an answer, in the place of pion's own.
func (m *mux) announce(answer string) string {
	var b strings.Builder
	written := false
	for l := range strings.Lines(answer) {
		if !strings.HasPrefix(l, "a=candidate:") {
			b.WriteString(l)
			continue
		}
		if !written {
			m.candidates(&b)
		}
		written = true
	}
	return b.String()
}

// candidates writes all addresses as attributes of a description, the first ones
// preferred (RFC 8445 §5.1.2): UDP, then passive TCP on the TLS port (RFC 6544 §4.5).
func (m *mux) candidates(b *strings.Builder) {
	const hostUDP, hostTCP = 126, 99 // type preferences: any UDP before any TCP
	for i, a := range m.addresses {
		priority := hostUDP<<24 | (65535-i)<<8 | 255
		fmt.Fprintf(b, "a=candidate:%d 1 udp %d %s %d typ host\r\n", i+1, priority, a.IP, a.Port)
	}
	if m.tcpPort == 0 {
		return
	}
	const passive = 4 << 13 // direction preference (RFC 6544 §4.2)
	for i, a := range m.addresses {
		priority := hostTCP<<24 | (passive|(8191-i))<<8 | 255
		fmt.Fprintf(b, "a=candidate:%d 1 tcp %d %s %d typ host tcptype passive\r\n",
			len(m.addresses)+i+1, priority, a.IP, m.tcpPort)
	}
}

// announced returns the addresses peers are told: the public ones, or all of the
// interfaces that are up, loopback included so that a rehearsal on one machine works.
func announced(public []netip.Addr, port int) ([]*net.UDPAddr, error) {
	if len(public) > 0 {
		all := make([]*net.UDPAddr, 0, len(public))
		for _, ip := range public {
			all = append(all, &net.UDPAddr{IP: ip.AsSlice(), Port: port})
		}
		return all, nil
	}
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list network addresses: %w", err)
	}
	var all []*net.UDPAddr
	for _, a := range found {
		n, ok := a.(*net.IPNet)
		if !ok || n.IP.IsLinkLocalUnicast() || n.IP.IsMulticast() {
			continue
		}
		all = append(all, &net.UDPAddr{IP: n.IP, Port: port})
	}
	slices.SortStableFunc(all, func(a, b *net.UDPAddr) int { return worth(b.IP) - worth(a.IP) })
	return all, nil
}

// worth orders addresses: IPv4 before IPv6, loopback last.
func worth(ip net.IP) int {
	n := 0
	if !ip.IsLoopback() {
		n += 2
	}
	if ip.To4() != nil {
		n++
	}
	return n
}
