package sfu

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtcp"
)

// report takes an SRTCP packet of the receiver; the reader of the socket calls it.
func (v *Viewer) report(b []byte) {
	v.reportsMu.Lock()
	in := v.reportsIn
	if in == nil {
		v.reportsMu.Unlock()
		return
	}
	plain, err := in.DecryptRTCP(nil, b, nil)
	v.reportsMu.Unlock()
	if err != nil {
		v.counters.junk.Add(1)
		return
	}
	v.heed(plain)
}

// heed does what RTCP asks for.
func (v *Viewer) heed(plain []byte) {
	packets, err := rtcp.Unmarshal(plain)
	if err != nil {
		v.counters.junk.Add(1)
		return
	}
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.TransportLayerNack:
			v.nack(p)
		case *rtcp.PictureLossIndication:
			v.wants(p.MediaSSRC)
		case *rtcp.FullIntraRequest:
			for _, e := range p.FIR[:min(len(p.FIR), int(media))] {
				v.wants(e.SSRC)
			}
		case *rtcp.ReceiverEstimatedMaximumBitrate:
			v.remb.Store(uint64(p.Bitrate))
			v.rembAt.Store(v.shard.now().UnixNano())
		case *rtcp.ReceiverReport:
			v.losses(p.Reports)
		}
	}
}

// losses keeps what the receiver says of its picture.
func (v *Viewer) losses(reports []rtcp.ReceptionReport) {
	for i := range reports {
		if reports[i].SSRC == v.legs[picture].ssrc {
			v.loss.Store(uint32(reports[i].FractionLost))
			v.lossAt.Store(v.shard.now().UnixNano())
		}
	}
}

// wants asks for a keyframe; whoever does not say of which picture means the programme's.
func (v *Viewer) wants(ssrc uint32) {
	m, ok := v.mediumOf(ssrc)
	if !ok || m == sound {
		m = picture
	}
	v.shard.request(ask{viewer: v, medium: m, key: true})
}

// mediumOf returns which of the viewer's streams has an SSRC.
func (v *Viewer) mediumOf(ssrc uint32) (medium, bool) {
	for m := range media {
		if v.legs[m].on && v.legs[m].ssrc == ssrc {
			return m, true
		}
	}
	return 0, false
}

// maxNacks is how many entries of one NACK message are taken: 16 of 17 packets each.
const maxNacks = 16

func (v *Viewer) nack(p *rtcp.TransportLayerNack) {
	m, ok := v.mediumOf(p.MediaSSRC)
	if !ok {
		return
	}
	for _, n := range p.Nacks[:min(len(p.Nacks), maxNacks)] {
		v.shard.request(ask{viewer: v, medium: m, seq: n.PacketID, mask: uint16(n.LostPackets)})
	}
}

// reportEvery is how often a receiver gets sender reports.
const reportEvery = time.Second

// reports sends what is due to all viewers of the shard.
func (s *shard) reports(now time.Time) {
	for _, g := range s.groups {
		for _, v := range g.viewers {
			if now.Sub(v.reported) >= reportEvery {
				s.reportTo(v, now)
			}
			if now.Sub(v.climbed) >= reportEvery {
				v.climbed = now
				s.climb(v, now)
			}
		}
	}
}

// reportTo sends the sender reports of a viewer's legs, in their own timestamps.
func (s *shard) reportTo(v *Viewer, now time.Time) {
	way := v.way.Load()
	if way == nil {
		return
	}
	plain := s.scratch[:0]
	for m := range media {
		g := &v.legs[m]
		g.repairsLeft = maxRepairs
		ts, ok := v.audience.stream(m, v.rung).cut.timestamp(now.UnixNano())
		if !ok || g.packets == 0 || m == beside && g.packets == g.told { // an empty slot sends nothing
			continue
		}
		g.told = g.packets
		plain = appendReport(plain, g, toNTP(now.UnixNano()), ts+g.tsOff)
	}
	if len(plain) == 0 {
		return
	}
	v.reported = now
	sealed, err := v.reportsOut.EncryptRTCP(s.out[:0], plain, nil)
	if err != nil {
		return // the keys are used up; the session will end
	}
	s.send(v, way, sealed, len(sealed), now)
}

// appendReport appends a sender report without report blocks (RFC 3550 §6.4.1).
func appendReport(b []byte, g *leg, ntp uint64, ts uint32) []byte {
	b = append(b, 0x80, 200, 0, 6) // version 2; SR; 7 words
	b = binary.BigEndian.AppendUint32(b, g.ssrc)
	b = binary.BigEndian.AppendUint64(b, ntp)
	b = binary.BigEndian.AppendUint32(b, ts)
	b = binary.BigEndian.AppendUint32(b, g.packets)
	return binary.BigEndian.AppendUint32(b, g.octets)
}
