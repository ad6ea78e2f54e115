package relay

import (
	"net"
	"sync"
	"time"
)

// idleFor ends a connection that says nothing: ICE asks for consent every five seconds.
const idleFor = time.Minute

// listener bounds the connections of TURN, and closes them with itself.
type listener struct {
	net.Listener

	most int

	connsMu sync.Mutex // guards conns, closed
	conns   map[*held]struct{}
	closed  bool
}

// Accept waits for a connection; those above the bound are closed.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if h := (&held{Conn: c, of: l}); l.add(h) {
			return h, nil
		}
		_ = c.Close() // there is no place
	}
}

func (l *listener) add(h *held) bool {
	l.connsMu.Lock()
	defer l.connsMu.Unlock()
	if l.closed || len(l.conns) >= l.most {
		return false
	}
	l.conns[h] = struct{}{}
	return true
}

// Close closes the listener and its connections.
func (l *listener) Close() error {
	l.connsMu.Lock()
	l.closed = true
	all := l.conns
	l.conns = make(map[*held]struct{})
	l.connsMu.Unlock()
	for h := range all {
		_ = h.Conn.Close() // it is over either way
	}
	return l.Listener.Close()
}

// held is a connection that ends when it has been idle.
type held struct {
	net.Conn

	of *listener
}

// Read gives up after idleFor.
func (h *held) Read(b []byte) (int, error) {
	if err := h.SetReadDeadline(time.Now().Add(idleFor)); err != nil {
		return 0, err
	}
	return h.Conn.Read(b)
}

// Close gives the place back.
func (h *held) Close() error {
	h.of.connsMu.Lock()
	delete(h.of.conns, h)
	h.of.connsMu.Unlock()
	return h.Conn.Close()
}
