package h264

import (
	"bytes"
	"slices"
)

// maxUnit is the longest access unit taken, in bytes.
const maxUnit = 4 << 20

// Unit is one access unit: one picture.
type Unit struct {
	Capture int64 // nanoseconds since 1970 on the server's clock
	Key     bool  // decoding can start here
	// SPS and PPS are in force; set with Key only.
	SPS, PPS [][]byte
	// NALs are the slices and what belongs to them (SEI), without the parameter sets,
	// delimiters and filler. Nobody else holds the bytes.
	NALs [][]byte
}

// Packet is one RTP packet of a source.
type Packet struct {
	Seq     uint64 // extended sequence number
	TS      uint32 // RTP timestamp: that of all packets of a picture
	Capture int64  // nanoseconds since 1970 on the server's clock
	Marker  bool   // the last of its picture
	Payload []byte
}

// Assembler puts access units together from the packets of one source in packetization
// mode 1 (RFC 6184: single NAL units, STAP-A, FU-A). What is broken is left out whole, and
// with it what refers to it: after a loss or junk the next unit is a keyframe. The zero
// Assembler is ready. Not safe for concurrent use.
type Assembler struct {
	sps, pps [][]byte

	started bool
	seq     uint64 // of the last packet
	ts      uint32
	capture int64
	broken  bool   // the unit at hand
	suspect bool   // packets before the next one are missing
	open    bool   // a unit is at hand
	parts   []byte // of the fragmented NAL unit at hand
	inParts bool
	nals    [][]byte
	newSPS  [][]byte
	newPPS  [][]byte
	size    int
	idr     bool
	slices  bool
	waiting bool // for a keyframe
}

// Waiting reports whether what comes is left out until a keyframe: the caller asks for one.
func (a *Assembler) Waiting() bool { return a.waiting }

// Push takes the packets in the order of their extended sequence numbers; a number left out
// is a loss. It appends the units that are complete to dst: none, one, or two when the
// packet shows that the unit before it was complete as well. The payload is copied.
func (a *Assembler) Push(dst []Unit, p Packet) []Unit {
	if !a.started {
		a.started, a.waiting = true, true
	} else if p.Seq != a.seq+1 {
		a.lose()
	}
	a.seq = p.Seq
	if a.open && p.TS != a.ts {
		// No marker ended it. Behind a cut that could wait no longer it may be half a picture,
		// which nothing refers to: a keyframe follows.
		a.broken = a.broken || Inspect(p.Payload).SPS != nil
		dst = a.finish(dst)
	}
	if !a.open {
		if len(p.Payload) == 0 {
			return dst // padding between two pictures
		}
		a.begin(p.TS, p.Capture)
		// After a loss a picture is whole for certain if it begins with its sets.
		a.broken = a.suspect && Inspect(p.Payload).SPS == nil
	}
	a.suspect = false
	if !a.broken && !a.take(p.Payload) {
		a.broken = true
	}
	if p.Marker {
		dst = a.finish(dst)
	}
	return dst
}

// lose notes that packets are missing: the unit at hand is broken, and so may be the one
// before whose end was lost with them.
func (a *Assembler) lose() {
	a.waiting, a.broken, a.suspect, a.inParts = true, true, true, false
}

func (a *Assembler) begin(ts uint32, capture int64) {
	a.open, a.ts, a.capture = true, ts, capture
	a.broken, a.inParts, a.idr, a.slices, a.size = false, false, false, false, 0
	a.nals, a.newSPS, a.newPPS = nil, nil, nil
}

// finish ends the unit at hand and appends it if it can be decoded.
func (a *Assembler) finish(dst []Unit) []Unit {
	a.open = false
	if a.broken || a.inParts {
		a.waiting, a.broken, a.inParts = true, false, false
		return dst
	}
	if len(a.newSPS) > 0 {
		a.sps = a.newSPS
	}
	if len(a.newPPS) > 0 {
		a.pps = a.newPPS
	}
	if !a.slices {
		return dst
	}
	u := Unit{Capture: a.capture, NALs: a.nals}
	if a.idr && len(a.sps) > 0 && len(a.pps) > 0 {
		u.Key, u.SPS, u.PPS = true, a.sps, a.pps
		a.waiting = false
	}
	if a.waiting {
		return dst
	}
	return append(dst, u)
}

// take reads one payload; false: it is junk.
func (a *Assembler) take(payload []byte) bool {
	if len(payload) == 0 {
		return true
	}
	kind := payload[0] & 0x1f
	if a.inParts && kind != typeFUA {
		return false
	}
	switch {
	case kind >= 1 && kind <= 23:
		return a.nal(bytes.Clone(payload))
	case kind == typeSTAPA:
		return a.aggregate(payload[1:])
	case kind == typeFUA:
		return a.fragment(payload)
	}
	return false
}

func (a *Assembler) aggregate(b []byte) bool {
	for len(b) > 0 {
		if len(b) < 3 {
			return false
		}
		n := int(b[0])<<8 | int(b[1])
		if n == 0 || n > len(b)-2 || !a.nal(bytes.Clone(b[2:2+n])) {
			return false
		}
		b = b[2+n:]
	}
	return true
}

func (a *Assembler) fragment(payload []byte) bool {
	if len(payload) < 3 {
		return false
	}
	const start, end = 0x80, 0x40
	head := payload[1]
	if (head&start != 0) == a.inParts || head&(start|end) == start|end {
		return false
	}
	if head&start != 0 {
		a.inParts = true
		a.parts = append(a.parts[:0], payload[0]&0xe0|head&0x1f)
	}
	if len(a.parts)+len(payload) > maxUnit {
		return false
	}
	a.parts = append(a.parts, payload[2:]...)
	if head&end == 0 {
		return true
	}
	a.inParts = false
	return a.nal(bytes.Clone(a.parts))
}

// nal takes one whole NAL unit.
func (a *Assembler) nal(nal []byte) bool {
	if a.size += len(nal); a.size > maxUnit {
		return false
	}
	switch kind := nal[0] & 0x1f; {
	case kind == typeSPS || kind == typePPS:
		if len(nal) < 2 || len(nal) > maxSet || kind == typeSPS && len(nal) < 4 {
			return false
		}
		if kind == typeSPS {
			a.newSPS = addSet(a.newSPS, nal)
		} else {
			a.newPPS = addSet(a.newPPS, nal)
		}
	case kind == 1 || kind == typeIDR:
		if len(nal) < 2 {
			return false
		}
		a.idr = a.idr || kind == typeIDR
		a.slices = true
		a.nals = append(a.nals, nal)
	case kind >= 2 && kind <= 4:
		return false // data partitions: a profile nobody is offered
	case kind == 6:
		a.nals = append(a.nals, nal)
	}
	return true // delimiters, filler and what is not known need not be kept
}

// maxSets is how many sets of a kind a unit may bring: their numbers are 0–31 in practice.
const maxSets = 31

func addSet(sets [][]byte, set []byte) [][]byte {
	if slices.ContainsFunc(sets, func(s []byte) bool { return bytes.Equal(s, set) }) || len(sets) == maxSets {
		return sets
	}
	return append(sets, set)
}
