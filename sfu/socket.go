package sfu

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/pion/ice/v4"
)

// socketBuffer is asked of the kernel for both directions, in bytes; it gives what
// net.core.rmem_max and wmem_max allow.
const socketBuffer = 4 << 20

// socket is the one UDP socket of the process, beneath pion's mux. Everything that is
// received and sent passes here.
type socket struct{ *net.UDPConn }

// ReadFromAddrPort spares pion an allocation per packet (ice.AddrPortReaderWriter).
func (s *socket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	return s.ReadFromUDPAddrPort(b)
}

// WriteToAddrPort spares pion an allocation per packet (ice.AddrPortReaderWriter).
func (s *socket) WriteToAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	return s.WriteToUDPAddrPort(b, addr)
}

func listen(port int) (*socket, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{Port: port})
	if err != nil {
		return nil, fmt.Errorf("listen on udp port %d: %w", port, err)
	}
	_ = conn.SetReadBuffer(socketBuffer)  // the kernel's own size will do
	_ = conn.SetWriteBuffer(socketBuffer) // likewise
	return &socket{UDPConn: conn}, nil
}

// mux announces the addresses of our choice as host candidates.
type mux struct {
	*ice.UDPMuxDefault
	addresses []net.Addr
}

// GetListenAddresses returns what becomes candidates.
func (m *mux) GetListenAddresses() []net.Addr { return m.addresses }

// announced returns the addresses peers are told: the public ones, or all of the
// interfaces that are up, loopback included so that a rehearsal on one machine works.
func announced(public []netip.Addr, port int) ([]net.Addr, error) {
	if len(public) > 0 {
		all := make([]net.Addr, 0, len(public))
		for _, ip := range public {
			all = append(all, &net.UDPAddr{IP: ip.AsSlice(), Port: port})
		}
		return all, nil
	}
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list network addresses: %w", err)
	}
	var all []net.Addr
	for _, a := range found {
		n, ok := a.(*net.IPNet)
		if !ok || n.IP.IsLinkLocalUnicast() || n.IP.IsMulticast() {
			continue
		}
		all = append(all, &net.UDPAddr{IP: n.IP, Port: port})
	}
	return all, nil
}
