package sfu

import (
	"sync/atomic"
	"time"
)

// flow measures what a feed would take on a line. The feed's goroutine adds; route reads.
type flow struct {
	bytes atomic.Uint64

	// Owned by route, with planeMu.
	at   int64
	last uint64
	bits float64
}

// How a rate is smoothed: over some keyframes, so that one of them does not look like a flood.
const (
	meterStep = 250 * time.Millisecond
	meterOver = 2 * time.Second
)

func (m *flow) add(payload int) { m.bytes.Add(uint64(payload + packetBytes)) }

// read returns the rate in bits/s of IP packets; 0: nothing ever came. What has stopped
// keeps the rate it had.
func (m *flow) read(now int64) int {
	elapsed, bytes := time.Duration(now-m.at), m.bytes.Load()
	if m.at == 0 || elapsed < meterStep {
		if m.at == 0 {
			m.at, m.last = now, bytes
		}
		return int(m.bits)
	}
	if came := bytes - m.last; came > 0 {
		rate := float64(came) * 8 / elapsed.Seconds()
		if m.bits == 0 {
			m.bits = rate
		} else {
			m.bits += (rate - m.bits) * min(1, elapsed.Seconds()/meterOver.Seconds())
		}
	}
	m.at, m.last = now, bytes
	return int(m.bits)
}

// usual is what layers and sound take that were not measured yet.
var usual = [rungs]int{1_600_000, 450_000, 160_000} //nolint:gochecknoglobals // a table

const usualSound = 60_000

// costs returns what the feed takes, or would usually take as a layer of the rank.
func (f *feed) costs(rank int, now time.Time) int {
	if bits := f.flow.read(now.UnixNano()); bits > 0 {
		return bits
	}
	if !f.isVideo() {
		return usualSound
	}
	return usual[rank]
}
