//go:build !linux

package netio

import (
	"net"
	"net/netip"
	"syscall"
)

const (
	batchSize = 1
	canShare  = false
)

func share(string, string, syscall.RawConn) error { return nil }

// rawAddr is the address itself.
type rawAddr struct{ addr netip.AddrPort }

type reader struct{ conn *net.UDPConn }

func (r *reader) prepare(u *net.UDPConn) error {
	r.conn = u
	return nil
}

// fill waits for a datagram.
func (r *reader) fill(b *batch) error {
	b.n, b.next = 0, 0
	n, from, err := r.conn.ReadFromUDPAddrPort(b.bufs[0])
	if err != nil {
		return err
	}
	b.n, b.sizes[0], b.from[0] = 1, n, from
	return nil
}

func missed(*net.UDPConn) (uint64, bool) { return 0, false }

type output struct{ conn *net.UDPConn }

func (o *output) prepare(u *net.UDPConn) error {
	o.conn = u
	return nil
}

func (o *output) runs() bool { return false }

func (o *output) address(to netip.AddrPort) rawAddr { return rawAddr{to} }

func (o *output) send(b []byte, _ int, to *rawAddr) error {
	_, err := o.conn.WriteToUDPAddrPort(b, to.addr)
	return err
}

func refusal(error) bool { return false }

func full(error) bool { return false }
