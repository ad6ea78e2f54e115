package sfu

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/speaker"
)

// Line is what is measured of one venue that sends. Counters are since its session began;
// zero is "not known" but where it says otherwise.
type Line struct {
	Venue          conference.VenueID
	Picture, Sound bool // arrive now
	Layers         int
	Packets        uint64 // of the camera, that came
	Gaps           uint64 // that did not come in their turn
	Repaired       uint64 // of these, that came later
	Bytes          uint64 // of camera and microphone
	JitterUp       time.Duration
	JitterDown     time.Duration
	RTT            time.Duration
	LossDown       float64 // share, 0–1, by the venue's last reports
	Estimate       int64   // bits/s the venue can receive, by congestion control
	Level          int     // loudest of the microphone since the last call, 0–100 on a scale of 60 dB; -1 not known
	Echo           bool    // the microphone gives back what the others say
}

// Lines returns what is measured of every venue that sends, in no order.
func (p *Plane) Lines() []Line {
	now := p.now()
	p.planeMu.Lock()
	defer p.planeMu.Unlock()
	lines := make([]Line, 0, len(p.heard))
	for _, s := range p.sessions {
		if s.pub == nil || p.heard[s.venue] != s.pub {
			continue
		}
		told := s.pub.tell(now)
		l := Line{
			Venue: s.venue, Picture: told.Video, Sound: told.Audio, Layers: told.Layers, Estimate: s.estimate.Load(),
			Level: s.pub.meter.takePeak(), Echo: p.speakers.Echo(s.venue),
		}
		s.pub.count(&l)
		s.countDown(&l, now)
		lines = append(lines, l)
	}
	return lines
}

// Speaking returns who speaks among the open microphones ("" nobody), and the closed ones
// that have sound, by id.
func (p *Plane) Speaking() (now conference.VenueID, loud []conference.VenueID) {
	p.planeMu.Lock()
	defer p.planeMu.Unlock()
	return p.speakers.Now(), p.speakers.Loud()
}

// listen takes the levels of all microphones; every 100 ms, with planeMu held.
func (p *Plane) listen() {
	heard := make([]speaker.Heard, 0, len(p.heard))
	for venue, pub := range p.heard {
		heard = append(heard, speaker.Heard{Venue: venue, Level: pub.meter.take(), Open: pub.speaks.Load()})
	}
	p.speakers.Step(heard)
}

// count adds up what arrived of a publisher's streams.
func (p *publisher) count(l *Line) {
	layers, mic := p.feeds()
	var jitter int64
	for _, layer := range layers {
		up := &layer.feed.up
		l.Packets += up.packets.Load()
		l.Gaps += up.gaps.Load()
		l.Repaired += up.repaired.Load()
		l.Bytes += up.bytes.Load()
	}
	if mic != nil {
		l.Bytes += mic.up.bytes.Load()
		jitter = mic.up.jitter.Load() // of sound: pictures come in bursts by nature
	}
	l.JitterUp = time.Duration(jitter)
}

// maxGap is the longest jump in sequence numbers that is loss; beyond it a stream began anew.
const maxGap = 1000

// upCounters count what arrives of one stream. One goroutine writes, anybody reads.
type upCounters struct {
	packets, gaps, repaired, bytes atomic.Uint64
	jitter                         atomic.Int64 // nanoseconds (RFC 3550 §A.8)

	// The writer's own:
	transit int64 // of the last packet, nanoseconds
	started bool
	queue   queue
}

// arrive counts a packet with its extended sequence number, when highest was the highest
// before it. Rate is in ticks per second, now in nanoseconds.
func (a *upCounters) arrive(seq, highest uint64, p *packet, rate uint32, now int64) {
	a.packets.Add(1)
	a.bytes.Add(uint64(len(p.payload)))
	switch {
	case highest == 0:
	case seq > highest && seq-highest <= maxGap:
		a.gaps.Add(seq - highest - 1)
	case seq < highest:
		a.repaired.Add(1)
		return // late on purpose: says nothing of the line's jitter
	}
	transit := now - int64(p.ts)*int64(time.Second)/int64(rate)
	if d := transit - a.transit; a.started && d > -int64(time.Second) && d < int64(time.Second) {
		if d < 0 {
			d = -d
		}
		a.jitter.Add((d - a.jitter.Load()) / 16)
	}
	a.transit, a.started = transit, true
	a.queue.add(transit, now)
}

// meter gathers the levels that a microphone's packets tell. One goroutine adds, the plane
// takes.
type meter struct {
	sum   atomic.Uint64 // of levels, and from bit 32 on how many
	told  atomic.Bool   // the publisher tells levels
	peak  int           // loudest mean of 100 ms since takePeak; with planeMu held
	quiet int           // takes without a packet in a row; with planeMu held
	last  int           // with planeMu held
}

// add takes a packet's level: decibels below full scale, 0–127.
func (m *meter) add(below uint8) {
	m.sum.Add(1<<32 | uint64(speaker.MaxLevel-min(below, speaker.MaxLevel)))
	m.told.Store(true)
}

// maxHold is for how many takes the last level stands in for packets that do not come.
const maxHold = 3

// take returns the mean level since the last take, or speaker.Unknown.
func (m *meter) take() int {
	if !m.told.Load() {
		return speaker.Unknown
	}
	word := m.sum.Swap(0)
	if n := word >> 32; n > 0 {
		m.last, m.quiet = int((word&math.MaxUint32)/n), 0
	} else if m.quiet++; m.quiet > maxHold {
		m.last = 0
	}
	m.peak = max(m.peak, m.last)
	return m.last
}

// takePeak returns the loudest since it was last asked, 0–100 on a scale of 60 dB, or −1.
func (m *meter) takePeak() int {
	if !m.told.Load() {
		return -1
	}
	const scale = 60
	loudest := m.peak
	m.peak = 0
	return max(0, loudest-(speaker.MaxLevel-scale)) * 100 / scale
}

// receipt is what a receiver last said of one slot. One goroutine writes, anybody reads.
type receipt struct {
	at     atomic.Int64 // nanoseconds; 0: never
	lost   atomic.Uint32
	jitter atomic.Uint32 // ticks
	rtt    atomic.Int64  // nanoseconds; 0: not known
}

// take keeps a report on the slot's stream that came at now (nanoseconds).
func (r *receipt) take(report *rtcp.ReceptionReport, now int64) {
	r.lost.Store(uint32(report.FractionLost))
	r.jitter.Store(report.Jitter)
	if report.LastSenderReport != 0 {
		// RFC 3550 §6.4.1, in units of 1/65536 s; modulo 2^32 on purpose.
		units := uint32(toNTP(now)>>16) - report.LastSenderReport - report.Delay
		if rtt := int64(units) * int64(time.Second) >> 16; rtt < int64(time.Minute) {
			r.rtt.Store(max(rtt, 1))
		}
	}
	r.at.Store(now)
}

// freshReceipt is how long a receiver's word counts.
const freshReceipt = 6 * time.Second

// heard takes what a receiver says of the slot's stream.
func (s *slot) heard(reports []rtcp.ReceptionReport, now int64) {
	b := s.bound.Load()
	for i := range reports {
		if b != nil && reports[i].SSRC == b.ssrc {
			s.receipt.take(&reports[i], now)
		}
	}
}

// countDown adds what the venue says of what it receives: the worst of its slots.
func (s *Session) countDown(l *Line, now time.Time) {
	for _, slot := range s.slots {
		r := &slot.receipt
		if at := r.at.Load(); at == 0 || now.UnixNano()-at > int64(freshReceipt) {
			continue
		}
		if slot.media == webrtc.RTPCodecTypeAudio { // pictures come in bursts by nature
			const rate = 48000
			l.JitterDown = max(l.JitterDown, time.Duration(r.jitter.Load())*time.Second/rate)
		}
		l.LossDown = max(l.LossDown, float64(r.lost.Load())/256)
		l.RTT = max(l.RTT, time.Duration(r.rtt.Load()))
	}
}

// extensionID returns the id that was negotiated for a header extension; 0: none.
func extensionID(all []webrtc.RTPHeaderExtensionParameter, uri string) uint8 {
	for _, h := range all {
		if h.URI == uri {
			return uint8(h.ID) // 1–255
		}
	}
	return 0
}

// audioLevel reads the level of an RTP packet's header extension with that id (RFC 8285),
// in decibels below full scale; false: it has none.
func audioLevel(b []byte, id uint8) (below uint8, ok bool) {
	const fixed, oneByte, twoBytes = 12, 0xBEDE, 0x1000
	if id == 0 || len(b) < fixed || b[0]&0x10 == 0 {
		return 0, false
	}
	at := fixed + 4*int(b[0]&0x0f)
	if at+4 > len(b) {
		return 0, false
	}
	profile := int(b[at])<<8 | int(b[at+1])
	end := at + 4 + 4*(int(b[at+2])<<8|int(b[at+3]))
	if end > len(b) {
		return 0, false
	}
	for at += 4; at < end; {
		var key uint8
		var size int
		switch {
		case b[at] == 0: // padding
			at++
			continue
		case profile == oneByte:
			key, size = b[at]>>4, int(b[at]&0x0f)+1
			at++
		case profile&0xfff0 == twoBytes && at+1 < end:
			key, size = b[at], int(b[at+1])
			at += 2
		default:
			return 0, false
		}
		if at+size > end {
			return 0, false
		}
		if key == id && size >= 1 {
			return b[at] & 0x7f, true
		}
		at += size
	}
	return 0, false
}
