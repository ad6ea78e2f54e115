package icetcp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// queued is how many packets wait for a connection: half a second of 4 Mbit/s.
	queued = 256
	// batch is how much is written at once, in bytes.
	batch = 16 << 10
	// stuckFor ends a connection that takes nothing.
	stuckFor = 10 * time.Second
	// room of a pooled packet, length included; a longer one is made.
	room = 2048
)

// line is one TCP connection of a session.
type line struct {
	net.Conn

	from *net.TCPAddr
	out  chan *[]byte // framed, from the pool
	pool *sync.Pool

	gone  chan struct{}
	going sync.Once
}

func newLine(c net.Conn, from *net.TCPAddr, pool *sync.Pool) *line {
	return &line{Conn: c, from: from, pool: pool, out: make(chan *[]byte, queued), gone: make(chan struct{})}
}

// send queues a packet; it reports false when the queue is full. It never waits.
func (l *line) send(packet []byte) bool {
	framed, is := l.pool.Get().(*[]byte)
	if !is {
		return false
	}
	*framed = binary.BigEndian.AppendUint16((*framed)[:0], uint16(len(packet)))
	*framed = append(*framed, packet...)
	select {
	case l.out <- framed:
		return true
	default:
		l.pool.Put(framed)
		return false
	}
}

// write sends what is queued, as much at once as there is, until the line ends.
func (l *line) write() {
	together := make([]byte, 0, batch+maxFrame+lengthOf)
	for {
		select {
		case <-l.gone:
			return
		case framed := <-l.out:
			together = l.gather(together[:0], framed)
		}
		_ = l.SetWriteDeadline(time.Now().Add(stuckFor)) // a broken connection fails at the write
		if _, err := l.Write(together); err != nil {
			l.end()
			return
		}
	}
}

func (l *line) gather(to []byte, framed *[]byte) []byte {
	for {
		to = append(to, *framed...)
		l.pool.Put(framed)
		if len(to) >= batch {
			return to
		}
		select {
		case framed = <-l.out:
		default:
			return to
		}
	}
}

// end closes the connection, once.
func (l *line) end() {
	l.going.Do(func() {
		close(l.gone)
		_ = l.Close() // it is over either way
	})
}

// placeOf returns an address to find a line by.
func placeOf(a net.Addr) netip.AddrPort {
	at, is := a.(*net.TCPAddr)
	if !is {
		return netip.AddrPort{}
	}
	place := at.AddrPort()
	return netip.AddrPortFrom(place.Addr().Unmap(), place.Port())
}
