package sfu

import (
	"bytes"
	"encoding/binary"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/stun/v4"

	"github.com/diemcau/diemcau/sfu/rewrite"
	"github.com/diemcau/diemcau/sfu/ring"
)

// check is a connectivity check that names a user fragment.
func check(tb testing.TB, ufrag string) []byte {
	tb.Helper()
	m, err := stun.Build(stun.BindingRequest, stun.TransactionID, stun.NewUsername(ufrag+":them"), stun.Fingerprint)
	if err != nil {
		tb.Fatal(err)
	}
	return m.Raw
}

// Whatever comes first from an address: only a well-formed check that names a session of
// ours lets it in, and nothing panics.
func FuzzM8_FirstBytes(f *testing.F) {
	f.Add(check(f, "ours"))
	f.Add(check(f, "theirs"))
	f.Add([]byte{})
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	f.Add([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add(bytes.Repeat([]byte{0x80}, 40))
	f.Add([]byte{0, 1, 0, 4, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6, 0xff, 0xff})
	from := netip.MustParseAddrPort("192.0.2.1:4242")
	f.Fuzz(func(t *testing.T, b []byte) {
		var d door
		session := new(int)
		d.expect(session, "ours")
		before := d.refused[causeUnknown].Load() + d.refused[causeSTUN].Load() + d.refused[causeStranger].Load()
		in := d.lets(b, from)
		after := d.refused[causeUnknown].Load() + d.refused[causeSTUN].Load() + d.refused[causeStranger].Load()
		if in == (after > before) {
			t.Fatalf("let in: %v, and %d counted as dropped", in, after-before)
		}
		if in {
			if ufrag, request := checkOf(b); !request || ufrag != "ours" || !stun.IsMessage(b) {
				t.Fatalf("%x is let in", b)
			}
		}
		if stranger := []byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}; d.lets(stranger, from) != in {
			t.Fatalf("let in: %v, but not what follows", in)
		}
		d.leave(session)
		if d.lets(b, from) {
			t.Fatal("let in after the session has ended")
		}
	})
}

// upStand is a publisher's track whose packets go through a ring and a cut to the test.
type upStand struct {
	track *upTrack
	cut   *cut
	out   func(numbers, *ring.Packet)
}

func newUpStand(p *Plane, payload uint8) *upStand {
	s := &upStand{track: &upTrack{
		session: &Session{plane: p, done: make(chan struct{})}, pub: newPublisher("v", 1, &venueCounters{}),
		feed: newVideoFeed(1, lowRing), payload: payload, ask: func([]uint16) {},
	}}
	s.cut = newCut(rewrite.New(65530, 1<<32-9000), func(n numbers, q *ring.Packet) { s.out(n, q) })
	s.cut.show(s.track.feed, false)
	s.track.feed.attach(s.cut)
	return s
}

func fuzzPlane(f *testing.F) *Plane {
	f.Helper()
	p := newPlane(&Node{cfg: Config{Now: time.Now}, log: slog.New(slog.DiscardHandler)}, "c", "main")
	if p.broken != nil {
		f.Fatal(p.broken)
	}
	return p
}

// packetsOf cuts the input into packets: two bytes of length, then the packet itself.
func packetsOf(b []byte) [][]byte {
	var all [][]byte
	for len(b) > 2 && len(all) < 64 {
		n := min(int(binary.BigEndian.Uint16(b)&0x7ff), len(b)-2)
		all = append(all, b[2:2+n])
		b = b[2+n:]
	}
	return all
}

func fuzzInput(tb testing.TB, payloads ...[]byte) []byte {
	tb.Helper()
	var in []byte
	for i, p := range payloads {
		raw, err := (&rtp.Packet{Header: rtp.Header{
			Version: 2, PayloadType: 96, SequenceNumber: uint16(65534 + i), Timestamp: uint32(3000 * i), Marker: true,
		}, Payload: p}).Marshal()
		if err != nil {
			tb.Fatal(err)
		}
		in = append(binary.BigEndian.AppendUint16(in, uint16(len(raw))), raw...)
	}
	return in
}

// Whatever a publisher sends: what goes out begins at a keyframe, never has one number for
// two packets, and any packet of the ring can be found again by its outgoing number.
func FuzzM8_Media(f *testing.F) {
	sps, pps, idr, slice := []byte{0x67, 0x42, 0xe0, 0x1f}, []byte{0x68, 1}, []byte{0x65, 1, 2}, []byte{0x41, 1, 2}
	f.Add(fuzzInput(f, sps, pps, idr, slice, slice))
	f.Add(fuzzInput(f, idr, slice))
	f.Add(fuzzInput(f, []byte{0x78, 0, 4, 0x67, 0x42, 0xe0, 0x1f, 0, 1, 0x68, 0, 1, 0x65}, []byte{0x7c, 0x85, 1}, []byte{0x7c, 0x45, 1}))
	f.Add(fuzzInput(f, sps, pps, idr, nil, bytes.Repeat([]byte{0x41}, 1600)))
	f.Add([]byte{0, 12, 0xa0, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0xff})
	plane := fuzzPlane(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		s := newUpStand(plane, 96)
		sent := make(map[uint64]string)
		s.out = func(n numbers, p *ring.Packet) {
			if len(sent) == 0 && !p.Key {
				t.Fatal("what goes out does not begin at a keyframe")
			}
			if was, twice := sent[n.seq]; twice && was != string(p.Payload) {
				t.Fatalf("number %d for two packets", n.seq)
			}
			sent[n.seq] = string(p.Payload)
		}
		now := time.Now().UnixNano()
		for i, raw := range packetsOf(b) {
			s.track.take(raw, now+int64(i)*int64(10*time.Millisecond))
		}
		for seq, payload := range sent {
			if p, n := s.cut.find(seq); p != nil {
				if n.seq != seq || string(p.Payload) != payload {
					t.Fatalf("number %d is another packet when it is sent again", seq)
				}
				p.Release()
			}
		}
	})
}

// Whatever RTCP comes, from a publisher, a page or a viewer: nothing panics, and no message
// makes more be sent again than its limit.
func FuzzM8_Feedback(f *testing.F) {
	for _, p := range [][]rtcp.Packet{
		{&rtcp.TransportLayerNack{MediaSSRC: 1, Nacks: []rtcp.NackPair{{PacketID: 7, LostPackets: 0xffff}}}},
		{&rtcp.PictureLossIndication{MediaSSRC: 1}},
		{&rtcp.SenderReport{SSRC: 1, NTPTime: 1 << 63, Reports: []rtcp.ReceptionReport{{SSRC: 1, FractionLost: 255, TotalLost: 1 << 23}}}},
		{&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{SSRC: 1, LastSequenceNumber: 1 << 31, Delay: 1 << 31}}}},
		{&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: 1e30, SSRCs: []uint32{1}}},
		{&rtcp.FullIntraRequest{MediaSSRC: 1, FIR: []rtcp.FIREntry{{SSRC: 1}}}, &rtcp.Goodbye{Sources: []uint32{1}}},
	} {
		b, err := rtcp.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{0x81, 205, 0xff, 0xff})
	plane := fuzzPlane(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		up := newUpStand(plane, 96)
		up.track.heed(b, 1)
		up.track.heed(b, binary.BigEndian.Uint32(append(b, make([]byte, 12)...)[4:]))

		var c counters
		page := newSlot(line{mid: "1", codec: format{payload: 96}}, SlotTile, 0, &c, nil)
		page.heed(b, time.Now().UnixNano())
		if c.nacks.Load() > maxRepair {
			t.Fatalf("%d packets asked for by one message are looked for", c.nacks.Load())
		}

		asks := make(chan ask, 4)
		v := &Viewer{counters: &c, shard: &shard{asks: asks, now: time.Now}}
		v.legs[picture].ssrc, v.legs[sound].ssrc = 1, 2
		v.heed(b) // never blocks, however full the queue is
		v.heed(b)
	})
}

// Whatever the text: an offer that is taken gets slots for what it receives and no more, an
// answer that can be read, and a restart that means the same.
func FuzzM8_Negotiation(f *testing.F) {
	f.Add(chromeOffer)
	f.Add(strings.ReplaceAll(chromeOffer, "sendonly", "recvonly"))
	f.Add(strings.ReplaceAll(chromeOffer, "sendonly", "sendrecv"))
	f.Add(strings.ReplaceAll(chromeOffer, "sendonly", "inactive"))
	plane := fuzzPlane(f)
	f.Fuzz(func(t *testing.T, text string) {
		o, err := readOffer(text)
		if err != nil {
			return
		}
		for _, r := range []role{roleVenue, roleStage, roleEncoder} {
			if suits(o, r) != nil {
				continue
			}
			s := newSession(plane, r, Page{Venue: "v"}, o)
			if len(s.slots) > len(o.lines) || (r == roleEncoder && (len(s.slots) > 0 || s.pub == nil)) {
				t.Fatalf("%d slots and publisher %v for %d m-lines", len(s.slots), s.pub, len(o.lines))
			}
		}
		again, err := readOffer(o.withCredentials("abcd", strings.Repeat("p", 22)))
		if err != nil || len(again.lines) != len(o.lines) {
			t.Fatalf("a restart of it: %v", err)
		}
		w, err := readViewerOffer(text)
		if err != nil {
			return
		}
		v := &Viewer{offer: w, number: "1"}
		v.allot(true)
		var answer sdp.SessionDescription
		if err := answer.UnmarshalString(v.description("ufrag", "pwd", "sha-256 00")); err != nil || len(answer.MediaDescriptions) != len(o.lines) {
			t.Fatalf("%d m-lines are answered with %d: %v", len(o.lines), len(answer.MediaDescriptions), err)
		}
	})
}

// Whatever the text of a PATCH: it has credentials ICE can use, or is refused.
func FuzzM8_Fragment(f *testing.F) {
	f.Add("a=ice-ufrag:abcd\r\na=ice-pwd:" + strings.Repeat("p", 22) + "\r\n")
	f.Add("a=ice-ufrag:a=ice-pwd:\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := readFragment(text)
		if err == nil && (!iceText(got.ufrag, 4) || !iceText(got.pwd, 22) || strings.ContainsAny(got.ufrag+got.pwd, "\r\n:")) {
			t.Fatalf("got %+v", got)
		}
	})
}
