package icetcp

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

const (
	// arriving is how many packets wait for the agent; then TCP holds the sender back.
	arriving = 64
	// maxLines is how many connections a session may have for one IP version: a browser
	// makes one for every address it is told, and again at every ICE restart.
	maxLines = 16
)

// packet is one that has arrived.
type packet struct {
	data *[]byte
	from *net.TCPAddr
}

// conn is the media of one session over TCP: a net.PacketConn over its connections.
type conn struct {
	mux   *Mux
	id    key
	local *net.TCPAddr
	in    chan packet

	closed  chan struct{}
	closing sync.Once

	linesMu sync.Mutex // guards lines
	lines   map[netip.AddrPort]*line
}

// add takes a connection in; it reports false when there are too many, or the session
// has ended.
func (c *conn) add(l *line) bool {
	c.linesMu.Lock()
	defer c.linesMu.Unlock()
	if c.ended() || len(c.lines) >= maxLines {
		return false
	}
	c.lines[placeOf(l.from)] = l
	return true
}

func (c *conn) remove(l *line) {
	c.linesMu.Lock()
	defer c.linesMu.Unlock()
	if place := placeOf(l.from); c.lines[place] == l {
		delete(c.lines, place)
	}
}

func (c *conn) ended() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// arrive hands a packet to the agent; it reports false when the session has ended.
func (c *conn) arrive(p packet) bool {
	select {
	case c.in <- p:
		return true
	case <-c.closed:
		return false
	}
}

// ReadFrom reads a packet. A connection that ends is no error: others may come.
func (c *conn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case p := <-c.in:
		n := copy(b, *p.data)
		c.mux.pool.Put(p.data)
		return n, p.from, nil
	case <-c.closed:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo sends a packet on the connection of an address. It never waits.
func (c *conn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.linesMu.Lock()
	l := c.lines[placeOf(to)]
	c.linesMu.Unlock()
	if l == nil || len(b) > maxFrame {
		return 0, net.ErrClosed
	}
	if !l.send(b) {
		c.mux.dropped.Add(1)
	}
	return len(b), nil
}

// Close ends the session's TCP; again and again is no error.
func (c *conn) Close() error {
	c.closing.Do(func() {
		c.mux.forget(c)
		c.linesMu.Lock()
		close(c.closed)
		lines := c.lines
		c.lines = nil
		c.linesMu.Unlock()
		for _, l := range lines {
			l.end()
		}
	})
	return nil
}

// LocalAddr returns the address of the local candidate.
func (c *conn) LocalAddr() net.Addr { return c.local }

// SetDeadline is not supported: an ICE agent sets none.
func (c *conn) SetDeadline(time.Time) error { return os.ErrNoDeadline }

// SetReadDeadline is not supported.
func (c *conn) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

// SetWriteDeadline is not supported; writing never waits.
func (c *conn) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }
