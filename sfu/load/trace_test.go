//go:build linux

package load_test

import (
	"net"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// traced is the socket of the one receiver whose arrivals are recorded. The kernel notes
// when a datagram came; those of one run came at once and have one time, whenever they
// are read, which tells runs from flushes that were read together.
type traced struct {
	*net.UDPConn
	tap func([]byte, netip.AddrPort) bool
	buf []byte
	oob []byte
	at  time.Time // of the last datagram
}

func newTraced(tap func([]byte, netip.AddrPort) bool) (*traced, error) {
	u, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return nil, err
	}
	var option error
	if err := raw.Control(func(fd uintptr) {
		option = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	}); err != nil || option != nil {
		return nil, option
	}
	_ = u.SetReadBuffer(4 << 20)
	return &traced{UDPConn: u, tap: tap, buf: make([]byte, 2048), oob: make([]byte, 128)}, nil
}

// ReadFromAddrPort reads until the connection is closed; the tap takes everything.
func (c *traced) ReadFromAddrPort([]byte) (int, netip.AddrPort, error) {
	for {
		n, oob, _, from, err := c.ReadMsgUDPAddrPort(c.buf, c.oob)
		if err != nil {
			return 0, netip.AddrPort{}, err
		}
		c.at = time.Now()
		if messages, err := unix.ParseSocketControlMessage(c.oob[:oob]); err == nil {
			for _, m := range messages {
				if m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) >= int(unsafe.Sizeof(unix.Timespec{})) {
					ts := (*unix.Timespec)(unsafe.Pointer(&m.Data[0]))
					c.at = time.Unix(ts.Unix())
				}
			}
		}
		c.tap(c.buf[:n], from)
	}
}

// WriteToAddrPort sends one datagram.
func (c *traced) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	return c.WriteToUDPAddrPort(b, to)
}
