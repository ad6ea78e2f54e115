package bandwidth

import "sync/atomic"

// kept is how many packets are remembered: two seconds of 8 Mbit/s.
const kept = 2048

// History remembers what was sent, by transport-wide number. Send may be called by many
// goroutines at once; it takes no lock and allocates nothing. The zero value is ready.
type History struct {
	last  atomic.Uint32 // the newest number, extended; the first is 1
	probe atomic.Uint32 // what is being sent belongs to this probe; 0: to none
	sent  [kept]sent
}

// sent is one packet; what is 0 while it is written and once the receiver has it.
type sent struct {
	at   atomic.Int64
	what atomic.Uint64 // number << 32 | probe << 24 | size
}

// record is a packet as it was sent.
type record struct {
	number uint32
	at     int64 // nanoseconds
	size   int   // bytes
	probe  uint8
}

// Send notes a packet of size bytes that goes out at an instant (nanoseconds) and returns
// its transport-wide number.
func (h *History) Send(size int, at int64) uint16 {
	n := h.last.Add(1)
	s := &h.sent[n%kept]
	s.what.Store(0)
	s.at.Store(at)
	s.what.Store(uint64(n)<<32 | uint64(h.probe.Load()&0xff)<<24 | uint64(min(max(size, 0), 0xffffff)))
	return uint16(n) // modulo 2^16
}

// extend returns the newest number that was sent and ends in seq; 0: none.
func (h *History) extend(seq uint16) uint32 {
	last := h.last.Load()
	back := uint32(uint16(last) - seq) // modulo 2^16
	if back >= last {
		return 0
	}
	return last - back
}

// find returns what is known of a number, and takes it out when taken is set: the receiver has it.
func (h *History) find(n uint32, taken bool) (record, bool) {
	s := &h.sent[n%kept]
	what := s.what.Load()
	r := record{number: n, at: s.at.Load(), size: int(what & 0xffffff), probe: uint8(what >> 24)}
	if uint32(what>>32) != n || n == 0 {
		return record{}, false
	}
	if taken && !s.what.CompareAndSwap(what, 0) {
		return record{}, false
	}
	return r, true
}
