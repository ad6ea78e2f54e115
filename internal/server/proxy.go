package server

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

// BehindProxies returns a listener whose connections from the given ranges may begin with
// a PROXY header, version 1 or 2, and then tell the client's address as their own. All
// other connections are left as they are: what they say about themselves is not believed.
// (The PROXY protocol, HAProxy Technologies, 2020/03/05.)
func BehindProxies(l net.Listener, proxies []netip.Prefix) net.Listener {
	if len(proxies) == 0 {
		return l
	}
	return &proxyListener{Listener: l, proxies: proxies}
}

type proxyListener struct {
	net.Listener

	proxies []netip.Prefix
}

// Accept never waits for a header: whoever reads the connection does.
func (l *proxyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	peer, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return c, nil //nolint:nilerr // not TCP: no proxy of ours
	}
	inside := func(p netip.Prefix) bool { return p.Contains(peer.Addr().Unmap()) }
	if !slices.ContainsFunc(l.proxies, inside) {
		return c, nil
	}
	return &proxiedConn{Conn: c, reader: bufio.NewReaderSize(c, 512)}, nil
}

// proxiedConn reads a header, if there is one, before anything else. Safe for concurrent
// use as far as the connection within is.
type proxiedConn struct {
	net.Conn

	reader *bufio.Reader
	once   sync.Once
	from   net.Addr // nil: the peer itself
	err    error
}

// Read reads what follows the header.
func (c *proxiedConn) Read(p []byte) (int, error) {
	if c.once.Do(c.header); c.err != nil {
		return 0, c.err
	}
	return c.reader.Read(p)
}

// RemoteAddr returns the client's address. The first call may wait for the header.
func (c *proxiedConn) RemoteAddr() net.Addr {
	if c.once.Do(c.header); c.from != nil {
		return c.from
	}
	return c.Conn.RemoteAddr()
}

// NetConn returns the connection beneath, for its socket options.
func (c *proxiedConn) NetConn() net.Conn { return c.Conn }

// What headers begin with.
const (
	proxyV1 = "PROXY "
	proxyV2 = "\r\n\r\n\x00\r\nQUIT\n"
)

var errProxyHeader = errors.New("PROXY header is malformed")

func (c *proxiedConn) header() {
	_ = c.SetReadDeadline(time.Now().Add(headerWithin)) // a broken connection fails at the read
	c.from, c.err = readProxyHeader(c.reader)
	_ = c.SetReadDeadline(time.Time{})
}

// readProxyHeader takes a header off the front of r and returns the address in it; nil
// without a header, or when it names none. Errors: errProxyHeader, and those of r.
func readProxyHeader(r *bufio.Reader) (net.Addr, error) {
	first, err := r.Peek(1)
	if err != nil {
		return nil, err
	}
	switch first[0] {
	case proxyV1[0]: // or POST, PUT, PATCH
		if start, err := r.Peek(len(proxyV1)); err != nil || string(start) != proxyV1 {
			return nil, err
		}
		return readProxyV1(r)
	case proxyV2[0]:
		if start, err := r.Peek(len(proxyV2)); err != nil || string(start) != proxyV2 {
			return nil, err
		}
		return readProxyV2(r)
	}
	return nil, nil //nolint:nilnil // no header is no fault
}

const proxyV1Max = 107 // bytes, line end included

// readProxyV1 reads "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n".
func readProxyV1(r *bufio.Reader) (net.Addr, error) {
	line, err := r.ReadSlice('\n')
	if err != nil || len(line) > proxyV1Max {
		return nil, errors.Join(errProxyHeader, err)
	}
	words := strings.Split(strings.TrimRight(string(line), "\r\n"), " ")
	if words[1] == "UNKNOWN" {
		return nil, nil //nolint:nilnil // the proxy itself asks
	}
	if len(words) != 6 || (words[1] != "TCP4" && words[1] != "TCP6") {
		return nil, errProxyHeader
	}
	from, err := netip.ParseAddrPort(net.JoinHostPort(words[2], words[4]))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errProxyHeader, err)
	}
	return net.TCPAddrFromAddrPort(from), nil
}

// readProxyV2 reads the binary header: signature, version and command, family, length,
// addresses, and extensions, which are passed over.
func readProxyV2(r *bufio.Reader) (net.Addr, error) {
	var head [16]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	const version, local, proxied = 0x2, 0x20, 0x21
	if head[12]>>4 != version || (head[12] != local && head[12] != proxied) {
		return nil, errProxyHeader
	}
	rest := io.LimitReader(r, int64(binary.BigEndian.Uint16(head[14:])))
	var from net.Addr
	if head[12] == proxied {
		var err error
		if from, err = readProxyV2Source(rest, head[13]); err != nil {
			return nil, err
		}
	}
	if _, err := io.Copy(io.Discard, rest); err != nil {
		return nil, err
	}
	return from, nil
}

func readProxyV2Source(rest io.Reader, family byte) (net.Addr, error) {
	const tcp4, tcp6 = 0x11, 0x21
	bytesEach := map[byte]int{tcp4: 4, tcp6: 16}[family]
	if bytesEach == 0 {
		return nil, nil //nolint:nilnil // a family without an address we could count by
	}
	addresses := make([]byte, 2*bytesEach+4) // source, destination, both ports
	if _, err := io.ReadFull(rest, addresses); err != nil {
		return nil, errors.Join(errProxyHeader, err)
	}
	source, _ := netip.AddrFromSlice(addresses[:bytesEach])
	port := binary.BigEndian.Uint16(addresses[2*bytesEach:])
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(source.Unmap(), port)), nil
}
