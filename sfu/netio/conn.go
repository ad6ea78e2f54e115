package netio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// MaxPacket is the longest datagram that is read whole, in bytes; longer ones are cut off.
const MaxPacket = 2048

// socketBuffer is asked of the kernel for each socket and direction, in bytes; it gives
// what net.core.rmem_max and wmem_max allow.
const socketBuffer = 4 << 20

// Config is what a Conn needs.
type Config struct {
	Port    int // 0: a free one
	Sockets int // that share the port; at most 1 where the system has no SO_REUSEPORT
	// Tap sees every datagram before ReadFromAddrPort does, and takes it by returning
	// true. It is called by one goroutine per socket, must not block and must not keep b.
	Tap func(b []byte, from netip.AddrPort) bool
}

// Conn is one UDP port of both IP versions. It is a net.PacketConn and pion's
// ice.AddrPortReaderWriter; only one goroutine may read.
type Conn struct {
	tap     func([]byte, netip.AddrPort) bool
	sockets []*socket
	now     *batch      // being handed out by ReadFromAddrPort
	full    chan *batch // from the readers; nil with one socket
	gone    chan struct{}
	closing sync.Once
	counts  counts
}

// counts are shared by all writers of a Conn.
type counts struct{ calls, packets, refused, dropped, failed atomic.Uint64 }

// Stats are the counters of a Conn since it was made.
type Stats struct {
	Calls   uint64 // system calls of the writers
	Packets uint64 // packets they sent
	Refused uint64 // runs the kernel refused; their packets went out one by one
	Dropped uint64 // packets it had no room for
	Missed  uint64 // packets that came and that the kernel dropped: they were not read in time (Linux)
	Failed  uint64 // receive calls that failed
}

// socket is one of the sockets of a port.
type socket struct {
	*net.UDPConn
	read   reader
	fill   func(*batch) error // read.fill
	missed atomic.Uint64      // by the last look
}

// batch is what one system call received.
type batch struct {
	n, next int
	sizes   []int
	from    []netip.AddrPort
	bufs    [][]byte
	home    chan *batch // where it goes when it has been read; nil: it stays
}

func newBatch(size int, home chan *batch) *batch {
	b := &batch{sizes: make([]int, size), from: make([]netip.AddrPort, size), bufs: make([][]byte, size), home: home}
	for i := range b.bufs {
		b.bufs[i] = make([]byte, MaxPacket)
	}
	return b
}

// Listen binds the port. Nothing is read before ReadFromAddrPort (one socket) or Serve
// (several) is called.
func Listen(cfg Config) (*Conn, error) {
	sockets, err := open(cfg.Port, max(1, cfg.Sockets))
	if err != nil {
		return nil, fmt.Errorf("listen on udp port %d: %w", cfg.Port, err)
	}
	c := &Conn{tap: cfg.Tap, gone: make(chan struct{})}
	for _, u := range sockets {
		_ = u.SetReadBuffer(socketBuffer)  // the kernel's own size will do
		_ = u.SetWriteBuffer(socketBuffer) // likewise
		s := &socket{UDPConn: u}
		if err := s.read.prepare(u); err != nil {
			_ = c.Close() // the first error is what matters
			return nil, fmt.Errorf("prepare the media socket: %w", err)
		}
		s.fill = s.read.fill
		c.sockets = append(c.sockets, s)
	}
	if len(c.sockets) == 1 {
		c.now = newBatch(batchSize, nil)
	} else {
		c.full = make(chan *batch, len(c.sockets))
	}
	return c, nil
}

// open binds n sockets to the port. The port is taken alone first: SO_REUSEPORT would let
// a second process share it, and it would get half of the packets.
func open(port, n int) ([]*net.UDPConn, error) {
	first, err := net.ListenUDP("udp", &net.UDPAddr{Port: port})
	if err != nil || n == 1 || !canShare {
		return []*net.UDPConn{first}, err
	}
	if a, ok := first.LocalAddr().(*net.UDPAddr); ok {
		port = a.Port
	}
	if err := first.Close(); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: share}
	var all []*net.UDPConn
	for range n {
		p, err := config.ListenPacket(context.Background(), "udp", fmt.Sprintf(":%d", port))
		if u, ok := p.(*net.UDPConn); err == nil && ok {
			all = append(all, u)
			continue
		}
		for _, u := range all {
			err = errors.Join(err, u.Close())
		}
		return nil, err
	}
	return all, nil
}

// Serve reads several sockets until the Conn is closed; with one socket it returns at once.
func (c *Conn) Serve() {
	if c.full == nil {
		return
	}
	var all sync.WaitGroup
	for _, s := range c.sockets {
		// Ended by Close, which ends the read.
		all.Go(func() { c.serve(s) })
	}
	all.Wait()
}

func (c *Conn) serve(s *socket) {
	const batches = 4
	home := make(chan *batch, batches)
	for range batches {
		home <- newBatch(batchSize, home)
	}
	for {
		var b *batch
		select {
		case b = <-home:
		case <-c.gone:
			return
		}
		if err := c.receive(s, b); errors.Is(err, net.ErrClosed) {
			return
		} else if err != nil { // a deadline is for who reads
			c.pause()
			b.n = 0
		}
		if c.filter(b); b.n == 0 {
			home <- b
			continue
		}
		select {
		case c.full <- b:
		case <-c.gone:
			return
		}
	}
}

// afterFailure is how long reading pauses when the kernel could not receive.
const afterFailure = 10 * time.Millisecond

// receive fills the batch. What fails for a while (no memory, a network that goes) must not
// end the media of everybody for good: only a closed socket and a deadline are errors.
func (c *Conn) receive(s *socket, b *batch) error {
	for {
		err := s.fill(b)
		if err == nil || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		c.counts.failed.Add(1)
		if !c.pause() {
			return net.ErrClosed
		}
	}
}

// pause waits for a moment; false: the Conn was closed.
func (c *Conn) pause() bool {
	timer := time.NewTimer(afterFailure)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.gone:
		return false
	}
}

// filter takes out what the tap takes.
func (c *Conn) filter(b *batch) {
	b.next = 0
	if c.tap == nil {
		return
	}
	kept := 0
	for i := range b.n {
		if c.tap(b.bufs[i][:b.sizes[i]], b.from[i]) {
			continue
		}
		b.bufs[kept], b.bufs[i] = b.bufs[i], b.bufs[kept]
		b.sizes[kept], b.from[kept] = b.sizes[i], b.from[i]
		kept++
	}
	b.n = kept
}

// ReadFromAddrPort returns the next datagram the tap left.
func (c *Conn) ReadFromAddrPort(p []byte) (int, netip.AddrPort, error) {
	for c.now == nil || c.now.next == c.now.n {
		if err := c.more(); err != nil {
			return 0, netip.AddrPort{}, err
		}
	}
	b := c.now
	i := b.next
	b.next++
	return copy(p, b.bufs[i][:b.sizes[i]]), b.from[i], nil
}

// more gets the next batch.
func (c *Conn) more() error {
	if c.full == nil {
		if err := c.receive(c.sockets[0], c.now); err != nil {
			return err
		}
		c.filter(c.now)
		return nil
	}
	if c.now != nil {
		c.now.home <- c.now
		c.now = nil
	}
	select {
	case c.now = <-c.full:
		return nil
	case <-c.gone:
		return net.ErrClosed
	}
}

// WriteToAddrPort sends one datagram; any goroutine may call it.
func (c *Conn) WriteToAddrPort(p []byte, to netip.AddrPort) (int, error) {
	return c.sockets[0].WriteToUDPAddrPort(p, to)
}

// ReadFrom is ReadFromAddrPort for who wants a net.Addr.
func (c *Conn) ReadFrom(p []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromAddrPort(p)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteTo is WriteToAddrPort for who has a net.Addr.
func (c *Conn) WriteTo(p []byte, to net.Addr) (int, error) { return c.sockets[0].WriteTo(p, to) }

// LocalAddr returns the address of the port.
func (c *Conn) LocalAddr() net.Addr { return c.sockets[0].LocalAddr() }

// Sockets returns how many sockets share the port.
func (c *Conn) Sockets() int { return len(c.sockets) }

// Stats returns the counters; any goroutine may call it. It asks the kernel: not for the
// packet path.
func (c *Conn) Stats() Stats {
	stats := Stats{
		Calls: c.counts.calls.Load(), Packets: c.counts.packets.Load(),
		Refused: c.counts.refused.Load(), Dropped: c.counts.dropped.Load(), Failed: c.counts.failed.Load(),
	}
	for _, s := range c.sockets {
		if n, ok := missed(s.UDPConn); ok {
			s.missed.Store(n)
		}
		stats.Missed += s.missed.Load() // what it was before the socket was closed
	}
	return stats
}

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline bounds reading.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.sockets[0].SetReadDeadline(t) }

// SetWriteDeadline bounds writing by WriteToAddrPort and WriteTo.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.sockets[0].SetWriteDeadline(t) }

// Close ends reading and writing. Writers must not be used any more.
func (c *Conn) Close() error {
	var err error
	c.closing.Do(func() {
		close(c.gone)
		for _, s := range c.sockets {
			err = errors.Join(err, s.Close())
		}
	})
	return err
}
