package bandwidth

import (
	"time"

	"github.com/pion/rtcp"
)

// The steps of a transport-wide feedback message.
const (
	referenceStep = 64 * time.Millisecond
	mostStatus    = 1 << 13 // packets one message may tell of; more is cut off
)

// clock unwraps the 24-bit reference times of the receiver.
type clock struct {
	last int64
	set  bool
}

// at returns the reference time of a message, by the receiver's clock.
func (c *clock) at(reference uint32) time.Duration {
	const wrap = 1 << 24
	r := int64(reference % wrap)
	if c.set {
		diff := (r - c.last) % wrap
		switch {
		case diff > wrap/2:
			diff -= wrap
		case diff < -wrap/2:
			diff += wrap
		}
		r = c.last + diff
	}
	c.last, c.set = r, true
	return time.Duration(r) * referenceStep
}

// visit calls f for each packet a message tells of, in order. At is when it arrived, by
// the receiver's clock, of those that did.
func visit(m *rtcp.TransportLayerCC, reference time.Duration, f func(seq uint16, arrived bool, at time.Duration)) {
	seq, left, deltas := m.BaseSequenceNumber, min(int(m.PacketStatusCount), mostStatus), m.RecvDeltas
	tell := func(symbol uint16) bool {
		if left == 0 {
			return false
		}
		left--
		arrived := symbol == rtcp.TypeTCCPacketReceivedSmallDelta || symbol == rtcp.TypeTCCPacketReceivedLargeDelta
		if arrived {
			if len(deltas) == 0 {
				return false
			}
			reference += time.Duration(deltas[0].Delta) * time.Microsecond
			deltas = deltas[1:]
		}
		f(seq, arrived, reference)
		seq++
		return true
	}
	for _, chunk := range m.PacketChunks {
		if !symbols(chunk, tell) {
			return
		}
	}
}

// symbols calls tell for each packet of a chunk, in order, until it returns false; it
// reports whether it never did.
func symbols(chunk rtcp.PacketStatusChunk, tell func(symbol uint16) bool) bool {
	switch c := chunk.(type) {
	case *rtcp.RunLengthChunk:
		for range c.RunLength {
			if !tell(c.PacketStatusSymbol) {
				return false
			}
		}
	case *rtcp.StatusVectorChunk:
		for _, symbol := range c.SymbolList {
			if !tell(symbol) {
				return false
			}
		}
	}
	return true
}
