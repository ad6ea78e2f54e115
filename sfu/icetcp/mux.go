package icetcp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// firstWithin is how long a connection may take for its first frame.
const firstWithin = 10 * time.Second

// key names the Conn of a session.
type key struct {
	session string // the local ICE user fragment
	v6      bool
}

// Mux deals the connections of a listener out to ICE agents; it is an ice.TCPMux and an
// ice.AllConnsGetter. Safe for concurrent use.
type Mux struct {
	lines, unknown, dropped atomic.Int64 // see Stats

	listener net.Listener
	pool     sync.Pool // of *[]byte

	connsMu sync.Mutex // guards conns, closed
	conns   map[key]*conn
	closed  bool
}

// Stats are a Mux's counters.
type Stats struct {
	Lines   int64 // connections now
	Unknown int64 // closed: for no session of ours, or not ICE
	Dropped int64 // packets that did not fit the queue of a slow connection
}

// New returns a Mux; nothing is accepted before Run.
func New(l net.Listener) *Mux {
	m := &Mux{listener: l, conns: make(map[key]*conn)}
	m.pool.New = func() any { b := make([]byte, 0, room); return &b }
	return m
}

// Stats returns the counters.
func (m *Mux) Stats() Stats {
	return Stats{Lines: m.lines.Load(), Unknown: m.unknown.Load(), Dropped: m.dropped.Load()}
}

// Run accepts until ctx ends, then ends every session's TCP.
func (m *Mux) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	group.Go(func() { // ends with stop
		<-ctx.Done()
		_ = m.Close() // as below
	})
	for {
		c, err := m.listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return nil
			}
			return fmt.Errorf("accept media: %w", err)
		}
		// Ends by its first deadline, with its session, or because ctx closes it.
		group.Go(func() {
			defer context.AfterFunc(ctx, func() { _ = c.Close() })()
			m.serve(c)
		})
	}
}

// serve reads a connection until it or its session ends.
func (m *Mux) serve(c net.Conn) {
	defer c.Close() //nolint:errcheck // it is over either way
	r := bufio.NewReaderSize(c, batch)
	first := make([]byte, maxFrame)
	_ = c.SetReadDeadline(time.Now().Add(firstWithin)) // a broken connection fails at the read
	n, err := readFrame(r, first)
	from, is := c.RemoteAddr().(*net.TCPAddr)
	if err != nil || !is {
		m.unknown.Add(1)
		return
	}
	_ = c.SetReadDeadline(time.Time{}) // likewise
	to := m.find(session(first[:n]), from.IP.To4() == nil)
	l := newLine(c, from, &m.pool)
	if to == nil || !to.add(l) {
		m.unknown.Add(1)
		return
	}
	m.lines.Add(1)
	defer m.lines.Add(-1)
	var writer sync.WaitGroup
	writer.Go(l.write) // ends with the line, below
	defer writer.Wait()
	defer to.remove(l)
	defer l.end()
	for {
		data, is := m.pool.Get().(*[]byte)
		if !is {
			return
		}
		*data = append((*data)[:0], first[:n]...)
		if n > 0 && !to.arrive(packet{data, from}) {
			return
		}
		if n, err = readFrame(r, first); err != nil {
			return
		}
	}
}

// find returns a session's Conn for an IP version, or the one it has: a proxy in front
// may speak another version than the client.
func (m *Mux) find(session string, v6 bool) *conn {
	m.connsMu.Lock()
	defer m.connsMu.Unlock()
	if c := m.conns[key{session, v6}]; c != nil {
		return c
	}
	return m.conns[key{session, !v6}]
}

// GetAllConns returns the Conn of a session for an IP version to whoever asks first, and
// nothing after that: pion asks for every interface, and one candidate will do.
func (m *Mux) GetAllConns(ufrag string, isIPv6 bool, local net.IP) ([]net.PacketConn, error) {
	m.connsMu.Lock()
	defer m.connsMu.Unlock()
	id := key{ufrag, isIPv6}
	switch {
	case m.closed:
		return nil, net.ErrClosed
	case m.conns[id] != nil:
		return nil, nil
	}
	at := &net.TCPAddr{IP: local}
	if a, is := m.listener.Addr().(*net.TCPAddr); is {
		at.Port = a.Port
	}
	c := &conn{
		mux: m, id: id, local: at, in: make(chan packet, arriving), closed: make(chan struct{}), lines: make(map[netip.AddrPort]*line),
	}
	m.conns[id] = c
	return []net.PacketConn{c}, nil
}

// GetConnByUfrag is GetAllConns for one.
func (m *Mux) GetConnByUfrag(ufrag string, isIPv6 bool, local net.IP) (net.PacketConn, error) {
	all, err := m.GetAllConns(ufrag, isIPv6, local)
	if err != nil || len(all) == 0 {
		return nil, errors.Join(err, net.ErrClosed)
	}
	return all[0], nil
}

// RemoveConnByUfrag ends a session's TCP.
func (m *Mux) RemoveConnByUfrag(ufrag string) {
	for _, v6 := range []bool{false, true} {
		m.connsMu.Lock()
		c := m.conns[key{ufrag, v6}]
		m.connsMu.Unlock()
		if c != nil {
			_ = c.Close() // cannot fail
		}
	}
}

func (m *Mux) forget(c *conn) {
	m.connsMu.Lock()
	defer m.connsMu.Unlock()
	if m.conns[c.id] == c {
		delete(m.conns, c.id)
	}
}

// Close ends all.
func (m *Mux) Close() error {
	m.connsMu.Lock()
	m.closed = true
	all := make([]*conn, 0, len(m.conns))
	for _, c := range m.conns {
		all = append(all, c)
	}
	m.connsMu.Unlock()
	for _, c := range all {
		_ = c.Close() // cannot fail
	}
	return m.listener.Close()
}
