package sfu

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/diemcau/diemcau/sfu/seal"
)

// medium is one of the streams of a viewer: pictures first, then the sound.
type medium uint8

const (
	picture medium = iota
	beside         // City Hall's picture beside that of the venue on air
	sound
	media // how many there are
)

// leg is one medium on its way to one viewer: its numbers are the audience's and an
// offset. It belongs to the viewer's shard; what was negotiated never changes.
type leg struct {
	on          bool // the viewer takes it
	mid         string
	ssrc        uint32
	payload     uint8
	rtxSSRC     uint32
	rtxPayload  uint8   // 0: no RTX, a packet is sent again as it was
	stream      *stream // its packets now
	tsOff       uint32
	lastTS      uint32 // highest sent
	begun       bool
	waits       bool // for a keyframe, after a loss of ours
	now, before stretch
	next        seal.Index // after the highest sent
	rtxNext     seal.Index
	packets     uint32
	octets      uint32
	told        uint32 // packets, as of the last report
	sent        seal.Window
	repairsLeft int // until the next report
}

// stretch is a part of the leg without a gap of ours: index = number + shift.
type stretch struct {
	from   uint64     // first number of the audience's
	first  seal.Index // its index
	stream *stream
	tsOff  uint32
}

// newLeg returns a leg with random identifiers and first numbers.
func newLeg(l line) leg {
	var random [16]byte
	rand.Read(random[:])
	g := leg{
		on: true, payload: l.codec.payload,
		ssrc:    binary.BigEndian.Uint32(random[0:]) | 1, // never 0
		rtxSSRC: binary.BigEndian.Uint32(random[4:])&^1 + 2,
		tsOff:   binary.BigEndian.Uint32(random[8:]),
		next:    seal.First(binary.BigEndian.Uint16(random[12:])),
		rtxNext: seal.First(binary.BigEndian.Uint16(random[14:])),
	}
	if l.rtx != nil {
		g.rtxPayload = l.rtx.payload
	}
	return g
}

// number returns the index of a packet, and false when it is not for this viewer: it came
// before the viewer did, or the viewer waits for a keyframe. Decoding can start at a
// packet that starts. Ts is the audience's timestamp.
func (g *leg) number(seq uint64, ts uint32, starts bool) (seal.Index, bool) {
	if !g.begun || g.waits {
		if !starts {
			return 0, false
		}
		if back := int32(g.lastTS - ts - g.tsOff); g.begun && back >= 0 { // modulo 2^32
			g.tsOff += uint32(back) + 1 // of another rung: timestamps rise all the same
		}
		g.before, g.now = g.now, stretch{from: seq, first: g.next, stream: g.stream, tsOff: g.tsOff}
		g.begun, g.waits = true, false
	}
	if seq < g.now.from {
		return 0, false
	}
	at := g.now.first + seal.Index(seq-g.now.from)
	if !g.sent.Use(at) {
		return 0, false
	}
	if at >= g.next {
		g.next, g.lastTS = at+1, ts+g.tsOff
	}
	return at, true
}

// lost makes the viewer wait for the next keyframe; the numbers go on without a gap.
func (g *leg) lost() { g.waits = g.begun }

// sentPacket is one that a viewer was sent.
type sentPacket struct {
	number uint64 // as of its source
	of     *stretch
	at     seal.Index
}

// asked returns which packet a receiver means that asks for a sequence number; false: none
// that is known.
func (g *leg) asked(seq uint16) (sentPacket, bool) {
	if !g.begun {
		return sentPacket{}, false
	}
	at, ok := (g.next - 1).Nearest(seq)
	switch {
	case !ok:
	case at >= g.now.first:
		return sentPacket{g.now.from + uint64(at-g.now.first), &g.now, at}, true
	case g.before.first > 0 && at >= g.before.first:
		return sentPacket{g.before.from + uint64(at-g.before.first), &g.before, at}, true
	}
	return sentPacket{}, false
}
