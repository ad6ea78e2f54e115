package sfu

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/diemcau/diemcau/sfu/layer"
	"github.com/diemcau/diemcau/sfu/rewrite"
	"github.com/diemcau/diemcau/sfu/ring"
)

// M5: on a full line a tenth is left for what is sent again, on one with room all of the room;
// pictures do not take what is kept for sound.
func TestM5_CopiesDoNotTakeTheLine(t *testing.T) {
	t.Parallel()
	spend := func(s *spare, bits, carries float64, picture bool) (bytes int) {
		for now := int64(time.Hour); now < int64(time.Hour+10*time.Second); now += int64(5 * time.Millisecond) {
			if s.take(bits, carries, demand{125, picture, now}) {
				bytes += 125
			}
		}
		return bytes * 8 / 10 // bits/s
	}
	for _, tt := range []struct {
		name          string
		bits, carries float64
		least, most   int
	}{
		{"full", 60_000, 60_000, 5_000, 6_500},
		{"more than full", 60_000, 90_000, 5_000, 6_500},
		{"room", 300_000, 200_000, 95_000, 106_000},
	} {
		if got := spend(&spare{}, tt.bits, tt.carries, false); got < tt.least || got > tt.most {
			t.Errorf("%s: %d bits/s of sound were sent again, want %d to %d", tt.name, got, tt.least, tt.most)
		}
	}
	s, now := &spare{}, int64(time.Hour)
	for s.take(200_000, 100_000, demand{125, true, now}) {
	}
	if !s.take(200_000, 100_000, demand{125, false, now}) {
		t.Error("pictures took what is kept for sound")
	}
}

// M5: what the line does not take ends at once, without waiting for the smaller layer's
// keyframe, and is not sent again; otherwise it goes on until then.
func TestM5_WhatDoesNotFitEndsAtOnce(t *testing.T) {
	t.Parallel()
	for _, hurry := range []bool{false, true} {
		var got []byte
		var newest uint64
		c := newCut(rewrite.New(1, 1), func(n numbers, p *ring.Packet) {
			got, newest = append(got, p.Payload[0]), n.seq
		})
		large, small := testFeed(1), testFeed(2)
		large.attach(c)
		small.attach(c)
		c.show(large, false)
		large.put(ring.Meta{Seq: 100, Key: true}, []byte{1})
		c.show(small, hurry)
		if hurry {
			c.supersede(newest + 1)
		}
		large.put(ring.Meta{Seq: 101}, []byte{2})
		small.put(ring.Meta{Seq: 500}, []byte{3})
		small.put(ring.Meta{Seq: 501, Key: true}, []byte{4})
		small.put(ring.Meta{Seq: 502}, []byte{5})
		want := []byte{1, 2, 4, 5}
		if hurry {
			want = []byte{1, 4, 5}
		}
		if !slices.Equal(got, want) {
			t.Errorf("in a hurry %t: got %v, want %v", hurry, got, want)
		}
		p, _ := c.find(newest)
		if p == nil {
			t.Fatalf("in a hurry %t: what goes now is not sent again", hurry)
		}
		p.Release()
		old, _ := c.find(newest - uint64(len(want)) + 1)
		if old != nil {
			old.Release()
		}
		if (old == nil) != hurry {
			t.Errorf("in a hurry %t: the old picture is there for repair: %t", hurry, old != nil)
		}
	}
}

// A packet is sent again once in most of a round trip, however often it is asked for.
func TestAgainOnceARoundTrip(t *testing.T) {
	t.Parallel()
	var a again
	sent := 0
	for now := int64(time.Hour); now < int64(time.Hour+time.Second); now += int64(10 * time.Millisecond) {
		if a.due(7, now, 270*time.Millisecond) {
			sent++
		}
	}
	if sent != 4 {
		t.Errorf("sent again %d times in a second, want one in 270 ms", sent)
	}
}

// A packet without RTX is sent again as it was, to the bit: it is sealed under the same nonce.
func TestM4_SoundIsSentAgainAsItWas(t *testing.T) {
	t.Parallel()
	w := &recorder{}
	s := newSlot(line{mid: "0", media: webrtc.RTPCodecTypeAudio}, SlotVoice, 0, &counters{}, newDownlink(time.Now, func() {}))
	s.bound.Store(&binding{writer: w, ssrc: 1, payload: 111, wide: 5})
	f := newAudioFeed(1)
	s.cut.show(f, false)
	f.attach(s.cut)
	for i := range uint64(2 * againKept) {
		f.put(ring.Meta{Seq: 65500 + i, TS: uint32(960 * i), Key: true}, []byte{byte(i), 2, 3})
	}
	first := len(w.sent)
	newest := uint16(s.newest.Load())
	for back := range uint16(againKept) {
		s.resend(newest-back, time.Now().UnixNano())
	}
	if again := len(w.sent) - first; again < againKept-8 {
		t.Fatalf("%d of %d packets were sent again", again, againKept)
	}
	for i, packet := range w.sent[first:] {
		if was := w.sent[first-1-i]; !bytes.Equal(packet, was) {
			t.Fatalf("packet %d back: sent %x, again %x", i, was, packet)
		}
	}
	before := len(w.sent)
	if s.resend(newest-againKept, time.Now().UnixNano()); len(w.sent) != before {
		t.Errorf("sent %x, whose number is not known any more", w.sent[before])
	}
}

// recorder keeps what is written to it, as it would be sealed.
type recorder struct{ sent [][]byte }

func (r *recorder) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	raw, err := (&rtp.Packet{Header: *h, Payload: payload}).Marshal()
	r.sent = append(r.sent, raw)
	return len(raw), err
}

func (r *recorder) Write(b []byte) (int, error) { return len(b), nil }

func TestSmallerLayer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from, to int
		want     bool
	}{{0, 1, true}, {1, 0, false}, {1, 1, false}, {2, layer.Off, true}, {layer.Off, 2, false}, {layer.Off, layer.Off, false}} {
		if got := layer.Smaller(tt.from, tt.to); got != tt.want {
			t.Errorf("from %d to %d: got %t", tt.from, tt.to, got)
		}
	}
}

// A slot that has sent nothing since its last report has nothing to report.
func TestReportsAreOfWhatWasSent(t *testing.T) {
	t.Parallel()
	f, w := testFeed(1), &nowhere{}
	s := newSlot(line{mid: "0", media: webrtc.RTPCodecTypeVideo}, SlotProgramme, 0, &counters{}, nil)
	s.bound.Store(&binding{writer: w, ssrc: 1})
	s.cut.show(f, false)
	f.attach(s.cut)
	now := time.Now().UnixNano()
	f.clock.start(9000, now)
	for i := range uint64(2) {
		f.put(ring.Meta{Seq: 100 + i, TS: 9000, Key: i == 0}, []byte{1})
		if s.report(now) == nil {
			t.Error("nothing is reported of what was sent")
		}
		if r := s.report(now); r != nil {
			t.Errorf("reported again: %v", r)
		}
	}
}
