package h264_test

import (
	"bytes"
	"testing"

	"github.com/diemcau/diemcau/sfu/h264"
)

var (
	sps   = []byte{0x67, 0x42, 0xe0, 0x1f, 0x8c}
	pps   = []byte{0x68, 0xce, 0x3c, 0x80}
	idr   = []byte{0x65, 0x88, 0x84}
	slice = []byte{0x41, 0x9a, 0x02}
)

func aggregate(nals ...[]byte) []byte {
	b := []byte{0x78}
	for _, n := range nals {
		b = append(b, byte(len(n)>>8), byte(len(n)))
		b = append(b, n...)
	}
	return b
}

func TestInspect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		payload       []byte
		sps, pps, idr bool
		junk          bool
	}{
		{"padding", nil, false, false, false, false},
		{"slice", slice, false, false, false, false},
		{"sps", sps, true, false, false, false},
		{"pps", pps, false, true, false, false},
		{"idr", idr, false, false, true, false},
		{"aggregate of sets", aggregate(sps, pps), true, true, false, false},
		{"aggregate with idr", aggregate(sps, pps, idr), true, true, true, false},
		{"first fragment of an idr", []byte{0x7c, 0x85, 1}, false, false, true, false},
		{"later fragment of an idr", []byte{0x7c, 0x05, 1}, false, false, false, false},
		{"first fragment of a slice", []byte{0x7c, 0x81, 1}, false, false, false, false},
		{"fragment without header", []byte{0x7c}, false, false, false, true},
		{"aggregate cut off", aggregate(sps, pps)[:10], true, false, false, true},
		{"aggregate of nothing", []byte{0x78, 0, 0}, false, false, false, true},
		{"reserved type", []byte{0x7f, 1, 2}, false, false, false, true},
		{"type 0", []byte{0x60, 1}, false, false, false, true},
	} {
		c := h264.Inspect(tt.payload)
		if (c.SPS != nil) != tt.sps || (c.PPS != nil) != tt.pps || c.IDR != tt.idr || c.Junk != tt.junk {
			t.Errorf("%s: got %+v", tt.name, c)
		}
	}
}

func TestSetsFindWhereDecodingStarts(t *testing.T) {
	t.Parallel()
	type step struct {
		name    string
		ts      uint32
		payload []byte
		want    h264.Verdict
	}
	start, insert, nothing := h264.Verdict{Start: true}, h264.Verdict{Insert: true}, h264.Verdict{}
	var s h264.Sets
	for _, st := range []step{
		{"an idr before any sets", 0, idr, nothing},
		{"slice", 3000, slice, nothing},
		{"sets of a keyframe", 6000, aggregate(sps, pps), start},
		{"its idr", 6000, idr, nothing},
		{"its second slice", 6000, idr, nothing},
		{"slice", 9000, slice, nothing},
		{"idr without sets", 12000, idr, insert},
		{"its second slice", 12000, idr, nothing},
		{"sps alone", 15000, sps, start},
		{"pps alone", 15000, pps, nothing},
		{"its idr", 15000, idr, nothing},
	} {
		if got := s.Observe(st.ts, h264.Inspect(st.payload)); got != st.want {
			t.Errorf("%s at %d: got %+v, want %+v", st.name, st.ts, got, st.want)
		}
	}
	if got := s.STAPA(nil); !bytes.Equal(got[1:], aggregate(sps, pps)[1:]) || got[0]&0x1f != 24 {
		t.Errorf("got %x for the cached sets", got)
	}
	if got := s.ProfileLevelID(); got != "42e01f" {
		t.Errorf("got profile %q", got)
	}
}

func TestOrderFindsBFrames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		ts   []uint32
		want bool
	}{
		{"rising", []uint32{0, 0, 3000, 3000, 6000, 9000}, false},
		{"over the wrap", []uint32{4_294_966_000, 1704, 4704}, false},
		{"one restart", []uint32{90_000, 93_000, 5, 3005, 6005}, false},
		{"IBP", []uint32{0, 6000, 3000, 12000, 9000, 18000}, true},
		{"IBBP", []uint32{0, 9000, 3000, 6000, 18000, 12000, 15000}, true},
	} {
		var o h264.Order
		got := false
		for _, ts := range tt.ts {
			got = o.Observe(ts) || got
		}
		if got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
	var o h264.Order
	for i := range uint32(1000) { // two restarts far apart
		if ts := i%500*3000 + 1; o.Observe(ts) {
			t.Fatalf("a restart after 500 pictures was taken for B-frames at %d", i)
		}
	}
}

// No payload makes the reader panic or look outside of it.
func FuzzM8_Inspect(f *testing.F) {
	for _, b := range [][]byte{nil, slice, sps, idr, aggregate(sps, pps, idr), {0x7c, 0x85}, {0x78, 0xff, 0xff, 1}} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s h264.Sets
		for ts := range uint32(3) {
			c := h264.Inspect(b)
			if len(c.SPS) > len(b) || len(c.PPS) > len(b) {
				t.Fatal("a set longer than the payload")
			}
			if v := s.Observe(ts, c); v.Insert {
				if again := h264.Inspect(s.STAPA(nil)); again.SPS == nil || again.PPS == nil {
					t.Fatalf("the cached sets cannot be read: %x", s.STAPA(nil))
				}
			}
		}
	})
}
