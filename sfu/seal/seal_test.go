package seal_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"github.com/diemcau/diemcau/sfu/seal"
)

// exported is a DTLS session with known key material.
type exported []byte

func (e exported) ExportKeyingMaterial(label string, _ []byte, length int) ([]byte, error) {
	if label != "EXTRACTOR-dtls_srtp" {
		return nil, seal.ErrProfile
	}
	return e[:length], nil
}

func material() exported {
	b := make(exported, 60)
	for i := range b {
		b[i] = byte(i*7 + 3)
	}
	return b
}

// receiver is pion's side: the client that gets what the server sends.
func receiver(tb testing.TB, p seal.Profile) *srtp.Context {
	tb.Helper()
	config := srtp.Config{Profile: srtp.ProtectionProfile(p)}
	if err := config.ExtractSessionKeysFromDTLS(material(), true); err != nil {
		tb.Fatal(err)
	}
	c, err := srtp.CreateContext(config.Keys.RemoteMasterKey, config.Keys.RemoteMasterSalt, config.Profile,
		srtp.SRTPReplayProtection(4096))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func sealer(tb testing.TB, p seal.Profile) *seal.Sealer {
	tb.Helper()
	keys, err := seal.Extract(p, material(), false)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := seal.New(keys)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

const ssrc = 0xdeadbeef

// pack seals a packet with the index.
func pack(tb testing.TB, s *seal.Sealer, at seal.Index, payload []byte) []byte {
	tb.Helper()
	b := make([]byte, seal.HeaderSize, 2048)
	b[0], b[1] = 0x80, 96
	binary.BigEndian.PutUint16(b[2:], at.Seq())
	binary.BigEndian.PutUint32(b[4:], uint32(at)*3000)
	binary.BigEndian.PutUint32(b[8:], ssrc)
	sealed, err := s.Seal(b, ssrc, at, payload)
	if err != nil {
		tb.Fatal(err)
	}
	if len(sealed) != seal.HeaderSize+len(payload)+s.Overhead() {
		tb.Fatalf("got %d bytes for a payload of %d, want %d more", len(sealed), len(payload), seal.HeaderSize+s.Overhead())
	}
	return sealed
}

// What is sealed here is opened by pion's SRTP: through three roll-overs, with packets
// that are late and lost on both sides of each.
func TestM1_PionOpensWhatIsSealed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		profile seal.Profile
	}{{"aes-128-gcm", seal.GCM}, {"aes-128-cm-sha1-80", seal.CM}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, r := sealer(t, tt.profile), receiver(t, tt.profile)
			random := rand.New(rand.NewPCG(1, 2))
			var waiting []seal.Index // held back, to be sent late
			opened := 0
			give := func(at seal.Index) {
				payload := bytes.Repeat([]byte{byte(at)}, 1+random.IntN(1200))
				got, err := r.DecryptRTP(nil, pack(t, s, at, payload), nil)
				if err != nil {
					t.Fatalf("index %#x: %v", at, err)
				}
				var p rtp.Packet
				if err := p.Unmarshal(got); err != nil || !bytes.Equal(p.Payload, payload) || p.SequenceNumber != at.Seq() {
					t.Fatalf("index %#x: got %v and another packet", at, err)
				}
				opened++
			}
			for at := seal.Index(0x7000); at < 0x3_2000; at++ {
				near := at&0xffff < 300 || at&0xffff > 0xfed4
				switch n := random.IntN(10); {
				case !near && at%64 != 0: // far from a roll-over a few will do
				case n == 0: // lost
				case n < 3:
					waiting = append(waiting, at)
				default:
					give(at)
				}
				if len(waiting) > 20 || len(waiting) > 0 && at-waiting[0] > 1500 {
					for _, late := range waiting {
						give(late)
					}
					waiting = waiting[:0]
				}
			}
			if opened < 3000 {
				t.Errorf("only %d packets were opened", opened)
			}
		})
	}
}

// A packet that is sent again under its own number is the same to the byte: the receiver
// takes it for a duplicate and nobody sees one nonce with two packets.
func TestM1_SentAgainIsTheSame(t *testing.T) {
	t.Parallel()
	for _, p := range []seal.Profile{seal.GCM, seal.CM} {
		s := sealer(t, p)
		first := pack(t, s, 0x1_0005, []byte("picture"))
		pack(t, s, 0x1_0006, []byte("another"))
		if again := pack(t, s, 0x1_0005, []byte("picture")); !bytes.Equal(first, again) {
			t.Errorf("profile %v: got other bytes the second time", p)
		}
	}
}

func TestM1_SealingAllocatesNothing(t *testing.T) { //nolint:paralleltest // counts allocations
	s := sealer(t, seal.GCM)
	buf, payload, at := make([]byte, 2048), make([]byte, 1150), seal.Index(1)
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := s.Seal(buf, ssrc, at, payload); err != nil {
			t.Fatal(err)
		}
		at++
	}); n != 0 {
		t.Errorf("got %v allocations for a packet, want 0", n)
	}
}

func TestUnknownProfileIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := seal.Extract(0x0008, material(), false); err == nil {
		t.Error("got keys of a profile that is not offered")
	}
}

// Reports of one side are opened by the other.
func TestReportsAreOpened(t *testing.T) {
	t.Parallel()
	for _, p := range []seal.Profile{seal.GCM, seal.CM} {
		server, err := seal.Extract(p, material(), false)
		if err != nil {
			t.Fatal(err)
		}
		client, err := seal.Extract(p, material(), true)
		if err != nil {
			t.Fatal(err)
		}
		out, _, err := seal.Reports(server)
		if err != nil {
			t.Fatal(err)
		}
		_, in, err := seal.Reports(client)
		if err != nil {
			t.Fatal(err)
		}
		report := []byte{0x80, 201, 0, 1, 1, 2, 3, 4}
		sealed, err := out.EncryptRTCP(nil, report, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := in.DecryptRTCP(nil, sealed, nil); err != nil || !bytes.Equal(got, report) {
			t.Errorf("profile %v: got %x, %v", p, got, err)
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	s := sealer(b, seal.GCM)
	buf, payload, at := make([]byte, 2048), make([]byte, 1150), seal.Index(1)
	b.ReportAllocs()
	b.SetBytes(int64(len(payload)))
	for b.Loop() {
		if _, err := s.Seal(buf, ssrc, at, payload); err != nil {
			b.Fatal(err)
		}
		at++
	}
}
