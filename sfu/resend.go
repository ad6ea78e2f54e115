package sfu

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// maxRepair is how many packets one NACK message may ask for; a second, maxRepairs.
const maxRepair = 256

// repair sends lost packets again, from the feed's ring.
func (s *slot) repair(nacks []rtcp.NackPair, now int64) {
	left := maxRepair
	wait := min(max(time.Duration(s.receipt.rtt.Load())*9/10, againAfter), againMost)
	for _, pair := range nacks {
		pair.Range(func(seq uint16) bool {
			s.counters.nacks.Add(1)
			if s.repairs.Add(1) > maxRepairs {
				return false
			}
			if s.again[seq%againKept].due(seq, now, wait) {
				s.resend(seq, now)
			}
			left--
			return left > 0
		})
	}
}

// again is when a packet was last sent again. A receiver that asks faster than an answer
// can come, because requests get lost too, would fill its own line with copies.
type again struct {
	at  int64
	seq uint16
}

const (
	againKept  = 256
	againAfter = 35 * time.Millisecond // at least; else most of a round trip
	againMost  = 700 * time.Millisecond
)

func (a *again) due(seq uint16, now int64, wait time.Duration) bool {
	if a.seq == seq && now-a.at < int64(wait) {
		return false
	}
	a.at, a.seq = now, seq
	return true
}

func (s *slot) resend(seq uint16, now int64) {
	b := s.bound.Load()
	if b == nil {
		return
	}
	newest := s.newest.Load()
	p, n := s.cut.find(newest - uint64(uint16(newest)-seq)) // modulo 2^16
	if p == nil {
		return
	}
	defer p.Release()
	if s.line != nil && !s.line.again(len(p.Payload)+packetBytes, s.isPicture(), now) {
		return
	}
	header := rtp.Header{
		Version: 2, Marker: p.Marker, PayloadType: b.payload,
		SequenceNumber: seq, Timestamp: n.ts, SSRC: b.ssrc,
	}
	payload := p.Payload
	var room [2]byte
	if b.rtxType != 0 { // RFC 4588 §4: the original number goes in front
		header.PayloadType, header.SSRC = b.rtxType, b.rtxSSRC
		header.SequenceNumber = uint16(s.rtxSeq.Add(1)) // modulo 2^16
		payload = append(binary.BigEndian.AppendUint16(make([]byte, 0, len(p.Payload)+2), seq), p.Payload...)
		s.stamp(b, &header, &room, len(payload))
	} else if !s.asItWas(b, &header, &room, len(payload)) {
		return
	}
	if written, err := b.writer.WriteRTP(&header, payload); err == nil && written > 0 {
		s.counters.resent.Add(1)
		s.counters.out.Add(1)
	}
}

// asItWas makes the header of a packet without RTX what it was, to the bit: it is sealed
// under the same nonce, and two headers under one nonce give the key of the seal away
// (RFC 7714 §15.1). False: its transport-wide number is not known any more.
func (s *slot) asItWas(b *binding, h *rtp.Header, room *[2]byte, payload int) bool {
	if payload == 0 {
		h.Padding, h.PaddingSize = true, 1
	}
	if b.wide == 0 || s.line == nil {
		return true
	}
	number, known := s.numbered.of(h.SequenceNumber)
	if known {
		b.write(h, room, number)
	}
	return known
}

// numbered are the transport-wide numbers of a slot's last packets. The packet path notes
// them, the slot's feedback reads them.
type numbered [againKept]atomic.Uint32 // sequence number << 16 | number

func (n *numbered) note(seq, number uint16) { n[seq%againKept].Store(uint32(seq)<<16 | uint32(number)) }

func (n *numbered) of(seq uint16) (number uint16, known bool) {
	v := n[seq%againKept].Load()
	return uint16(v), uint16(v>>16) == seq // the low half
}

// spare is what a line has left for packets that are sent again: as much as it takes beyond
// what goes anyway, and always a part. On a full line a copy pushes out what is new, which is
// asked for in its turn: without a bound copies take all of it.
type spare struct {
	spareMu sync.Mutex // guards all below
	at      int64      // nanoseconds
	bytes   float64
}

const (
	spareLeast = 0.10            // share of the line
	spareOver  = time.Second / 2 // of it may be spent at once
)

// again reports whether so many bytes may be sent again now.
func (d *downlink) again(bytes int, picture bool, now int64) bool {
	bits, known := d.bits()
	return !known || d.spare.take(float64(bits), float64(d.sends.Load()), demand{bytes, picture, now})
}

// demand is one packet to be sent again.
type demand struct {
	bytes   int
	picture bool
	now     int64 // nanoseconds
}

// take takes the packet's bytes from what is spared, if they are there, of a line of so many
// bits/s that carries so many anyway; pictures leave some for sound.
func (s *spare) take(bits, carries float64, d demand) bool {
	rate := max(bits-carries, spareLeast*bits) / 8
	s.spareMu.Lock()
	defer s.spareMu.Unlock()
	elapsed, most := min(time.Duration(d.now-s.at), spareOver), rate*spareOver.Seconds()
	s.at, s.bytes = d.now, min(s.bytes+rate*elapsed.Seconds(), most)
	left := s.bytes - float64(d.bytes)
	if left < 0 || d.picture && left < most/4 {
		return false
	}
	s.bytes = left
	return true
}
