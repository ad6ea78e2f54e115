package rehearse_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtp/codecs"
	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/internal/rehearse"
)

func TestMarkIsReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		venue := rapid.StringMatching(`[a-z0-9-]{1,64}`).Draw(t, "venue")
		frame := rapid.Uint64().Draw(t, "frame")
		nal := rehearse.NewMark(venue, frame).NAL()
		if i := bytes.Index(nal, []byte{0, 0}); i >= 0 {
			t.Fatalf("two zeros at %d would need emulation prevention", i)
		}
		got, ok := rehearse.ReadMark(nal)
		if !ok || got.Venue() != venue || got.Frame() != frame {
			t.Fatalf("got %v %v, want %s %d", got, ok, venue, frame)
		}
	})
}

func FuzzReadMark(f *testing.F) {
	f.Add(rehearse.NewMark("hall", 7).NAL())
	f.Add([]byte{6, 5, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, ok := rehearse.ReadMark(b); ok && len(m.Venue()) > len(b) {
			t.Errorf("got a venue longer than the message")
		}
	})
}

// TestPacketsGiveTheUnitBack puts packets together as a receiver does.
func TestPacketsGiveTheUnitBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		mtu := rapid.IntRange(100, 1200).Draw(t, "mtu")
		var unit [][]byte
		for range rapid.IntRange(1, 6).Draw(t, "units") {
			nal := bytes.Repeat([]byte{0x55}, rapid.IntRange(2, 4000).Draw(t, "size"))
			nal[0] = rapid.SampledFrom([]byte{0x67, 0x68, 0x06, 0x65, 0x41}).Draw(t, "kind")
			unit = append(unit, nal)
		}
		depacketizer := &codecs.H264Packet{}
		var got []byte
		for _, p := range rehearse.Packetize(unit, mtu) {
			if len(p) > mtu {
				t.Fatalf("got a payload of %d bytes, want ≤ %d", len(p), mtu)
			}
			b, err := depacketizer.Unmarshal(p)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, b...)
		}
		var want []byte
		for _, nal := range unit {
			want = append(append(want, 0, 0, 0, 1), nal...)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	})
}
