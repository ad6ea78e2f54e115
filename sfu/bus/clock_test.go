package bus_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/diemcau/diemcau/sfu/bus"
)

// ntp is a wall clock in NTP format.
func ntp(t time.Duration) uint64 {
	return uint64(t/time.Second)<<32 | uint64(t%time.Second)<<32/uint64(time.Second)
}

// TestPictureAndSoundStayTogether: whatever the way does to either, what was captured
// at one moment is placed at one moment.
func TestPictureAndSoundStayTogether(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c bus.Clock
		wall := time.Duration(rapid.Int64Range(0, int64(100*365*24*time.Hour)).Draw(t, "wall"))
		video, audio := rapid.Uint32().Draw(t, "video"), rapid.Uint32().Draw(t, "audio")
		slow := time.Duration(rapid.IntRange(0, 300).Draw(t, "picture later")) * time.Millisecond
		jitter := rapid.IntRange(1, 80).Draw(t, "jitter")
		var v, a time.Duration
		for i := range 500 {
			at := time.Duration(i) * 20 * time.Millisecond
			vts := video + uint32(at*bus.VideoRate/time.Second)
			ats := audio + uint32(at*bus.AudioRate/time.Second)
			if i%50 == 0 {
				c.Report(bus.Video(0), ntp(wall+at), vts)
				c.Report(bus.Audio, ntp(wall+at), ats)
			}
			late := time.Duration(i*7919%jitter) * time.Millisecond
			v = c.Observe(bus.Video(0), vts, at+slow+late)
			a = c.Observe(bus.Audio, ats, at+late)
			if v > at+slow+late || a > at+late {
				t.Fatalf("frame %d is placed after it arrived", i)
			}
		}
		if d := (v - a).Abs(); d > time.Millisecond {
			t.Fatalf("got picture and sound %v apart, want together", d)
		}
	})
}

// Another node's pictures may be stamped up to 300 ms before they were there: its sound is
// placed as it comes, whichever was there first, and the pictures beside it.
func TestP7_TheSoundOfAnotherNodeLeads(t *testing.T) {
	t.Parallel()
	for _, first := range []bus.Medium{bus.Audio, bus.Video(0)} {
		c := bus.Clock{BySound: true}
		for i := range 1000 {
			at := time.Duration(i) * 20 * time.Millisecond
			late := time.Duration(i*7919%30) * time.Millisecond
			ahead := time.Duration(i%300) * time.Millisecond
			if i%50 == 0 && (first == bus.Video(0) || i > 0) {
				c.Report(bus.Video(0), ntp(time.Hour+at), uint32(at*bus.VideoRate/time.Second))
			}
			if i%50 == 0 && (first == bus.Audio || i > 0) {
				c.Report(bus.Audio, ntp(time.Hour+at), uint32(at*bus.AudioRate/time.Second))
			}
			v := c.Observe(bus.Video(0), uint32((at+ahead)*bus.VideoRate/time.Second), at+late)
			a := c.Observe(bus.Audio, uint32(at*bus.AudioRate/time.Second), at+late)
			if i < 100 { // the quickest has not come
				continue
			}
			if a > at+2*time.Millisecond || a < at-2*time.Millisecond {
				t.Fatalf("frame %d: the sound of %v is placed at %v", i, at, a)
			}
			if d := v - a - ahead; d.Abs() > time.Millisecond {
				t.Fatalf("frame %d: the picture is placed %v from its sound, want %v", i, v-a, ahead)
			}
		}
	}
}

func TestClockWithoutReports(t *testing.T) {
	t.Parallel()
	var c bus.Clock
	for i := range 300 {
		at := time.Duration(i) * 33 * time.Millisecond
		late := time.Duration(i%5) * 10 * time.Millisecond
		got := c.Observe(bus.Video(0), uint32(1<<32-100)+uint32(at*bus.VideoRate/time.Second), at+late)
		if d := (got - at).Abs(); i > 5 && d > 2*time.Millisecond {
			t.Fatalf("frame %d: got %v off, want it placed by the quickest packet", i, d)
		}
	}
}

func TestClockFollowsAClockThatIsSet(t *testing.T) {
	t.Parallel()
	var c bus.Clock
	wall := 1000 * time.Hour
	var got, at time.Duration
	for i := range 200 {
		at = time.Duration(i) * 33 * time.Millisecond
		if i == 100 {
			wall -= time.Hour
		}
		ts := uint32(at * bus.VideoRate / time.Second)
		if i%30 == 0 || i == 100 {
			c.Report(bus.Video(0), ntp(wall+at), ts)
		}
		got = c.Observe(bus.Video(0), ts, at)
	}
	if d := (got - at).Abs(); d > 2*time.Millisecond {
		t.Errorf("got %v off after the venue's clock was set back an hour, want none", d)
	}
}
