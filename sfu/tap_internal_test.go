package sfu

import (
	"testing"
	"time"

	"github.com/diemcau/diemcau/sfu/h264"
	"github.com/diemcau/diemcau/sfu/ring"
)

// A packet that is being repaired is waited for, one that never comes is not for long, and
// a reader that was overtaken goes on with what is there.
func TestTapWaitsForRepairs(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_666_918_800, 0)
	r := &reader{feed: newVideoFeed(1, 64)}
	put := func(seqs ...uint64) {
		for _, seq := range seqs {
			r.feed.put(ring.Meta{Seq: seq}, []byte{1})
		}
	}
	var got []uint64
	read := func(after time.Duration, want ...uint64) {
		t.Helper()
		now = now.Add(after)
		got = got[:0]
		r.read(now, func(p *ring.Packet) { got = append(got, p.Seq) })
		if len(got) != len(want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("got %v, want %v", got, want)
			}
		}
	}
	read(0)
	put(10)
	read(0, 10)
	put(11, 13)
	read(0, 11)
	read(400 * time.Millisecond) // 12 may still come
	put(12)
	read(0, 12, 13)
	put(14, 17, 18)
	read(0, 14)
	read(501*time.Millisecond, 17, 18)
	for seq := uint64(20); seq < 60; seq++ { // 19 is lost in a stream that does not wait
		put(seq)
	}
	read(0, sequence(20, 60)...)
	for seq := uint64(60); seq < 200; seq++ {
		put(seq)
	}
	read(0, sequence(168, 200)...)
}

func sequence(from, to uint64) []uint64 {
	var all []uint64
	for ; from < to; from++ {
		all = append(all, from)
	}
	return all
}

// What is lost for good costs the pictures until a keyframe, which is asked for.
func TestTapAsksForAKeyframeAfterALoss(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_666_918_800, 0)
	p, err := newProgramme("main", &feedIDs{}, Config{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	plane := &Plane{programme: p}
	tap, err := plane.Tap()
	if err != nil {
		t.Fatal(err)
	}
	var asked int
	p.pictures()[0].keys.send = func() { asked++ }
	put := func(seq uint64, payload ...byte) {
		p.pictures()[0].put(ring.Meta{Seq: seq, TS: uint32(seq), Marker: true, Capture: int64(seq) * 1e9}, payload)
	}
	sets := []byte{0x78, 0, 5, 0x67, 0x42, 0xe0, 0x1f, 0x8c, 0, 4, 0x68, 0xce, 0x3c, 0x80, 0, 3, 0x65, 0x88, 0x84}
	slice := []byte{0x41, 0x9a, 2}
	var units []h264.Unit
	read := func(want int) {
		t.Helper()
		units = units[:0]
		tap.Read(func(_ int, u h264.Unit) { units = append(units, u) }, func(int64, []byte) {})
		if len(units) != want {
			t.Fatalf("got %d pictures, want %d", len(units), want)
		}
	}
	put(1, sets...)
	read(1)
	put(2, slice...)
	put(4, slice...)
	read(1)
	if asked != 0 {
		t.Error("a keyframe was asked for though the packet may still come")
	}
	now = now.Add(time.Second)
	read(0)
	if asked != 1 {
		t.Errorf("asked %d times after the loss, want once", asked)
	}
	put(5, slice...)
	put(6, sets...)
	put(7, slice...)
	read(2)
	if !units[0].Key || units[0].Capture != 6e9 {
		t.Errorf("got %+v first, want the keyframe", units[0])
	}
	if !p.awake.Load() || p.taps.Load() != 1 {
		t.Error("the programme sleeps though it is read")
	}
	if tap.Close(); p.taps.Load() != 0 {
		t.Error("the tap was not closed")
	}
}
