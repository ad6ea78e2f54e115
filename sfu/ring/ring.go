package ring

import (
	"fmt"
	"sync/atomic"
)

// MaxPayload is the longest payload a ring takes, in bytes: an Ethernet frame without
// IP, UDP, RTP and SRTP.
const MaxPayload = 1460

// Meta is what is known of a packet besides its payload.
type Meta struct {
	Seq     uint64 // extended sequence number
	TS      uint32 // RTP timestamp, in ticks of the source
	Marker  bool
	Key     bool  // decoding can start at this packet
	Capture int64 // when it was captured: nanoseconds since 1970 on the server's clock
}

// Packet is one stored RTP packet. Its fields are not to be changed by whoever looks it up.
type Packet struct {
	Meta
	Payload []byte

	buf  []byte
	refs atomic.Int32 // lookups that have not been released
}

// Release gives the packet back after Get.
func (p *Packet) Release() { p.refs.Add(-1) }

// Ring holds the last packets of one source. Put may be called by one goroutine; Get by any.
type Ring struct {
	slots []atomic.Pointer[Packet]
	mask  uint64
	spare *Packet // the next one to be written; owned by Put
	head  uint64  // highest sequence number put; owned by Put
	any   bool
}

// New returns a ring for the last size packets; size is a power of two.
func New(size int) *Ring {
	if size < 2 || size&(size-1) != 0 {
		panic(fmt.Sprintf("ring size %d is not a power of two", size))
	}
	r := &Ring{slots: make([]atomic.Pointer[Packet], size), mask: uint64(size) - 1}
	r.spare = newPacket()
	return r
}

func newPacket() *Packet { return &Packet{buf: make([]byte, MaxPayload)} }

// Put copies the packet in and returns the stored one, valid for the caller until its
// next Put. It returns nil for a duplicate, a packet older than the ring and one that is
// too long.
func (r *Ring) Put(m Meta, payload []byte) *Packet {
	if len(payload) > MaxPayload {
		return nil
	}
	if r.any && m.Seq+uint64(len(r.slots)) <= r.head {
		return nil
	}
	place := &r.slots[m.Seq&r.mask]
	old := place.Load()
	if old != nil && old.Seq >= m.Seq {
		return nil
	}
	w := r.spare
	w.Meta = m
	w.Payload = w.buf[:copy(w.buf, payload)]
	place.Store(w)
	// A lookup that still reads the old packet keeps it; nobody can begin to read it now,
	// because Get looks again after it has counted itself.
	if old != nil && old.refs.Load() == 0 {
		r.spare = old
	} else {
		r.spare = newPacket()
	}
	if !r.any || m.Seq > r.head {
		r.head, r.any = m.Seq, true
	}
	return w
}

// Get returns the packet with the sequence number, to be released, or nil.
func (r *Ring) Get(seq uint64) *Packet {
	place := &r.slots[seq&r.mask]
	p := place.Load()
	if p == nil {
		return nil
	}
	p.refs.Add(1)
	if place.Load() != p || p.Seq != seq {
		p.Release()
		return nil
	}
	return p
}

// Newest returns the highest sequence number in the ring, and false when it is empty. It
// looks at every place: a reader that is behind the packets asks now and then, so that Put
// need not tell.
func (r *Ring) Newest() (seq uint64, ok bool) {
	for i := range r.slots {
		p := r.slots[i].Load()
		if p == nil {
			continue
		}
		p.refs.Add(1)
		if r.slots[i].Load() == p && (!ok || p.Seq > seq) {
			seq, ok = p.Seq, true
		}
		p.Release()
	}
	return seq, ok
}

// Size returns how many packets the ring holds.
func (r *Ring) Size() int { return len(r.slots) }
