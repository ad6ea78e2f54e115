package sfu

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/diemcau/diemcau/sfu/burst"
	"github.com/diemcau/diemcau/sfu/netio"
	"github.com/diemcau/diemcau/sfu/ring"
	"github.com/diemcau/diemcau/sfu/seal"
)

// serve sends the runs of a flush to one viewer: each packet is sealed straight into the
// buffer it is sent from. It is the packet path: no lock, no allocation.
func (s *shard) serve(v *Viewer, runs []burst.Run, now time.Time) {
	way := v.way.Load()
	if way == nil {
		return
	}
	overhead := seal.HeaderSize + v.sealer.Overhead()
	packets := 0
	for _, r := range runs {
		out := s.out[:0]
		for _, piece := range r.Pieces {
			e := &s.batch.entries[piece.Index]
			sealed := v.take(e, out[len(out):])
			if len(sealed) == 0 {
				continue
			}
			packets++
			if v.legs[e.medium].single(e.medium) {
				s.send(v, way, sealed, len(sealed), now)
				continue
			}
			out = out[:len(out)+len(sealed)]
		}
		if len(out) > 0 {
			s.send(v, way, out, r.Size+overhead, now)
		}
	}
	v.counters.out.Add(uint64(packets))
}

// take numbers and seals a packet for the viewer into buf's room; nil: it is not for it.
func (v *Viewer) take(e *entryOut, buf []byte) []byte {
	g := &v.legs[e.medium]
	if !g.on {
		return nil
	}
	at, ok := g.number(e.seq, e.ts, e.starts)
	if !ok {
		return nil
	}
	plain, first := e.plain, e.first
	if g.single(e.medium) {
		plain, first = unpadded(e.packet)
	}
	sealed, err := v.seal(buf, g, header{first, e.marker, e.ts + g.tsOff}, at, plain)
	if err != nil {
		return nil // the keys are used up; the session will end
	}
	g.packets++
	g.octets += uint32(len(plain))
	return sealed
}

// single reports whether packets go out one by one: without RTX a packet is sent again
// under its own number and must then be the same to the byte, so it is not padded.
func (g *leg) single(m medium) bool { return m != sound && g.rtxPayload == 0 }

// unpadded returns a packet's payload and first byte; an empty one is a byte of padding.
func unpadded(p *ring.Packet) ([]byte, byte) {
	if len(p.Payload) == 0 {
		return []byte{1}, 0xa0
	}
	return p.Payload, 0x80
}

// header is what differs in RTP headers besides number and source.
type header struct {
	first  byte
	marker byte
	ts     uint32
}

// seal writes and seals a packet at the beginning of buf's room.
func (v *Viewer) seal(buf []byte, g *leg, h header, at seal.Index, plain []byte) ([]byte, error) {
	p := buf[:seal.HeaderSize]
	p[0], p[1] = h.first, h.marker|g.payload
	binary.BigEndian.PutUint16(p[2:], at.Seq())
	binary.BigEndian.PutUint32(p[4:], h.ts)
	binary.BigEndian.PutUint32(p[8:], g.ssrc)
	return v.sealer.Seal(p, g.ssrc, at, plain)
}

// send sends a run. When there is no room in the socket the viewer begins again at the
// next keyframe: nobody waits for it.
func (s *shard) send(v *Viewer, way *way, b []byte, size int, now time.Time) {
	if way.pump != nil {
		if !way.pump.put(b, size) {
			s.drop(v, now)
		}
		return
	}
	if err := s.writer.Send(b, size, &way.peer); errors.Is(err, netio.ErrBusy) {
		s.drop(v, now)
	}
}

func (s *shard) drop(v *Viewer, now time.Time) {
	v.counters.late.Add(1)
	for m := range sound {
		v.legs[m].lost()
		s.askKey(&v.legs[m], now)
	}
}

// askKey asks the source of a viewer's picture for a keyframe.
func (s *shard) askKey(g *leg, now time.Time) {
	if g.on && g.stream != nil {
		g.stream.cut.askKey(now.UnixNano())
	}
}

// ask is what a receiver wants: lost packets, or a keyframe.
type ask struct {
	viewer *Viewer
	medium medium
	key    bool
	seq    uint16 // the first lost packet, and a bit for each of the 16 after it (RFC 4585 §6.2.1)
	mask   uint16
}

// request leaves a receiver's wish; it never blocks.
func (s *shard) request(a ask) {
	select {
	case s.asks <- a:
	default: // it will ask again
	}
}

// answer fulfils it.
func (s *shard) answer(a ask) {
	v, now := a.viewer, s.now()
	g := &v.legs[a.medium]
	way := v.way.Load()
	if way == nil || !g.on {
		return
	}
	if a.key {
		s.askKey(g, now)
		return
	}
	s.resend(v, a.medium, a.seq, way)
	for i := range uint16(16) {
		if a.mask&(1<<i) != 0 {
			s.resend(v, a.medium, a.seq+i+1, way) // modulo 2^16
		}
	}
}

// maxRepairs is how many packets a second a viewer may have sent again, per medium.
const maxRepairs = 1000

// resend sends a lost packet again, from the ring of its source: as RTX if the viewer
// knows it (RFC 4588 §4: the original number goes in front), else as it was.
func (s *shard) resend(v *Viewer, m medium, seq uint16, way *way) {
	g := &v.legs[m]
	v.counters.nacks.Add(1)
	lost, ok := g.asked(seq)
	if !ok || g.repairsLeft <= 0 {
		return
	}
	p, n := lost.of.stream.cut.find(lost.number)
	if p == nil {
		return
	}
	defer p.Release()
	g.repairsLeft--
	h := header{first: 0x80, ts: n.ts + lost.of.tsOff}
	if p.Marker {
		h.marker = 0x80
	}
	var sealed []byte
	var err error
	if g.rtxPayload == 0 {
		plain, first := unpadded(p)
		h.first = first
		sealed, err = v.seal(s.out, g, h, lost.at, plain)
	} else {
		s.scratch = binary.BigEndian.AppendUint16(s.scratch[:0], seq)
		s.scratch = append(s.scratch, p.Payload...)
		again := leg{ssrc: g.rtxSSRC, payload: g.rtxPayload}
		sealed, err = v.seal(s.out, &again, h, g.rtxNext, s.scratch)
		g.rtxNext++
	}
	if err != nil {
		return
	}
	s.send(v, way, sealed, len(sealed), s.now())
	v.counters.resent.Add(1)
	v.counters.out.Add(1)
}
