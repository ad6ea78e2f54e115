package sfu

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/sfu/rewrite"
	"github.com/diemcau/diemcau/sfu/ring"
)

const chromeOffer = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n" +
	"a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n" +
	"a=candidate:1 1 udp 2113937151 f3b1c0de.local 50000 typ host\r\n" +
	"a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 108 109\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendonly\r\na=rtcp-mux\r\n" +
	"a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n" +
	"a=rtpmap:102 H264/90000\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n" +
	"a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n" +
	"a=rtpmap:108 H264/90000\r\na=rtcp-fb:108 nack pli\r\na=fmtp:108 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n" +
	"a=rtpmap:109 rtx/90000\r\na=fmtp:109 apt=108\r\n" +
	"a=rid:h send\r\na=rid:m send\r\na=rid:l send\r\na=simulcast:send h;m;l\r\n"

func TestOfferIsReduced(t *testing.T) {
	t.Parallel()
	o, err := readOffer(chromeOffer)
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"VP8", "candidate", "red/", "42001f", "apt=96"} {
		if strings.Contains(o.text, gone) {
			t.Errorf("%q is left in\n%s", gone, o.text)
		}
	}
	for _, kept := range []string{"m=video 9 UDP/TLS/RTP/SAVPF 108 109", "apt=108", "42e01f", "a=rtcp-fb:108 nack pli", "a=simulcast:send h;m;l"} {
		if strings.Count(o.text, kept) != 1 {
			t.Errorf("%q is not there once in\n%s", kept, o.text)
		}
	}
	if len(o.lines) != 2 || len(o.lines[1].rids) != 3 || !o.lines[1].up || o.lines[1].down {
		t.Errorf("got %+v", o.lines)
	}
}

// Whatever the text, reading ends with an offer within the limits or a refusal; what is
// left can be read again and means the same.
func FuzzM8_Offer(f *testing.F) {
	f.Add(chromeOffer)
	f.Add("")
	f.Add("v=0\r\n")
	f.Add(strings.ReplaceAll(chromeOffer, "sendonly", "recvonly"))
	f.Add(strings.ReplaceAll(chromeOffer, "packetization-mode=1;", ""))
	f.Add(strings.ReplaceAll(chromeOffer, ";profile-level-id=42e01f", ""))
	f.Add(strings.ReplaceAll(chromeOffer, "a=mid:1", "a=mid:0"))
	f.Add(strings.ReplaceAll(chromeOffer, "108", "111"))
	f.Add(chromeOffer[:len(chromeOffer)/2])
	f.Fuzz(func(t *testing.T, text string) {
		o, err := readOffer(text)
		if err != nil {
			return
		}
		if len(o.lines) == 0 || len(o.lines) > maxLines {
			t.Fatalf("got %d lines", len(o.lines))
		}
		if strings.Contains(o.text, "\na=candidate:") {
			t.Fatalf("a candidate is left in\n%s", o.text)
		}
		var again sdp.SessionDescription
		if err := again.UnmarshalString(o.text); err != nil {
			t.Fatalf("what is left cannot be read: %v\n%s", err, o.text)
		}
		if len(again.MediaDescriptions) != len(o.lines) {
			t.Fatalf("got %d m-lines left, want %d", len(again.MediaDescriptions), len(o.lines))
		}
	})
}

// No packet makes the reader panic; what pion's own reader takes is read the same.
func FuzzM8_Packet(f *testing.F) {
	for _, h := range []rtp.Header{
		{Version: 2, SequenceNumber: 7, Timestamp: 9, PayloadType: 108, Marker: true},
		{Version: 2, CSRC: []uint32{1, 2}},
	} {
		b, err := (&rtp.Packet{Header: h, Payload: []byte{1, 2, 3}}).Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte{0xb0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0, 1, 0x10, 1, 0, 0, 9, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := parsePacket(b)
		var want rtp.Packet
		if want.Unmarshal(b) != nil || want.Version != 2 {
			return
		}
		if !ok {
			if want.Padding {
				return // padding of size 0 is junk to us
			}
			t.Fatalf("refused %x, pion reads %+v", b, want.Header)
		}
		if got.seq != want.SequenceNumber || got.ts != want.Timestamp || got.marker != want.Marker ||
			got.payloadType != want.PayloadType || string(got.payload) != string(want.Payload) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

// testFeed is a feed without a publisher.
func testFeed(id uint32) *feed {
	return newVideoFeed(id, videoRing)
}

// Feeds whose packets are lost, late and doubled, wishes at any moment: the output has no
// number twice for two packets, begins every run at a keyframe, and any packet of it can
// be found again by its outgoing number.
func TestCutProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type sent struct {
			feed byte
			seq  byte
			ts   uint32
		}
		out := map[uint64]sent{}
		var newest uint64
		c := newCut(rewrite.New(10, 10), func(n numbers, p *ring.Packet) {
			s := sent{p.Payload[0], p.Payload[1], n.ts}
			if was, ok := out[n.seq]; ok && was != s {
				t.Fatalf("number %d for %v and %v", n.seq, was, s)
			}
			if n.seq > newest+1 && newest != 0 && s.feed != out[newest].feed {
				t.Fatalf("a hole before the cut at %d", n.seq)
			}
			if n.seq > newest && newest != 0 && s.feed != out[newest].feed && !p.Key {
				t.Fatalf("the cut at %d is no keyframe", n.seq)
			}
			newest = max(newest, n.seq)
			out[n.seq] = s
		})
		feeds := []*feed{testFeed(1), testFeed(2), testFeed(3)}
		next := []uint64{1 << 16, 1 << 17, 1 << 18}
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			i := rapid.IntRange(0, 2).Draw(t, "feed")
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				c.show(feeds[i], false)
				feeds[i].attach(c)
			case 1:
				c.show(nil, false)
			default:
				seq := next[i] - uint64(rapid.SampledFrom([]int{0, 0, 0, 0, 1, 2}).Draw(t, "late"))
				next[i] = max(next[i], seq+1+uint64(rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "lost")))
				feeds[i].put(ring.Meta{
					Seq: seq, TS: uint32(seq) * 100, Key: seq%5 == 0, Capture: int64(seq) * 1e6,
				}, []byte{byte(i), byte(seq)})
			}
		}
		for seq, s := range out {
			if p, n := c.find(seq); p != nil {
				if p.Payload[0] != s.feed || p.Payload[1] != s.seq || n.ts != s.ts {
					t.Fatalf("number %d: found %v at %d, want %v", seq, p.Payload, n.ts, s)
				}
				p.Release()
			} else if newest-seq < 2 {
				t.Fatalf("number %d, just sent, is not found", seq)
			}
		}
	})
}

// A keyframe that came while the old source was inside is not lost: the new source goes
// on from it with its next packet.
func TestCutTakesMissedKeyframe(t *testing.T) {
	t.Parallel()
	var got []byte
	c := newCut(rewrite.New(1, 1), func(_ numbers, p *ring.Packet) { got = append(got, p.Payload[0]) })
	a, b := testFeed(1), testFeed(2)
	a.attach(c)
	b.attach(c)
	c.show(a, false)
	a.put(ring.Meta{Seq: 100, Key: true}, []byte{1})
	c.show(b, false)
	if !c.gate.enter(a.id) {
		t.Fatal("the first source does not hold the gate")
	}
	b.put(ring.Meta{Seq: 500, Key: true}, []byte{2})
	b.put(ring.Meta{Seq: 501}, []byte{3})
	c.gate.leave(a.id)
	b.put(ring.Meta{Seq: 502}, []byte{4})
	if string(got) != "\x01\x02\x03\x04" {
		t.Errorf("got %v, want the keyframe and all after it", got)
	}
}

func TestKeyRequests(t *testing.T) {
	t.Parallel()
	sent := 0
	k := keyRequests{send: func() { sent++ }}
	start := time.Now().UnixNano()
	for i := range int64(1500) { // 1.5 s, a request every millisecond
		k.ask(start + i*int64(time.Millisecond))
	}
	if sent != 2 {
		t.Errorf("got %d requests in 1.5 s, want 2", sent)
	}
	k.tick(start + 2100*int64(time.Millisecond))
	if sent != 3 {
		t.Errorf("got %d, want the kept one made by the tick", sent)
	}
	k.ask(start + 2200*int64(time.Millisecond))
	k.satisfied()
	k.tick(start + 4000*int64(time.Millisecond))
	if sent != 3 {
		t.Errorf("got %d, want none after the keyframe had come", sent)
	}
}

// What the programme waits for is asked for soon, and still once a second in the long run.
func TestKeyRequestsOfTheProgramme(t *testing.T) {
	t.Parallel()
	var sent []int64
	k, now := keyRequests{}, int64(0)
	k.send = func() { sent = append(sent, now) }
	start := time.Now().UnixNano()
	for ms := range int64(6000) {
		now = ms
		if at := start + ms*int64(time.Millisecond); ms < 100 {
			k.ask(at)
		} else {
			k.askNow(at)
		}
	}
	if len(sent) > 7 || sent[1] != 300 {
		t.Errorf("asked at %v ms, want the second after 300 ms and one a second", sent)
	}
}

func TestNTP(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 8, 0, 0, 123_456_789, time.UTC).UnixNano()
	if got := fromNTP(toNTP(now)); got < now-1 || got > now+1 {
		t.Errorf("got %d, want %d", got, now)
	}
	if got := toNTP(0); got != ntpEpoch<<32 {
		t.Errorf("got %x for 1970", got)
	}
}

// Two media of one publisher are placed by one offset, so what was captured together is
// reported together, whatever each took on the way.
func TestOffsetKeepsPictureAndSoundTogether(t *testing.T) {
	t.Parallel()
	var o offset
	captured := int64(1_000_000_000)
	if d := o.observe(captured+80e6, captured); d != 80e6 {
		t.Errorf("got %d", d)
	}
	if d := o.observe(captured+1e9+50e6, captured+1e9); d != 50e6 {
		t.Errorf("got %d, want the smaller one", d)
	}
	if d := o.observe(captured+2e9+90e6, captured+2e9); d != 51e6 {
		t.Errorf("got %d, want no more than 1 ms up", d)
	}
}

func TestLateAndInsertedPackets(t *testing.T) {
	t.Parallel()
	var s shifts
	s.insertBefore(100)
	s.insertBefore(200)
	for _, tt := range []struct{ seq, want uint64 }{{99, 0}, {100, 1}, {150, 1}, {199, 1}, {200, 2}, {1000, 2}} {
		if got := s.of(tt.seq); got != tt.want {
			t.Errorf("shift of %d: got %d, want %d", tt.seq, got, tt.want)
		}
	}
}

// nowhere is a writer that takes everything.
type nowhere struct{ n atomic.Uint64 }

func (w *nowhere) WriteRTP(*rtp.Header, []byte) (int, error) { w.n.Add(1); return 1, nil }
func (w *nowhere) Write([]byte) (int, error)                 { return 0, nil }

// BenchmarkForward is the packet path without pion: one packet of a camera stored and
// rewritten for 30 slots. Allocations are per packet in.
func BenchmarkForward(b *testing.B) {
	f, w, c := testFeed(1), &nowhere{}, &counters{}
	const outputs = 30
	for i := range outputs {
		s := newSlot(line{mid: "0", media: webrtc.RTPCodecTypeVideo}, SlotProgramme, i, c, nil)
		s.bound.Store(&binding{writer: w, ssrc: uint32(i)})
		s.cut.show(f, false)
		f.attach(s.cut)
	}
	payload := make([]byte, 1200)
	f.put(ring.Meta{Seq: 1, Key: true}, payload)
	b.ReportAllocs()
	b.SetBytes(outputs * 1200)
	seq := uint64(1)
	for b.Loop() {
		seq++
		binary.BigEndian.PutUint64(payload, seq)
		f.put(ring.Meta{Seq: seq, TS: uint32(seq)}, payload)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/outputs, "ns/out")
	if got := w.n.Load(); got < uint64(b.N)*outputs {
		b.Fatalf("got %d packets out for %d in", got, b.N)
	}
}

func TestAnswersNameTheAnnouncedAddresses(t *testing.T) {
	t.Parallel()
	public := []netip.Addr{netip.MustParseAddr("203.0.113.5"), netip.MustParseAddr("2001:db8::5")}
	addresses, err := announced(public, 8189)
	if err != nil {
		t.Fatal(err)
	}
	m := &mux{addresses: addresses}
	if got := len(m.GetListenAddresses()); got != 2 {
		t.Errorf("pion gets %d addresses, want one for each version", got)
	}
	got := m.announce("a=mid:0\r\na=candidate:7 1 udp 1 10.0.0.1 1 typ host\r\na=candidate:7 2 udp 1 10.0.0.1 1 typ host\r\na=end-of-candidates\r\n")
	want := "a=mid:0\r\na=candidate:1 1 udp 2130706431 203.0.113.5 8189 typ host\r\n" +
		"a=candidate:2 1 udp 2130706175 2001:db8::5 8189 typ host\r\na=end-of-candidates\r\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	m.tcpPort = 443
	got = m.announce("a=mid:0\r\na=candidate:7 1 udp 1 10.0.0.1 1 typ host\r\n")
	want = "a=mid:0\r\na=candidate:1 1 udp 2130706431 203.0.113.5 8189 typ host\r\n" +
		"a=candidate:2 1 udp 2130706175 2001:db8::5 8189 typ host\r\n" +
		"a=candidate:3 1 tcp 1671430143 203.0.113.5 443 typ host tcptype passive\r\n" +
		"a=candidate:4 1 tcp 1671429887 2001:db8::5 443 typ host tcptype passive\r\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	all, err := announced(nil, 8189)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 || !slices.ContainsFunc(all, func(a *net.UDPAddr) bool { return a.IP.IsLoopback() }) {
		t.Errorf("got %v, want loopback among them", all)
	}
	if len(all) > 1 && all[0].IP.IsLoopback() {
		t.Errorf("got %v, want loopback last", all)
	}
}
