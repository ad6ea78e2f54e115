package relay

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// idleFor ends a connection that says nothing: ICE asks for consent every five seconds.
const idleFor = time.Minute

// listener bounds the connections of TURN, and closes them with itself. A connection is
// there for its relay: without one it is waiting, and not for long.
type listener struct {
	net.Listener

	most   int // waiting
	share  int // of them, of one address
	within time.Duration

	connsMu sync.Mutex // guards what follows, and what the conns of it say
	conns   map[netip.AddrPort]*held
	waiting int
	at      map[netip.Prefix]int // waiting, by address
	closed  bool
}

func newListener(l net.Listener, most int, within time.Duration) *listener {
	return &listener{
		Listener: l, most: max(64, most), share: max(8, most/8), within: within,
		conns: make(map[netip.AddrPort]*held), at: make(map[netip.Prefix]int),
	}
}

// Accept waits for a connection; those above the bounds are closed.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if h := l.add(c); h != nil {
			return h, nil
		}
		_ = c.Close() // there is no place
	}
}

func (l *listener) add(c net.Conn) *held {
	from, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return nil
	}
	l.connsMu.Lock()
	defer l.connsMu.Unlock()
	if l.closed || l.conns[from] != nil || l.waiting >= l.most || l.at[networkOf(from.Addr())] >= l.share {
		return nil
	}
	h := &held{Conn: c, of: l, from: from}
	l.conns[from] = h
	l.wait(h)
	return h
}

// wait counts a connection that has no relay, and gives it its time; with connsMu held.
func (l *listener) wait(h *held) {
	h.waits, h.until = true, time.Now().Add(l.within)
	l.waiting++
	l.at[networkOf(h.from.Addr())]++
}

// settle undoes wait; with connsMu held.
func (l *listener) settle(h *held) {
	if !h.waits {
		return
	}
	h.waits = false
	l.waiting--
	network := networkOf(h.from.Addr())
	if l.at[network]--; l.at[network] == 0 {
		delete(l.at, network)
	}
}

// holds notes whether a connection has a relay.
func (l *listener) holds(from netip.AddrPort, has bool) {
	l.connsMu.Lock()
	defer l.connsMu.Unlock()
	h := l.conns[from]
	if h == nil || h.waits != has {
		return
	}
	if has {
		l.settle(h)
		return
	}
	l.wait(h)
	_ = h.SetReadDeadline(h.until) // it is being read; a broken one fails there
}

// Close closes the listener and its connections.
func (l *listener) Close() error {
	l.connsMu.Lock()
	l.closed = true
	all := l.conns
	l.conns = make(map[netip.AddrPort]*held)
	l.connsMu.Unlock()
	for _, h := range all {
		_ = h.Conn.Close() // it is over either way
	}
	return l.Listener.Close()
}

// held is a connection that ends when it has been idle, or without a relay for too long.
type held struct {
	net.Conn

	of   *listener
	from netip.AddrPort

	waits bool      // for a relay
	until time.Time // while it waits
}

// Read gives up after idleFor, or when the wait for a relay is over.
func (h *held) Read(b []byte) (int, error) {
	if err := h.limit(); err != nil {
		return 0, err
	}
	return h.Conn.Read(b)
}

func (h *held) limit() error {
	h.of.connsMu.Lock()
	defer h.of.connsMu.Unlock()
	until := time.Now().Add(idleFor)
	if h.waits {
		until = h.until
	}
	return h.SetReadDeadline(until)
}

// Close gives the place back.
func (h *held) Close() error {
	h.of.connsMu.Lock()
	if h.of.conns[h.from] == h {
		delete(h.of.conns, h.from)
		h.of.settle(h)
	}
	h.of.connsMu.Unlock()
	return h.Conn.Close()
}
