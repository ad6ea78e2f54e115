package sfu

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/sfu/layer"
	"github.com/diemcau/diemcau/sfu/rewrite"
	"github.com/diemcau/diemcau/sfu/ring"
)

// slot is one outgoing m-line of a session: one SSRC for its whole life, whoever is shown
// in it. It is the TrackLocal of its RTPSender.
type slot struct {
	mid      string
	kind     SlotKind
	media    webrtc.RTPCodecType
	payload  webrtc.PayloadType // of the m-line's only media format
	streamID string
	index    int // among the slots of its kind and medium

	cut      *cut
	layer    int // that is shown, or layer.Off; guarded by the plane's planeMu
	counters *counters
	bound    atomic.Pointer[binding]
	line     *downlink  // nil: the receiver says nothing of it
	header   rtp.Header // of the next packet; belongs to whoever is inside the cut's gate
	number   [2]byte    // transport-wide, of the same

	newest          atomic.Uint64 // highest extended sequence number sent
	packets, octets atomic.Uint32
	rtxSeq          atomic.Uint32
	reported        uint32           // packets by the last report; owned by report
	repairs         atomic.Int32     // asked for since the last report
	again           [againKept]again // owned by feedback
	numbered        numbered
	sender          *webrtc.RTPSender
	receipt         receipt
}

// binding is what was negotiated for the slot.
type binding struct {
	writer           webrtc.TrackLocalWriter
	ssrc, rtxSSRC    uint32
	payload, rtxType uint8 // rtxType 0: no RTX, the packet is sent again as it was
	wide             uint8 // id of the transport-wide number; 0: none
}

var errNoCodec = errors.New("no codec was negotiated for the slot")

func newSlot(l line, kind SlotKind, index int, c *counters, d *downlink) *slot {
	s := &slot{
		mid: l.mid, kind: kind, index: index, media: l.media,
		payload: webrtc.PayloadType(l.codec.payload), streamID: "slot-" + l.mid, counters: c, line: d, layer: layer.Off,
	}
	if kind == SlotProgramme {
		s.streamID = "programme"
	}
	var random [8]byte
	rand.Read(random[:])
	s.cut = newCut(rewrite.New(
		binary.BigEndian.Uint16(random[:]), binary.BigEndian.Uint32(random[2:])), s.send)
	s.rtxSeq.Store(uint32(binary.BigEndian.Uint16(random[6:])))
	return s
}

// Bind takes what was negotiated; pion calls it once.
func (s *slot) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, codec := range ctx.CodecParameters() {
		if codec.PayloadType != s.payload {
			continue
		}
		b := &binding{
			writer: ctx.WriteStream(), ssrc: uint32(ctx.SSRC()), payload: uint8(codec.PayloadType),
			wide: extensionID(ctx.HeaderExtensions(), sdp.TransportCCURI),
		}
		if rtx := rtxFor(codec.PayloadType, ctx.CodecParameters()); rtx != 0 && ctx.SSRCRetransmission() != 0 {
			b.rtxSSRC, b.rtxType = uint32(ctx.SSRCRetransmission()), uint8(rtx)
		}
		s.bound.Store(b)
		return codec, nil
	}
	return webrtc.RTPCodecParameters{}, errNoCodec
}

// Unbind ends the sending.
func (s *slot) Unbind(webrtc.TrackLocalContext) error {
	s.bound.Store(nil)
	return nil
}

// ID returns the track id.
func (s *slot) ID() string { return s.media.String() + "-" + s.mid }

// RID returns "": a slot is never simulcast.
func (s *slot) RID() string { return "" }

// StreamID returns the msid stream.
func (s *slot) StreamID() string { return s.streamID }

// Kind returns audio or video.
func (s *slot) Kind() webrtc.RTPCodecType { return s.media }

// send writes one packet; inside the cut's gate.
func (s *slot) send(n numbers, p *ring.Packet) {
	b := s.bound.Load()
	if b == nil {
		return
	}
	s.header = rtp.Header{
		Version: 2, Marker: p.Marker, PayloadType: b.payload,
		SequenceNumber: uint16(n.seq), Timestamp: n.ts, SSRC: b.ssrc, // modulo 2^16
		Extensions: s.header.Extensions, Extension: s.header.Extension, ExtensionProfile: s.header.ExtensionProfile,
	}
	if len(p.Payload) == 0 { // a probe of the publisher: padding only
		s.header.Padding, s.header.PaddingSize = true, 1
	}
	if number, wide := s.stamp(b, &s.header, &s.number, len(p.Payload)); wide && b.rtxType == 0 {
		s.numbered.note(uint16(n.seq), number)
	}
	written, err := b.writer.WriteRTP(&s.header, p.Payload)
	if err != nil || written == 0 {
		return // not connected yet, or no more
	}
	if n.seq > s.newest.Load() {
		s.newest.Store(n.seq)
	}
	s.packets.Add(1)
	s.octets.Add(uint32(len(p.Payload)))
	s.counters.out.Add(1)
}

// feedback answers the receiver's RTCP until the session ends.
func (s *slot) feedback(now func() time.Time) {
	buf := make([]byte, 1600)
	for {
		n, _, err := s.sender.Read(buf)
		if err != nil {
			return
		}
		s.heed(buf[:n], now().UnixNano())
	}
}

// heed does what RTCP asks for.
func (s *slot) heed(b []byte, now int64) {
	packets, err := rtcp.Unmarshal(b)
	if err != nil {
		s.counters.junk.Add(1)
		return
	}
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.TransportLayerNack:
			s.repair(p.Nacks, now)
		case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
			s.cut.askKey(now)
		case *rtcp.ReceiverReport:
			s.heard(p.Reports, now)
		case *rtcp.SenderReport: // of a page that sends too
			s.heard(p.Reports, now)
		}
	}
}

// report returns the slot's sender report, in the slot's own timestamps, or nil when it has
// sent nothing since the last one: on a narrow line even reports count. One goroutine calls it.
func (s *slot) report(now int64) *rtcp.SenderReport {
	s.repairs.Store(0)
	b := s.bound.Load()
	ts, ok := s.cut.timestamp(now)
	packets := s.packets.Load()
	if b == nil || !ok || packets == s.reported {
		return nil
	}
	s.reported = packets
	return &rtcp.SenderReport{
		SSRC: b.ssrc, NTPTime: toNTP(now), RTPTime: ts,
		PacketCount: s.packets.Load(), OctetCount: s.octets.Load(),
	}
}
