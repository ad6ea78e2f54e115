package sfu

import (
	"bytes"
	"encoding/binary"
	"net"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"github.com/diemcau/diemcau/sfu/netio"
	"github.com/diemcau/diemcau/sfu/ring"
	"github.com/diemcau/diemcau/sfu/seal"
)

// stand is a shard with one viewer, whose packets go to a socket of the test.
type stand struct {
	shard    *shard
	viewer   *Viewer
	audience *audience
	feed     *feed
	socket   *net.UDPConn
	opener   *srtp.Context
	seq      uint64
}

func newStand(tb testing.TB, l line) *stand {
	tb.Helper()
	conn, err := netio.Listen(netio.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	n := &Node{cfg: Config{Now: time.Now}, socket: conn}
	s, err := newShard(n, 0)
	if err != nil {
		tb.Fatal(err)
	}
	u, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = u.Close() })
	keys := &seal.Keys{
		Profile: seal.GCM, LocalKey: bytes.Repeat([]byte{1}, 16), LocalSalt: bytes.Repeat([]byte{2}, 12),
	}
	sealer, err := seal.New(keys)
	if err != nil {
		tb.Fatal(err)
	}
	opener, err := srtp.CreateContext(keys.LocalKey, keys.LocalSalt, srtp.ProtectionProfileAeadAes128Gcm)
	if err != nil {
		tb.Fatal(err)
	}
	a := newAudience("", []*shard{s})
	v := &Viewer{audience: a, shard: s, counters: &counters{}, sealer: sealer}
	v.legs[picture] = newLeg(l)
	v.legs[picture].repairsLeft = maxRepairs
	if to, ok := u.LocalAddr().(*net.UDPAddr); ok {
		v.way.Store(&way{peer: s.writer.Peer(to.AddrPort())})
	}
	f := newVideoFeed(1, videoRing)
	a.video[0].cut.show(f, false)
	f.attach(a.video[0].cut)
	a.join(v)
	s.obey(order{viewer: v, done: make(chan struct{})})
	return &stand{shard: s, viewer: v, audience: a, feed: f, socket: u, opener: opener, seq: 1 << 16}
}

// put brings packets of the sizes; the first ever is a keyframe's.
func (s *stand) put(sizes ...int) {
	for _, size := range sizes {
		s.seq++
		s.feed.put(ring.Meta{Seq: s.seq, TS: uint32(s.seq), Key: s.seq == 1<<16+1}, bytes.Repeat([]byte{byte(s.seq)}, size))
	}
}

// receive returns the next packet, sealed and opened.
func (s *stand) receive(t *testing.T) ([]byte, rtp.Packet) {
	t.Helper()
	if err := s.socket.SetReadDeadline(time.Now().Add(patienceOfStand)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2048)
	n, err := s.socket.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := s.opener.DecryptRTP(nil, buf[:n], nil)
	if err != nil {
		t.Fatal(err)
	}
	var p rtp.Packet
	if err := p.Unmarshal(plain); err != nil {
		t.Fatal(err)
	}
	return buf[:n], p
}

const patienceOfStand = 30 * time.Second

// Packets that differ by a byte go out in one call, padded; the receiver gets what was
// sent, and RTX has the number it asked for in front.
func TestM1_NeighboursGoOutInOneCall(t *testing.T) {
	t.Parallel()
	s := newStand(t, line{rtx: &format{payload: 97}})
	sizes := []int{1000, 1001, 1000, 1001}
	s.put(sizes...)
	s.shard.flush()
	var second rtp.Packet
	for i, size := range sizes {
		sealed, p := s.receive(t)
		if len(p.Payload) != size || p.Payload[0] != byte(1+i) || len(sealed) != 1001+12+16 {
			t.Errorf("packet %d: got %d bytes of %d in a datagram of %d", i, len(p.Payload), p.Payload[0], len(sealed))
		}
		if i == 1 {
			second = p
		}
	}
	if s.viewer.counters.out.Load() != 4 {
		t.Errorf("got %d packets counted, want 4", s.viewer.counters.out.Load())
	}
	s.shard.answer(ask{viewer: s.viewer, medium: picture, seq: second.SequenceNumber})
	_, again := s.receive(t)
	if again.PayloadType != 97 || again.SSRC == second.SSRC || binary.BigEndian.Uint16(again.Payload) != second.SequenceNumber ||
		!bytes.Equal(again.Payload[2:], second.Payload) || again.Timestamp != second.Timestamp {
		t.Errorf("got %v again, want %v in RTX", again.Header, second.Header)
	}
}

// Without RTX nothing is padded, and what is sent again is the same to the byte: one
// nonce is never used for two packets.
func TestM1_WithoutRTXSentAgainIsTheSame(t *testing.T) {
	t.Parallel()
	s := newStand(t, line{})
	s.put(1000, 1001, 1000, 0)
	s.shard.flush()
	var first [][]byte
	var numbers []uint16
	for range 4 {
		sealed, p := s.receive(t)
		first, numbers = append(first, sealed), append(numbers, p.SequenceNumber)
	}
	for i, number := range numbers {
		s.shard.answer(ask{viewer: s.viewer, medium: picture, seq: number})
		if again, _ := s.receive(t); !bytes.Equal(again, first[i]) {
			t.Errorf("packet %d of %d bytes is sent again as %d other bytes", i, len(first[i]), len(again))
		}
	}
}

// The packet path allocates nothing, however many packets a flush has.
func TestM1_FlushAllocatesNothing(t *testing.T) { //nolint:paralleltest // counts allocations
	s := newStand(t, line{rtx: &format{payload: 97}})
	for range 200 { // buffers grow, and the ring fills
		s.put(1100, 1101, 1100, 640)
		s.shard.flush()
	}
	payload := make([]byte, 1100)
	if n := testing.AllocsPerRun(200, func() {
		for range 4 {
			s.seq++
			s.feed.put(ring.Meta{Seq: s.seq, TS: uint32(s.seq)}, payload)
		}
		s.shard.flush()
	}); n != 0 {
		t.Errorf("got %v allocations for a flush of four packets, want 0", n)
	}
}

// A shard that falls behind by more than the ring holds lets its viewers begin again at a
// keyframe, without a gap in their numbers.
func TestM1_LateShardBeginsAgain(t *testing.T) {
	t.Parallel()
	s := newStand(t, line{rtx: &format{payload: 97}})
	s.put(100)
	s.shard.flush()
	_, before := s.receive(t)
	for range arrivals {
		s.put(100)
	}
	s.shard.flush()
	s.put(100)
	s.shard.flush() // still no keyframe
	s.seq++
	s.feed.put(ring.Meta{Seq: s.seq, TS: uint32(s.seq), Key: true}, []byte("key"))
	s.shard.flush()
	_, after := s.receive(t)
	if string(after.Payload) != "key" || after.SequenceNumber != before.SequenceNumber+1 {
		t.Errorf("got %q with number %d after %d, want the keyframe with the next number", after.Payload, after.SequenceNumber, before.SequenceNumber)
	}
	if s.viewer.counters.late.Load() != 1 {
		t.Errorf("got %d times late, want 1", s.viewer.counters.late.Load())
	}
}

func BenchmarkFlush(b *testing.B) {
	s := newStand(b, line{rtx: &format{payload: 97}})
	payload := make([]byte, 1100)
	s.put(1100)
	b.ReportAllocs()
	for b.Loop() {
		for range 4 {
			s.seq++
			s.feed.put(ring.Meta{Seq: s.seq, TS: uint32(s.seq)}, payload)
		}
		s.shard.flush()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4, "ns/packet")
}
