package sfu

import "encoding/binary"

// packet is what is read of an RTP header (RFC 3550 §5.1).
type packet struct {
	seq         uint16
	ts          uint32
	payloadType uint8
	marker      bool
	payload     []byte // without padding, inside the buffer
}

// parsePacket reads an RTP packet without allocating; ok is false for junk.
func parsePacket(b []byte) (p packet, ok bool) {
	const fixed = 12
	if len(b) < fixed || b[0]>>6 != 2 {
		return packet{}, false
	}
	end, head := len(b), fixed+4*int(b[0]&0x0f)
	if b[0]&0x10 != 0 { // header extension
		if head+4 > end {
			return packet{}, false
		}
		head += 4 + 4*int(binary.BigEndian.Uint16(b[head+2:]))
	}
	if b[0]&0x20 != 0 { // padding
		end -= int(b[end-1])
	}
	if head > end || (b[0]&0x20 != 0 && b[len(b)-1] == 0) {
		return packet{}, false
	}
	return packet{
		seq:         binary.BigEndian.Uint16(b[2:]),
		ts:          binary.BigEndian.Uint32(b[4:]),
		payloadType: b[1] & 0x7f,
		marker:      b[1]&0x80 != 0,
		payload:     b[head:end],
	}, true
}
