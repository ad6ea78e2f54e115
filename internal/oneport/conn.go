package oneport

import (
	"crypto/tls"
	"io"
	"net"
)

// peeked is a connection whose first bytes were looked at; they are read again.
type peeked struct {
	net.Conn

	head  [headSize]byte
	have  int // bytes in head
	taken int // of them, read by the owner
}

// peek fills the head until first has a verdict.
func (c *peeked) peek() (kind, error) {
	for {
		what, need := first(c.head[:c.have])
		if what != kindOpen {
			return what, nil
		}
		n, err := io.ReadAtLeast(c.Conn, c.head[c.have:], need-c.have)
		c.have += n
		if err != nil {
			return kindOpen, err
		}
	}
}

// Read reads the head again, then what follows. It has one reader at a time, as TLS, HTTP
// and TURN do.
func (c *peeked) Read(p []byte) (int, error) {
	if c.taken == c.have {
		return c.Conn.Read(p)
	}
	n := copy(p, c.head[c.taken:c.have])
	c.taken += n
	return n, nil
}

// NetConn returns the connection beneath.
func (c *peeked) NetConn() net.Conn { return c.Conn }

// Secure is a TLS connection whose first bytes were looked at, because its client named no
// protocol in the handshake. It is not a *tls.Conn, but net/http believes its
// ConnectionState (since Go 1.26).
type Secure struct {
	peeked

	conn *tls.Conn
}

func newSecure(conn *tls.Conn) *Secure { return &Secure{peeked: peeked{Conn: conn}, conn: conn} }

// ConnectionState returns what the handshake agreed on.
func (c *Secure) ConnectionState() tls.ConnectionState { return c.conn.ConnectionState() }

// shorten bounds what the kernel holds for a media connection in its send buffer, in
// bytes: media that waits there is late. It also is more than 10 Mbit/s need at 200 ms.
func shorten(c net.Conn) {
	const sendBuffer = 256 << 10
	for {
		switch at := c.(type) {
		case interface{ SetWriteBuffer(bytes int) error }:
			_ = at.SetWriteBuffer(sendBuffer) // the kernel's own size is no fault
			return
		case interface{ NetConn() net.Conn }:
			c = at.NetConn()
		default:
			return
		}
	}
}
