package oneport

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// lane is the listener of one protocol. Closing it closes what is offered to it from then
// on; the port goes on.
type lane struct {
	address net.Addr
	conns   chan net.Conn
	ended   chan struct{}
	ending  sync.Once
	taken   atomic.Uint64 // connections handed over
}

func newLane(address net.Addr) *lane {
	return &lane{address: address, conns: make(chan net.Conn), ended: make(chan struct{})}
}

// Accept waits for a connection. Errors: net.ErrClosed.
func (l *lane) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.ended:
		return nil, net.ErrClosed
	}
}

// Close ends the lane.
func (l *lane) Close() error {
	l.ending.Do(func() { close(l.ended) })
	return nil
}

// Addr returns the address of the port.
func (l *lane) Addr() net.Addr { return l.address }

// offer hands a connection over; it reports false when nobody takes it in time.
func (l *lane) offer(ctx context.Context, c net.Conn, within time.Duration) bool {
	patience := time.NewTimer(within)
	defer patience.Stop()
	select {
	case l.conns <- c:
		l.taken.Add(1)
		return true
	case <-l.ended:
	case <-ctx.Done():
	case <-patience.C:
	}
	return false
}
