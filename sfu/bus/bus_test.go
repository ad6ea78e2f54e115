package bus_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/internal/conference"
	"github.com/diemcau/diemcau/sfu/bus"
)

// fataler is what rapid and testing have in common.
type fataler interface{ Fatalf(string, ...any) }

// check is what must hold of the programme whatever happens. Whole: nothing was lost or
// reordered on the way, so nothing may be missing.
func check(t fataler, all []shown, whole bool) {
	if len(all) == 0 {
		return
	}
	// By number: runs of one source each, every frame from one source, rising timestamps.
	type numbered struct {
		shown
		seq int64
	}
	list := make([]numbered, len(all))
	last := int64(all[0].Seq)
	for i, s := range all {
		seq := last + int64(int16(s.Seq-uint16(last)))
		last = max(last, seq)
		list[i] = numbered{s, seq}
	}
	var current bus.Source
	for i, s := range all {
		if s.Cut {
			current = s.Source
			if !s.from.key {
				t.Fatalf("packet %d: cut to %v at a frame that is no keyframe", i, s.Source)
			}
			if s.from.index != 0 {
				t.Fatalf("packet %d: cut to %v at packet %d of the keyframe, want the first", i, s.Source, s.from.index)
			}
		}
		if s.Source != current || s.from.source != current {
			t.Fatalf("packet %d: of %v after the cut to %v", i, s.from.source, current)
		}
	}
	slices.SortStableFunc(list, func(x, y numbered) int { return int(x.seq - y.seq) })
	for i := 1; i < len(list); i++ {
		a, b := list[i-1], list[i]
		if a.seq == b.seq {
			t.Fatalf("sequence number %d was given twice: %v frame %d, %v frame %d", b.Seq, a.Source, a.from.frame, b.Source, b.from.frame)
		}
		step, in := b.seq-a.seq, int64(b.from.packet.Seq-a.from.packet.Seq)
		switch {
		case b.Cut && whole && step != 1:
			t.Fatalf("sequence number %d before a cut, %d after, want them contiguous", a.Seq, b.Seq)
		case !b.Cut && a.Source == b.Source && step != in:
			t.Fatalf("sequence number %d after %d where the source had a step of %d", b.Seq, a.Seq, in)
		case whole && step != 1:
			t.Fatalf("sequence number %d after %d though nothing was lost", b.Seq, a.Seq)
		}
		sameFrame := a.Source == b.Source && a.from.frame == b.from.frame && !b.Cut
		rise := int32(b.Timestamp - a.Timestamp)
		if sameFrame && rise != 0 || !sameFrame && rise <= 0 {
			t.Fatalf("timestamp %d (%v frame %d) after %d (%v frame %d)", b.Timestamp, b.Source, b.from.frame, a.Timestamp, a.Source, a.from.frame)
		}
		if whole && !sameFrame && !a.Marker {
			t.Fatalf("frame %d of %v was cut off before its end", a.from.frame, a.Source)
		}
	}
}

func TestTwoHundredTakes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := newBus()
		ids := []conference.VenueID{"main", "hall-1", "hall-2"}
		const until = 64 * time.Second
		var arrivals []sent
		for _, id := range ids {
			c := &camera{
				source:  single(id),
				seq:     rapid.Uint16Range(65_000, 65_535).Draw(t, "seq"),
				ts:      rapid.Uint32Range(1<<32-900_000, 1<<32-1).Draw(t, "ts"),
				delay:   time.Duration(rapid.IntRange(0, 150).Draw(t, "delay")) * time.Millisecond,
				frame:   time.Duration(rapid.IntRange(30, 50).Draw(t, "frame")) * time.Millisecond,
				packets: rapid.IntRange(1, 5).Draw(t, "packets"),
				every:   rapid.IntRange(5, 20).Draw(t, "every"),
			}
			arrivals = append(arrivals, c.film(time.Duration(rapid.IntRange(0, 500).Draw(t, "start"))*time.Millisecond, until)...)
		}
		var steps []step
		at := time.Second
		for range 200 {
			at += time.Duration(rapid.IntRange(1, 600).Draw(t, "wait")) * time.Millisecond
			steps = append(steps, take(at, rapid.SampledFrom(ids).Draw(t, "venue")))
		}
		all := run(b, arrivals, steps, until)
		check(t, all, true)
		final := steps[len(steps)-1]
		if got, want := onAirAt(all, until), final.venue; final.at < until-2*time.Second && got != want {
			t.Fatalf("got %q on air at the end, want %q", got, want)
		}
	})
}

func TestLossReorderingAndWraps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := newBus()
		ids := []conference.VenueID{"main", "hall-1", "hall-2"}
		const until = 12 * time.Second
		var arrivals []sent
		for _, id := range ids {
			c := newCamera(id)
			c.seq = rapid.Uint16().Draw(t, "seq")
			c.ts = rapid.Uint32().Draw(t, "ts")
			c.packets = rapid.IntRange(1, 6).Draw(t, "packets")
			lost := rapid.IntRange(0, 20).Draw(t, "percent lost")
			jitter := rapid.IntRange(0, 120).Draw(t, "jitter")
			seed := rapid.Uint32().Draw(t, "seed")
			for _, s := range c.film(0, until) {
				seed = seed*1664525 + 1013904223
				if int(seed>>16)%100 < lost {
					continue
				}
				seed = seed*1664525 + 1013904223
				if late := int(seed>>16) % 10; late == 0 && jitter > 0 {
					s.arrival += time.Duration(int(seed>>20)%jitter) * time.Millisecond
				}
				arrivals = append(arrivals, s)
				if seed>>28 == 0 {
					s.arrival += 5 * time.Millisecond
					arrivals = append(arrivals, s) // doubled on the way
				}
			}
		}
		var steps []step
		for at := time.Second; at < until; at += time.Duration(rapid.IntRange(100, 2000).Draw(t, "wait")) * time.Millisecond {
			steps = append(steps, take(at, rapid.SampledFrom(ids).Draw(t, "venue")))
		}
		all := run(b, arrivals, steps, until)
		if len(all) == 0 {
			t.Fatalf("nothing was shown")
		}
		check(t, all, false)
	})
}

// Frames that come late, all of them after the next one, stand between their neighbours in
// order, also while the programme squeezes the time between frames to get back to its clock.
func TestP1_LateFramesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	b := newBus()
	camera := newCamera("main")
	all := camera.film(0, 3*time.Second)
	for i := range all {
		s := &all[i]
		captured := time.Duration(s.frame) * camera.frame
		if s.frame >= 10 {
			captured -= time.Second // the venue's clock was set: the programme is ahead now
		}
		s.packet.Captured = epoch.Add(captured)
		if s.frame >= 32 && s.frame < 36 {
			s.arrival += 6 * camera.frame
		}
	}
	shown := run(b, all, nil, 3*time.Second)
	if len(shown) < len(all)-10 {
		t.Fatalf("%d of %d packets are in the programme", len(shown), len(all))
	}
	check(t, shown, false)
}

// A cut waits for a frame on air that is late, as by a repair, but not for one whose end
// never comes.
func TestP1_ACutWaitsForTheFrameOnAir(t *testing.T) {
	t.Parallel()
	for _, late := range []time.Duration{0, 100 * time.Millisecond, time.Second} {
		b := newBus()
		all := newCamera("main").film(0, 1010*time.Millisecond) // the last frame begins at 990 ms, as the hall's keyframe
		all[len(all)-1].arrival += late
		all = append(all, newCamera("hall-1").film(0, 2*time.Second)...)
		shown := run(b, all, []step{take(980*time.Millisecond, "hall-1")}, 2*time.Second)
		check(t, shown, late <= 100*time.Millisecond)
		if at := 1010*time.Millisecond + bus.FrameFor + 20*time.Millisecond; onAirAt(shown, at) != "hall-1" {
			t.Errorf("late by %v: the programme has not cut by %v", late, at)
		}
	}
}

// A venue whose sound the mixer puts back has its pictures put back as far, before long, and
// the timestamps rise all the time.
func TestP2_PicturesAreAsLateAsTheirSound(t *testing.T) {
	t.Parallel()
	const lag, from = 120 * time.Millisecond, 2 * time.Second
	b := newBus()
	shown := run(b, newCamera("main").film(0, 6*time.Second), []step{
		{at: from, do: func(b *bus.Bus, _ time.Time) { b.Lag("main", lag) }},
		{at: from + 2*time.Second, do: func(b *bus.Bus, _ time.Time) { b.Lag("main", 0) }},
	}, 6*time.Second)
	check(t, shown, true)
	for _, s := range shown {
		captured := time.Duration(s.from.frame) * 33 * time.Millisecond
		off := time.Duration(int32(s.Timestamp-b.VideoTime(epoch.Add(captured)))) * time.Second / bus.VideoRate
		off -= 20 * time.Millisecond // the way
		want := time.Duration(0)
		switch {
		case captured > from+time.Second && captured < from+1900*time.Millisecond:
			want = lag
		case captured > from-50*time.Millisecond && captured < from+3*time.Second:
			continue // on its way
		}
		if d := (off - want).Abs(); d > 5*time.Millisecond {
			t.Fatalf("the picture of %v stands at %v from its time, want %v", captured, off, want)
		}
	}
}
