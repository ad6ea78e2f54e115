package sfu

import (
	"net/netip"
	"sync"

	"github.com/pion/ice/v4"

	"github.com/diemcau/diemcau/sfu/netio"
)

// way is how packets reach a viewer: over our UDP port to an address, or, when ICE chose
// another transport (TCP), through ICE's connection. A change of address makes a new one.
type way struct {
	addr netip.AddrPort // of the UDP way
	peer netio.Peer     // belongs to the viewer's shard
	pump *pump          // nil: UDP
}

// pumpQueue is how many packets wait for a slow transport; then the viewer drops to its
// next keyframe.
const pumpQueue = 256

// pump writes the packets of one viewer through ICE's connection, which may block: it
// needs a goroutine of its own.
type pump struct {
	queue chan *[]byte
	pool  sync.Pool
	gone  chan struct{}
	end   sync.Once
}

func newPump() *pump {
	return &pump{
		queue: make(chan *[]byte, pumpQueue), gone: make(chan struct{}),
		pool: sync.Pool{New: func() any { return new(make([]byte, 0, netio.MaxPacket)) }},
	}
}

// put queues the packets of a run of size bytes each; false: there is no room.
func (r *pump) put(b []byte, size int) bool {
	for len(b) > 0 {
		n := min(size, len(b))
		p, ok := r.pool.Get().(*[]byte)
		if !ok {
			return false
		}
		*p = append((*p)[:0], b[:n]...)
		select {
		case r.queue <- p:
		default:
			r.pool.Put(p)
			return false
		}
		b = b[n:]
	}
	return true
}

// run writes until the pump or the connection ends.
func (r *pump) run(conn *ice.Conn) {
	for {
		select {
		case <-r.gone:
			return
		case p := <-r.queue:
			_, err := conn.Write(*p)
			r.pool.Put(p)
			if err != nil {
				return
			}
		}
	}
}

func (r *pump) close() { r.end.Do(func() { close(r.gone) }) }

// addresses knows which viewer is at which address, so that the reader of the socket can
// take its RTCP.
type addresses struct {
	mu sync.RWMutex // guards at
	at map[netip.AddrPort]*Viewer
}

func (a *addresses) find(addr netip.AddrPort) *Viewer {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.at[addr]
}

// move takes a viewer from one address to another; either may be invalid.
func (a *addresses) move(v *Viewer, from, to netip.AddrPort) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if from.IsValid() && a.at[from] == v {
		delete(a.at, from)
	}
	if to.IsValid() {
		a.at[to] = v
	}
}

// tap takes what is for nobody, and viewers' RTCP, out of what the socket receives, before pion's mux copies it
// from queue to queue.
func (n *Node) tap(b []byte, from netip.AddrPort) bool {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if !n.door.lets(b, from) {
		return true
	}
	if !isReport(b) {
		return false
	}
	v := n.viewersAt.find(from)
	if v == nil {
		return false
	}
	v.report(b)
	return true
}

// isReport reports whether a datagram is RTCP (RFC 5761 §4, RFC 7983).
func isReport(b []byte) bool {
	return len(b) >= 8 && b[0] >= 128 && b[0] <= 191 && b[1] >= 192 && b[1] <= 223
}
