package sfu

import (
	"sync/atomic"
	"time"
)

// clock maps the RTP timestamps of a feed to the server's time and back. It is set by the
// source's sender reports, corrected by the source's offset, or, until there is one, by
// the arrival of the first packet.
type clock struct{ at atomic.Pointer[moment] }

// moment says that the timestamp ts was captured at this time, by the server's clock.
type moment struct {
	ts      uint32
	nanos   int64
	arrival bool // only the arrival of the first packet, not a report
}

func (c *clock) set(m moment) { c.at.Store(&m) }

// start sets the clock by an arrival if it has not been set at all.
func (c *clock) start(ts uint32, nanos int64) {
	if c.at.Load() == nil {
		c.at.CompareAndSwap(nil, &moment{ts: ts, nanos: nanos, arrival: true})
	}
}

// capture returns when the timestamp was captured, in nanoseconds.
func (c *clock) capture(ts, rate uint32) int64 {
	m := c.at.Load()
	if m == nil {
		return 0
	}
	ticks := int64(int32(ts - m.ts)) // modulo 2^32 on purpose
	return m.nanos + ticks*int64(time.Second)/int64(rate)
}

// timestamp returns the RTP timestamp of a time, and false before the first packet.
func (c *clock) timestamp(nanos int64, rate uint32) (uint32, bool) {
	m := c.at.Load()
	if m == nil {
		return 0, false
	}
	return m.ts + uint32(ticksOf(nanos-m.nanos, rate)), true // modulo 2^32 on purpose
}

// ticksOf converts nanoseconds to ticks without overflow.
func ticksOf(nanos int64, rate uint32) int64 {
	sec, rest := nanos/int64(time.Second), nanos%int64(time.Second)
	return sec*int64(rate) + rest*int64(rate)/int64(time.Second)
}

// offset is what has to be added to a publisher's own clock to get the server's: the
// smallest difference between arrival and capture seen, so that a slow packet does not
// move it. One offset serves picture and sound, which keeps them together.
type offset struct{ nanos atomic.Pointer[int64] }

// observe takes one sender report and returns the offset.
func (o *offset) observe(arrival, captured int64) int64 {
	d := arrival - captured
	for {
		old := o.nanos.Load()
		// Clocks drift: let the minimum rise by 1 ms with every report.
		if old != nil && *old+int64(time.Millisecond) < d {
			d = *old + int64(time.Millisecond)
		}
		if o.nanos.CompareAndSwap(old, &d) {
			return d
		}
	}
}

// ntpEpoch is 1970 in NTP seconds (RFC 5905).
const ntpEpoch = 2208988800

// fromNTP converts a 64-bit NTP time to nanoseconds since 1970.
func fromNTP(ntp uint64) int64 {
	sec := int64(ntp>>32) - ntpEpoch
	frac := int64(ntp&0xffffffff) * int64(time.Second) >> 32
	return sec*int64(time.Second) + frac
}

// toNTP converts nanoseconds since 1970 to a 64-bit NTP time.
func toNTP(nanos int64) uint64 {
	sec, rest := nanos/int64(time.Second), nanos%int64(time.Second)
	return uint64(sec+ntpEpoch)<<32 | uint64(rest<<32/int64(time.Second))
}
