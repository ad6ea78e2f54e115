package sfu

import (
	"encoding/binary"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/transport/v5/packetio"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/sfu/bandwidth"
)

// What a line is taken for before anything is known of it, and the bounds; bits/s.
const (
	startBits = 1_000_000
	leastBits = 30_000
	mostBits  = 30_000_000
)

// packetBytes is what goes around a payload on the line, in bytes: IP, UDP, RTP with its
// extension, and the seal.
const packetBytes = 20 + 8 + 12 + 8 + 16

// downlink is what is known of the line to a receiver. The packet path only writes into
// its history.
type downlink struct {
	history bandwidth.History
	now     func() time.Time
	fell    func() // tells that the line takes less; must not block

	estimateMu sync.Mutex // guards estimate
	estimate   *bandwidth.Estimator

	sends atomic.Int64 // bits/s it was given to carry
	spare spare        // for what is sent again

	probes chan bandwidth.Probe // padding to be sent; the session's goroutine does
}

func newDownlink(now func() time.Time, fell func()) *downlink {
	d := &downlink{now: now, fell: fell, probes: make(chan bandwidth.Probe, 1)}
	d.estimate = bandwidth.New(bandwidth.Config{Start: startBits, Min: leastBits, Max: mostBits}, &d.history)
	return d
}

// bits returns what may be sent. A receiver that never says anything is sent everything.
func (d *downlink) bits() (bits int, known bool) {
	d.estimateMu.Lock()
	defer d.estimateMu.Unlock()
	return d.estimate.Bits(), d.estimate.Known()
}

// want asks for a probe when more is wanted than the line is known to take.
func (d *downlink) want(bits int) {
	d.estimateMu.Lock()
	defer d.estimateMu.Unlock()
	if p, due := d.estimate.Probe(bits, d.now().UnixNano()); due {
		select {
		case d.probes <- p:
		default:
			d.estimate.Probed() // the one before is still being sent
		}
	}
}

// told takes feedback. What no longer fits ends with the fall, not with the next look.
func (d *downlink) told(m *rtcp.TransportLayerCC) {
	d.estimateMu.Lock()
	before := d.estimate.Bits()
	d.estimate.Feedback(m, d.now().UnixNano())
	fell := d.estimate.Bits() < before
	d.estimateMu.Unlock()
	if fell {
		d.fell()
	}
}

func (d *downlink) probed() {
	d.estimateMu.Lock()
	defer d.estimateMu.Unlock()
	d.estimate.Probed()
}

// buffer is pion's place for what it received of one stream. Transport-wide feedback is
// taken out, whatever stream of ours it names: that may be one of repairs, which nobody reads.
func (d *downlink) buffer(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	b := buffer{packetio.NewBuffer()}
	if kind == packetio.RTPBufferPacket {
		b.SetLimitSize(rtpBuffer)
		return b
	}
	b.SetLimitCount(keptReports)
	return &reports{buffer: b, line: d}
}

const (
	rtpBuffer = 1_000_000 // bytes that wait to be read: pion's own figure
	// keptReports is how many RTCP packets of a stream wait to be read; more are dropped. Nobody
	// reads those of repairs: by pion's own figure (100 kB) they filled up for half an hour.
	keptReports = 64
)

// buffer is what pion keeps packets in, as a reader and writer of them.
type buffer struct{ *packetio.Buffer }

// Read returns one packet.
func (b buffer) Read(p []byte) (int, error) {
	n, _, err := b.Buffer.Read(p, nil)
	return n, err //nolint:wrapcheck // stands for it
}

// Write keeps one packet.
func (b buffer) Write(p []byte) (int, error) {
	return b.Buffer.Write(p, nil) //nolint:wrapcheck // stands for it
}

// ReadWithAttributes is Read, with what pion notes beside a packet.
func (b buffer) ReadWithAttributes(p []byte, a packetio.Attributes) (int, packetio.Attributes, error) {
	return b.Buffer.Read(p, a) //nolint:wrapcheck // stands for it
}

// WriteWithAttributes is Write, with what pion notes beside a packet.
func (b buffer) WriteWithAttributes(p []byte, a packetio.Attributes) (int, error) {
	return b.Buffer.Write(p, a) //nolint:wrapcheck // stands for it
}

// reports is the RTCP of one stream.
type reports struct {
	buffer

	line *downlink
}

// WriteWithAttributes takes one RTCP packet.
func (r *reports) WriteWithAttributes(b []byte, a packetio.Attributes) (int, error) {
	const formatWide, typeFeedback = 15, 205
	if len(b) < 4 || b[0]&0x1f != formatWide || b[1] != typeFeedback {
		return r.buffer.WriteWithAttributes(b, a)
	}
	var m rtcp.TransportLayerCC
	if m.Unmarshal(b) == nil {
		r.line.told(&m)
	}
	return len(b), nil
}

// Write takes one RTCP packet.
func (r *reports) Write(b []byte) (int, error) { return r.WriteWithAttributes(b, nil) }

// stamp gives a packet its transport-wide number; room holds it until the packet is written.
func (s *slot) stamp(b *binding, h *rtp.Header, room *[2]byte, payload int) (number uint16, wide bool) {
	if b.wide == 0 || s.line == nil {
		return 0, false
	}
	number = s.line.history.Send(payload+packetBytes, s.line.now().UnixNano())
	b.write(h, room, number)
	return number, true
}

func (b *binding) write(h *rtp.Header, room *[2]byte, number uint16) {
	binary.BigEndian.PutUint16(room[:], number)
	_ = h.SetExtension(b.wide, room[:]) // two bytes always fit
}

// Padding of a probe.
const (
	mostPadding = 255 // bytes of one packet (RFC 3550 §5.1)
	probeStep   = 5 * time.Millisecond
)

// pad sends one packet of padding as a repair of nothing (RFC 4588); false: it cannot.
func (s *slot) pad(size int) bool {
	b := s.bound.Load()
	if b == nil || b.rtxType == 0 || b.wide == 0 || s.packets.Load() == 0 {
		return false
	}
	size = max(1, min(size, mostPadding))
	h := rtp.Header{
		Version: 2, PayloadType: b.rtxType, SSRC: b.rtxSSRC, Padding: true, PaddingSize: byte(size),
		SequenceNumber: uint16(s.rtxSeq.Add(1)), // modulo 2^16
	}
	var room [2]byte
	s.stamp(b, &h, &room, size)
	written, err := b.writer.WriteRTP(&h, nil)
	return err == nil && written > 0
}

// probe sends padding evenly over its time.
func (s *Session) probe(p bandwidth.Probe) {
	defer s.line.probed()
	tick := time.NewTicker(probeStep)
	defer tick.Stop()
	start := s.line.now()
	for sent := 0; sent < p.Bytes; {
		due := int(int64(p.Bytes) * int64(s.line.now().Sub(start)+probeStep) / int64(p.Over))
		for sent < min(due, p.Bytes) {
			if !s.padAny(p.Bytes - sent) {
				return
			}
			sent += min(p.Bytes-sent, mostPadding) + packetBytes
		}
		select {
		case <-s.done:
			return
		case <-tick.C:
		}
	}
}

// padAny pads through the first slot of pictures that can.
func (s *Session) padAny(size int) bool {
	for _, slot := range s.slots {
		if slot.media == webrtc.RTPCodecTypeVideo && slot.pad(size) {
			return true
		}
	}
	return false
}
