package netio

import (
	"errors"
	"net/netip"
)

// Limits of a run.
const (
	// MaxSegment is the longest packet of a run, in bytes: what fits an Ethernet frame
	// over IPv6. Longer packets go out alone.
	MaxSegment = 1452
	// MaxRun is the most packets the kernel takes as one run (UDP_MAX_SEGMENTS; 64 on all
	// kernels, 128 on newer ones).
	MaxRun = 64
	// MaxRunBytes is the most bytes of a run.
	MaxRunBytes = 65000
)

// ErrBusy says that the kernel has no room for a packet now; it is lost.
var ErrBusy = errors.New("no room in the socket's buffer")

// Peer is where packets go: an address as the kernel wants it, and whether runs to it were
// refused. It belongs to the goroutine of the Writer it is used with.
type Peer struct {
	raw     rawAddr
	refuses bool
}

// Writer sends runs from one of the sockets of a Conn. It belongs to one goroutine, which
// must have ended before the Conn is closed.
type Writer struct {
	counts  *counts
	refused int  // peers in a row to whom a run was refused, with none accepted
	plain   bool // the socket sends no runs
	out     output
	send    func(b []byte, size int, to *rawAddr) error // out.send; tests refuse here
}

// refusals is how many peers in a row must refuse before the socket itself is taken for
// the cause: an old kernel, or a device that cannot.
const refusals = 8

// Writer returns a writer of the i-th socket, modulo their number.
func (c *Conn) Writer(i int) (*Writer, error) {
	w := &Writer{counts: &c.counts}
	if err := w.out.prepare(c.sockets[i%len(c.sockets)].UDPConn); err != nil {
		return nil, err
	}
	w.plain = !w.out.runs()
	w.send = w.out.send
	return w, nil
}

// Peer returns the peer of an address.
func (w *Writer) Peer(to netip.AddrPort) Peer {
	return Peer{raw: w.out.address(to)}
}

// Send sends b, which is one packet, or a run of packets of size bytes each of which only
// the last may be shorter. It never blocks and does not allocate. When the kernel refuses
// a run, now and from then on the packets to this peer go out one by one.
func (w *Writer) Send(b []byte, size int, to *Peer) error {
	if len(b) <= size || w.plain || to.refuses || size > MaxSegment || len(b) > MaxRunBytes ||
		(len(b)+size-1)/size > MaxRun {
		return w.single(b, size, to)
	}
	w.counts.calls.Add(1)
	err := w.send(b, size, &to.raw)
	switch {
	case err == nil:
		w.refused = 0
		w.counts.packets.Add(uint64((len(b) + size - 1) / size))
		return nil
	case !refusal(err):
		return w.failed(err, (len(b)+size-1)/size)
	}
	to.refuses = true
	w.counts.refused.Add(1)
	if w.refused++; w.refused >= refusals {
		w.plain = true
	}
	return w.single(b, size, to)
}

// single sends the packets of a run one by one.
func (w *Writer) single(b []byte, size int, to *Peer) error {
	var first error
	for len(b) > 0 {
		n := min(size, len(b))
		w.counts.calls.Add(1)
		if err := w.send(b[:n], 0, &to.raw); err == nil {
			w.counts.packets.Add(1)
		} else if err = w.failed(err, 1); first == nil {
			first = err
		}
		b = b[n:]
	}
	return first
}

func (w *Writer) failed(err error, packets int) error {
	if full(err) {
		w.counts.dropped.Add(uint64(packets))
		return ErrBusy
	}
	return err
}
