package h264

import "bytes"

// Sets remembers a source's parameter sets and says where decoding can start. Packets are
// given in the order of their sequence numbers; late ones are not given at all.
type Sets struct {
	sps, pps []byte
	ts       uint32 // timestamp of the picture the sets below were seen in
	seen     bool   // an SPS came in the picture ts
	started  bool   // the picture ts has been announced as a start
}

// Verdict is what to do with a packet.
type Verdict struct {
	Start  bool // decoding can start at this packet
	Insert bool // put STAPA in front of this packet: the start is there then
}

// Observe looks at the next packet of the source.
//
// A picture that brings its SPS starts there; an IDR without one gets the cached sets in
// front; an IDR without any sets ever seen is no start.
func (s *Sets) Observe(ts uint32, c Contents) Verdict {
	if ts != s.ts {
		s.ts, s.seen, s.started = ts, false, false
	}
	if c.SPS != nil && len(c.SPS) <= maxSet {
		s.sps = remember(s.sps, c.SPS)
		s.seen = true
	}
	if c.PPS != nil && len(c.PPS) <= maxSet {
		s.pps = remember(s.pps, c.PPS)
	}
	switch {
	case s.started:
		return Verdict{}
	case c.SPS != nil && s.seen:
		s.started = true
		return Verdict{Start: true}
	case c.IDR && s.sps != nil && s.pps != nil:
		s.started = true
		return Verdict{Insert: true}
	}
	return Verdict{}
}

// maxSet is the longest parameter set remembered, in bytes; real ones have 10 to 60.
const maxSet = 512

func remember(old, set []byte) []byte {
	if bytes.Equal(old, set) {
		return old
	}
	return append(old[:0], set...)
}

// STAPA appends the cached sets as one aggregation packet (RFC 6184 §5.7.1) to dst.
func (s *Sets) STAPA(dst []byte) []byte {
	dst = append(dst, typeSTAPA|(s.sps[0]|s.pps[0])&0x60)
	for _, set := range [][]byte{s.sps, s.pps} {
		dst = append(dst, byte(len(set)>>8), byte(len(set)))
		dst = append(dst, set...)
	}
	return dst
}

// ProfileLevelID returns the profile of the last SPS, or "".
func (s *Sets) ProfileLevelID() string { return ProfileLevelID(s.sps) }
