package h264_test

import (
	"bytes"
	"testing"

	"github.com/diemcau/diemcau/sfu/h264"
)

// packet is one for Assembler.Push.
type packet struct {
	seq     uint64
	ts      uint32
	marker  bool
	payload []byte
}

func keyframe(seq uint64, ts uint32) []packet {
	return []packet{
		{seq, ts, false, aggregate(sps, pps)},
		{seq + 1, ts, false, []byte{0x7c, 0x85, 1, 2}}, // IDR in three fragments
		{seq + 2, ts, false, []byte{0x7c, 0x05, 3}},
		{seq + 3, ts, true, []byte{0x7c, 0x45, 4}},
	}
}

func TestAssembler(t *testing.T) {
	t.Parallel()
	whole := []byte{0x65, 1, 2, 3, 4}
	for _, c := range []struct {
		name    string
		packets [][]packet
		want    []string // k: keyframe, p: another
		waiting bool
	}{
		{"nothing before the first keyframe", [][]packet{{{1, 1, true, slice}}}, nil, true},
		{"a keyframe in fragments, then others", [][]packet{keyframe(1, 1), {{5, 2, true, slice}, {6, 3, true, slice}}}, []string{"k", "p", "p"}, false},
		{"a picture without its marker ends with the next", [][]packet{keyframe(1, 1), {{5, 2, false, slice}, {6, 3, true, slice}}}, []string{"k", "p", "p"}, false},
		{"half a picture before the keyframe of a cut", [][]packet{keyframe(1, 1), {{5, 2, false, slice}}, keyframe(6, 3)}, []string{"k", "k"}, false},
		{"padding between pictures", [][]packet{keyframe(1, 1), {{5, 1, false, nil}, {6, 2, true, slice}}}, []string{"k", "p"}, false},
		{"a loss takes all until a keyframe", [][]packet{keyframe(1, 1), {{6, 3, true, slice}, {7, 4, true, slice}}, keyframe(8, 5)}, []string{"k", "k"}, false},
		{"a keyframe whose beginning was lost is none", [][]packet{keyframe(1, 1), keyframe(5, 2)[1:]}, []string{"k"}, true},
		{"a keyframe after a loss that has its beginning", [][]packet{keyframe(1, 1), keyframe(9, 2)}, []string{"k", "k"}, false},
		{"a fragment is missing", [][]packet{keyframe(1, 1)[:2], keyframe(1, 1)[3:]}, nil, true},
		{"a fragment has no end", [][]packet{keyframe(1, 1)[:3], {{4, 2, true, slice}}}, nil, true},
		{"a fragment within a fragment", [][]packet{keyframe(1, 1)[:2], {{3, 1, true, slice}}}, nil, true},
		{"a fragment that is begin and end", [][]packet{{{1, 1, false, aggregate(sps, pps)}, {2, 1, true, []byte{0x7c, 0xc5, 1}}}}, nil, true},
		{"data partitions", [][]packet{keyframe(1, 1), {{5, 2, true, []byte{0x42, 1}}}}, []string{"k"}, true},
		{"junk", [][]packet{keyframe(1, 1), {{5, 2, true, []byte{0x7f, 1}}}}, []string{"k"}, true},
		{"sets alone are kept", [][]packet{{{1, 1, true, aggregate(sps, pps)}, {2, 2, true, idr}}}, []string{"k"}, false},
	} {
		var a h264.Assembler
		var units []h264.Unit
		for _, run := range c.packets {
			for _, p := range run {
				units = a.Push(units, h264.Packet{Seq: p.seq, TS: p.ts, Capture: int64(p.ts), Marker: p.marker, Payload: p.payload})
			}
		}
		var got []string
		for _, u := range units {
			kind := "p"
			if u.Key {
				kind = "k"
				if !bytes.Equal(u.SPS[0], sps) || !bytes.Equal(u.PPS[0], pps) {
					t.Errorf("%s: a keyframe without its sets", c.name)
				}
				if n := u.NALs[0]; !bytes.Equal(n, whole) && !bytes.Equal(n, idr) {
					t.Errorf("%s: got slice %x", c.name, n)
				}
			}
			got = append(got, kind)
		}
		if len(got) != len(c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: got %v, want %v", c.name, got, c.want)
			}
		}
		if a.Waiting() != c.waiting {
			t.Errorf("%s: waits for a keyframe: %v", c.name, a.Waiting())
		}
	}
}

// No packets make the Assembler panic; what comes out has a slice, and begins with a keyframe.
func FuzzAssembler(f *testing.F) {
	f.Add([]byte{0x78, 0, 5, 0x67, 0x42, 0xe0, 0x1f, 0x8c, 0, 4, 0x68, 0xce, 0x3c, 0x80}, idr, slice, uint8(0))
	f.Add([]byte{0x7c, 0x85, 1}, []byte{0x7c, 0x05, 2}, []byte{0x7c, 0x45, 3}, uint8(1))
	f.Add([]byte{0x7c}, []byte{0x78, 0xff}, []byte{}, uint8(7))
	f.Fuzz(func(t *testing.T, b, c, d []byte, gaps uint8) {
		var a h264.Assembler
		var units []h264.Unit
		seq := uint64(0)
		for i := range 12 {
			seq += 1 + uint64(gaps>>(i%8)&1)
			units = a.Push(units, h264.Packet{Seq: seq, TS: uint32(i / 3), Capture: 1, Marker: i%3 == 2, Payload: [][]byte{b, c, d}[i%3]})
		}
		for i, u := range units {
			if len(u.NALs) == 0 || u.Key != (u.SPS != nil) || i == 0 && !u.Key {
				t.Fatalf("unit %d: %+v", i, u)
			}
		}
	})
}

func TestReadPicture(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		sps  []byte
		want h264.Picture
	}{
		{"constrained baseline 640×360, by x264", []byte{
			0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x00, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x03, 0x00, 0x3c, 0x0f, 0x16, 0x2e, 0x48,
		}, h264.Picture{Width: 640, Height: 360, Chroma: 1, LumaDepth: 8, ChromaDepth: 8}},
		{"high 1920×1080, cropped from 1088", []byte{
			0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58,
		}, h264.Picture{Width: 1920, Height: 1080, Chroma: 1, LumaDepth: 8, ChromaDepth: 8}},
	} {
		got, err := h264.ReadPicture(c.sps)
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
	for _, b := range [][]byte{nil, pps, sps[:4], {0x67, 0x42, 0xe0, 0x1f, 0, 0, 0, 0}} {
		if got, err := h264.ReadPicture(b); err == nil {
			t.Errorf("%x passed as an SPS of %+v", b, got)
		}
	}
}

func FuzzReadPicture(f *testing.F) {
	f.Add(sps)
	f.Add([]byte{0x67, 0x64, 0, 0x28, 0xac, 0xd9, 0x40, 0x78})
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := h264.ReadPicture(b); err == nil && (p.Width < 1 || p.Height < 1 || p.Width > 1<<14 || p.Height > 1<<14) {
			t.Errorf("got %+v", p)
		}
	})
}
